"""What was done for each item of the handout, and where that departs from it."""

import json
from pathlib import Path

import pytest

from pw13.report.handout import compliance
from pw13.report.run_selection import select_runs
from pw13.report.sections.answers import prepared_answers
from pw13.system import files
from tests.helpers.disks import FaultyDisk
from tests.helpers.report_runs import BUILTIN, IMAGES, NAMES, RESULT, build, make_run, make_sweep, train_further

PLAIN = {**NAMES, "counts": {"names": 600, "training": 600}}


def rows(runs, names=8, **options):
    made = build(runs, *[path.name for path in runs.iterdir()], **options)
    selection = select_runs([path.name for path in runs.iterdir()], runs)
    return {row.key: row for row in compliance(made.items, selection, names)}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs"


def test_epochs_are_those_that_were_trained(folder):
    make_run(folder, "charrnn", 0, epochs=150, patience=5, metrics={"epochs": 35})
    make_run(folder, "charrnn", 1, epochs=150, patience=5, seed=1, metrics={"epochs": 41})
    make_run(folder, "charrnn", 2, epochs=10, patience=5, metrics={"epochs": 10})
    made = rows(folder)
    assert made["2f"].done.endswith(" epochs (of at most 150, patience 5), batches of 128")
    assert made["2g"].done == "epochs 10, 35 to 41 (of at most 150); units 64; 8 names chosen"


def test_a_run_to_the_letter_has_no_departures(folder):
    make_run(folder, "dense-ae", 0)
    make_run(folder, "dense-ae", 1, code_size=16)
    make_run(folder, "conv-dae", 2)
    make_run(folder, "charrnn", 3, data=PLAIN)
    made = rows(folder)
    for key in ("1a", "1b", "1c", "1e", "conv-c", "conv-d", "2b", "2c", "2d", "2e", "2f"):
        assert (made[key].status, made[key].departures) == ("complete", ()), key
    assert made["1a"].done == "32 values; compared: 16, 32"
    assert made["conv-d"].done == "Adam, 20 epochs, batches of 128, MSE"


def test_one_command_settles_all_departures_of_a_run(folder):
    make_run(folder, "dense-ae", 0, activation="relu", limit=500, epochs=2)
    make_run(folder, "svm-eval", 1, limit=100)
    make_run(folder, "conv-dae", 2, batch_size=32, epochs=3)
    make_run(folder, "charrnn", 3, length=12, units=32, epochs=2, cell="simple")
    found = rows(folder, names=3)
    made = {key: [tuple(each) for each in row.departures] for key, row in found.items()}
    assert made["1b"] == [("activation of the code relu instead of linear", "pw13 train-dense-ae")]
    assert made["1d"] == [
        ("at most 500 training images; 2 epochs instead of the default 150", "pw13 train-dense-ae"),
        ("notMNIST with 10,440 training images, not the published 60,000", "–"),
    ]
    assert ("at most 100 training images", "pw13 svm-eval") in made["1g"]
    both = "batch size 32 instead of 128; 3 epochs instead of the default 20"
    assert made["conv-d"] == [(both, "pw13 train-conv-dae")]
    held_out = "60 of 600 names are held out to measure with, not trained on"
    assert made["2c"] == [(held_out, "pw13 train-charrnn --hold-out 0")]
    assert made["2d"] == [("length 12 instead of 10", "pw13 train-charrnn")]
    assert made["2e"] == [("units 32 instead of 64", "pw13 train-charrnn")]
    assert made["2f"] == [("2 epochs instead of the default 10", "pw13 train-charrnn")]
    assert made["2g"][-1] == ("3 names chosen instead of 5 to 10", "pw13 report --names FILE")
    assert {found[key].status for key in ("1b", "1d", "conv-d", "2c", "2d", "2e", "2f")} == {"with departures"}


def test_built_in_data_are_a_departure(folder):
    run = make_run(folder, "dense-ae", 0, data=BUILTIN, epochs=2, code_size=16)
    config = run / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), "data": "builtin"}), "utf-8")
    made = rows(folder)
    assert made["1d"].departures == (
        (
            "built-in letters (rendered) instead of notMNIST; 2 epochs instead of the default 150",
            "pw13 data fetch notmnist, then: pw13 train-dense-ae --code-size 16",
        ),
    )
    # to compare with, on the same data whatever is fetched later
    assert made["1a"].departures[0].command == "pw13 train-dense-ae --epochs 2 --data builtin"


def test_an_evaluation_without_codes_says_what_it_was_of(folder):
    results = [{**RESULT, "features": name, "size": size, "run": None, "accuracy": 0.9} for name, size in
               (("pixels", 784), ("pca", 32))]  # fmt: skip
    make_run(folder, "svm-eval", metrics={"results": results, "mcnemar": []})
    made = rows(folder)["1g"]
    assert made.status == "partly missing"
    assert made.done == "kernel both, tuned by cross-validation, on pixels and PCA codes"
    without = "No codes of the dense autoencoder were evaluated."
    assert made.departures[0] == (without, "pw13 train-dense-ae, then: pw13 svm-eval")
    make_run(folder, "dense-ae", 1)
    assert rows(folder)["1g"].departures[0] == (without, "pw13 svm-eval")
    make_run(folder, "svm-eval", 2)
    made = rows(folder)["1g"]
    assert (made.status, made.done) == ("complete", "kernel both, tuned by cross-validation, on pixels and codes")


