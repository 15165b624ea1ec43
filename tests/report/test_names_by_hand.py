"""Names selected by hand."""

import json
import math

import pytest

from pw13.errors import UserError
from pw13.inference.name_generator import load_generator
from pw13.models import charrnn_numpy
from pw13.report.name_selection import select_names
from pw13.report.names_by_hand import mean_log_probability, names_from_file, recorded_samples
from pw13.report.run_selection import select_runs
from pw13.runs.record import read_run
from pw13.system import files
from tests.helpers import charrnn_run
from tests.helpers.report_runs import build, items, texts


def test_names_of_a_file_say_which_run_sampled_them(runs, tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("Acme #1 *Labs*\r\n\nQuontoras\n", "utf-8", newline="")
    selected = names_from_file(path, select_runs([], runs).of_kind("charrnn"))
    item = items(build(runs, selected=selected))["2g"]
    assert "Selected by hand, from names.txt. Sampled by: the runs of this report" in texts(item)
    table = item.blocks[-1]
    assert table.columns == ("name", "sampled by", "ln p", "nearest known name", "similarity")
    assert table.rows == (
        ("Acme #1 *Labs*", "2026-11-24_10-00-03_charrnn", "–", "–", "–"),  # the run has no model
        ("Quontoras", "no run", "–", "–", "–"),
    )


def test_samples_are_those_of_the_epochs_and_of_each_temperature(runs):
    folder = runs / "2026-11-24_10-00-03_charrnn"
    (folder / "samples.txt").write_text("epoch 1\n  0.5: Ada | Bob\n  1.2: C: D\n", "utf-8")
    recorded = set(recorded_samples(read_run(folder)))
    assert {"Ada", "Bob", "C: D", "Zimble", "Acme #1 *Labs*"} <= recorded


def test_the_likelihood_is_that_of_the_network(tmp_path):
    generator = load_generator(read_run(charrnn_run.make_run(tmp_path / charrnn_run.NAME)))
    one_ending = generator.vocab_file._replace(endings=("abcdefgha\n",))
    generator = generator._replace(vocab_file=one_ending)
    ids = charrnn_run.VOCAB.encode("abcdefgha\nbad\n")
    expected = 0.0
    for position in range(10, 14):
        window = ids[position - 10 : position][None].astype(int)
        logits = charrnn_numpy.logits(generator.network, charrnn_numpy.feed_text(generator.network, window))[0]
        expected += logits[ids[position]] - math.log(sum(math.exp(logit) for logit in logits))
    assert mean_log_probability(generator, "bad") == pytest.approx(expected / 4, rel=1e-5)
    assert mean_log_probability(generator, "bad!") is None


def test_a_file_without_names_is_refused(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text("\n", "utf-8")
    with pytest.raises(UserError, match=r"--names .*names\.txt: contains no names; expected one per line"):
        names_from_file(path, [])
    with pytest.raises(UserError, match=r"--names .*none\.txt: cannot be read: No such file"):
        names_from_file(tmp_path / "none.txt", [])


def test_the_network_of_another_corpus_is_not_the_best_one_by_its_lower_loss(tmp_path):
    runs = []
    for name, sha256, loss in (("companies", "0", 1.7), ("better", "0", 1.6), ("first names", "1", 1.2)):
        folder = charrnn_run.make_run(tmp_path / name)
        facts = json.loads((folder / "run.json").read_text("utf-8"))
        files.write_json(folder / "run.json", {**facts, "data": {**facts["data"], "sha256": sha256}})
        files.write_json(folder / "metrics.json", {"val_nats": loss})
        runs.append(read_run(folder))
    path = tmp_path / "names.txt"
    path.write_text("bad\n", "utf-8")
    for base, best in ((runs[0], "better"), (runs[2], "first names"), (None, "first names")):
        assert names_from_file(path, runs, base).run == best
        assert select_names(runs, base).run == best