def test_other_data_than_the_published_are_a_departure(folder):
    letters = {**IMAGES, "name": "letters (folder)", "sha256": "d" * 64, "notes": []}
    first_names = {**PLAIN, "name": "makemore's first names (known by sha256)", "sha256": "e" * 64}
    for second, (kind, data) in enumerate((("dense-ae", letters), ("conv-dae", letters), ("charrnn", first_names))):
        config = make_run(folder, kind, second, data=data) / "config.json"
        key = "corpus" if kind == "charrnn" else "data"
        config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), key: "/elsewhere"}), "utf-8")
    made = rows(folder)
    assert made["1d"].departures == (
        ("letters (folder) instead of notMNIST", "pw13 data fetch notmnist, then: pw13 train-dense-ae"),
    )
    assert made["2b"].departures == (
        (f"{first_names['name']} instead of the course's names", "pw13 data fetch names, then: pw13 train-charrnn"),
    )
    assert {made[key].status for key in ("1d", "2b")} == {"with departures"}
    assert made["conv-d"].status == "complete"  # said at the dense autoencoder, on the same images


def test_other_images_of_the_denoiser_alone_are_its_departure(folder):
    make_run(folder, "dense-ae", 0)
    make_run(folder, "conv-dae", 1, data={**IMAGES, "name": "mine", "sha256": "d" * 64, "notes": []})
    made = rows(folder)
    assert made["conv-d"].departures == (
        ("mine instead of notMNIST", "pw13 data fetch notmnist, then: pw13 train-conv-dae"),
    )
    assert "instead of" not in str(made["1d"].departures)


def test_a_start_from_another_network_is_a_departure(folder):
    start = make_run(folder.parent / "elsewhere", "charrnn", 0)
    train_further(make_run(folder, "charrnn", 1, data=PLAIN, units=32), start)
    made = rows(folder)
    assert made["2f"].departures == ((f"trained further from the network of {start.name}", "pw13 train-charrnn"),)
    assert made["2e"].departures == (("units 32 instead of 64", "pw13 train-charrnn"),)


def test_what_points_of_a_sweep_do_not_measure_is_not_done(folder):
    make_sweep(folder, "dense-ae", 0, {})
    make_sweep(folder, "conv-dae", 10, {})
    made = rows(folder)
    assert [(made[key].status, made[key].done) for key in ("1f", "conv-b")] == [("missing", "–")] * 2
    assert (made["conv-e"].status, made["conv-e"].done) == ("partly missing", "figure and PSNR of test images")


def test_the_baselines_of_the_denoiser_are_those_that_it_was_compared_with(folder):
    make_run(folder, "conv-dae", 0)
    assert rows(folder)["conv-e"].done == "figure and PSNR of test images, against filters and a linear denoiser"
    make_run(folder, "conv-dae", 1, metrics={"baselines": {"median": {"psnr_db": 13.5}, "linear": None}})
    assert rows(folder)["conv-e"].done == "figure and PSNR of test images, against filters"


def test_what_no_run_provides_is_missing(folder):
    make_run(folder, "dense-ae")
    made = rows(folder)
    assert (made["1a"].status, made["1g"].status, made["1e"].status) == ("partly missing", "missing", "complete")
    assert made["1g"].done == "–"
    assert made["conv-b"].status == made["2b"].status == "missing"
    assert made["1g"].departures == (("No evaluation of SVMs.", "pw13 svm-eval"),)


def test_optional_items_are_those_of_the_rnn(folder):
    make_run(folder, "charrnn", 0)
    made = rows(folder)
    assert [(made[key].status, made[key].done) for key in ("m2m", "cells")] == [("missing", "–")] * 2
    make_run(folder, "charrnn", 1, cell="gru")
    make_run(folder, "charrnn", 2, target="many-to-many")
    made = rows(folder)
    assert (made["m2m"].status, made["m2m"].done) == ("complete", "same settings, targets shifted by one character")
    assert (made["cells"].status, made["cells"].done) == ("partly missing", "GRU")


def test_questions_are_answered_by_oneself_by_pw13_or_not_yet(folder):
    make_run(folder, "dense-ae")
    made = rows(folder, answers={"3a": prepared_answers()["3a"]}, comments={"3b": "Mine."})
    assert [made[key].done for key in ("3a", "3b", "3c")] == ["prepared answer", "own answer", "–"]
    assert made["3c"].status == "to answer"


def test_the_command_prints_the_list(pw13, runs):
    code, out, _ = pw13("report", "--handout")
    assert code == 0 and "conv d" in out and "partly missing" in out
    assert "2c: 60 of 600 names are held out" in out and ".; settled by" not in out
    listed = json.loads(pw13("report", "--handout", "--json")[1])["items"]
    assert len(listed) == 24 and listed[0]["key"] == "1a" and not (runs.parent / "report").exists()


def test_a_template_that_the_disk_has_no_room_for_can_be_written_again(pw13, monkeypatch):
    for operation in ("write", "rename"):
        with monkeypatch.context() as full:
            full.setattr(files, "file_ops", FaultyDisk(operation, 1, OSError(28, "No space left on device")))
            code, _, err = pw13("report", "--template", "mine.toml")
        assert code == 1 and "--template mine.toml: cannot be written: No space left" in err
        assert list(Path().iterdir()) == []
    assert pw13("report", "--template", "mine.toml")[0] == 0


def test_the_command_writes_a_template_once(pw13, tmp_path):
    assert pw13("report", "--template", "mine.toml")[0] == 0
    assert "conv-b" in (tmp_path / "mine.toml").read_text("utf-8")
    code, _, err = pw13("report", "--template", "mine.toml")
    assert code == 1 and "--template mine.toml: already exists" in err
