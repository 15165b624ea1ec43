"""`train-charrnn --init-from`: a trained network goes on with another corpus."""

import json
import shutil

import numpy as np
import pytest

from pw13.data.names import vocabulary, windows
from pw13.models import charrnn_numpy, keras_archive
from tests.helpers import charrnn_run
from tests.helpers.data import make_names
from tests.helpers.runs import load_json
from tests.helpers.tensorflow import start_tensorflow

FLAGS = ("--units", 4, "--learning-rate", 1e-6, "--batch-size", 256)


@pytest.fixture
def source(tmp_path):
    """Write a trained run over the newline and the letters a to h."""
    return charrnn_run.make_run(tmp_path / "source" / charrnn_run.NAME)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "names.txt"
    path.write_text(windows.join(make_names(60)), encoding="utf-8", newline="")
    return path


def weights_of(run, name):
    vocab = vocabulary.from_data(load_json(run / "vocabulary.json"), path="v").vocabulary
    specs = charrnn_numpy.weight_specs("simple", 4, 1, vocab.size)
    return vocab, keras_archive.read_weights(run / "checkpoints" / f"{name}.keras", specs)


def train(pw13, source, corpus, runs, *arguments):
    code, _, err = pw13(
        "train-charrnn", "--init-from", source, "--corpus", corpus, *FLAGS, "--runs-dir", runs, *arguments
    )
    assert code == 0, err
    (run,) = runs.glob("*_charrnn")
    return run, err


def test_a_network_goes_on_over_the_union_of_both_vocabularies_and_resumes_without_its_source(
    pw13, source, corpus, tmp_path
):
    uninterrupted, err = train(pw13, source, corpus, tmp_path / "one", "--epochs", 2)
    vocab, weights = weights_of(uninterrupted, "best")
    added = sorted(set(windows.join(make_names(60))) - set(charrnn_run.VOCAB.characters))
    assert set(vocab.characters) == {*charrnn_run.VOCAB.characters, *added}
    assert load_json(uninterrupted / "run.json")["init_from"] == {
        "run": str(source), "characters": 9, "new_characters": added,
    }  # fmt: skip
    assert f"starting from {source}: 9 characters, {len(added)} new ones" in err
    assert load_json(uninterrupted / "metrics.json")["corpus"]["distinct"] == len(set(windows.join(make_names(60))))
    trained = list(charrnn_run.ARRAYS.values())
    ids = [vocab.char_to_id[character] for character in charrnn_run.VOCAB.characters]
    for found, expected in zip(
        (weights[0][ids], *weights[1:-2], weights[-2][:, ids], weights[-1][ids]), trained, strict=True
    ):
        assert found == pytest.approx(expected, abs=1e-4)  # the learning rate is tiny
    new = [vocab.char_to_id[character] for character in added]
    assert (np.abs(weights[0][new]).max(axis=1) > 0.01).all()  # drawn
    assert weights[-1][new] == pytest.approx(0, abs=1e-4)

    resumed, _ = train(pw13, source, corpus, tmp_path / "two", "--epochs", 1)
    shutil.rmtree(source)
    code, _, err = pw13("resume", resumed, "--epochs", 2)
    assert code == 0, err
    for name in ("best", "model"):
        pairs = zip(weights_of(uninterrupted, name)[1], weights_of(resumed, name)[1], strict=True)
        assert all(np.array_equal(one, other) for one, other in pairs)


def test_settings_that_must_agree_are_refused_before_a_run(pw13, source, corpus, tmp_path):
    code, out, err = pw13(
        "train-charrnn", "--init-from", source, "--corpus", corpus, "--runs-dir", tmp_path / "runs", "--cell", "gru"
    )
    assert (code, out) == (2, "")
    assert err == (
        f"pw13: --init-from {source.name}: expected --cell simple --units 4, as in that run, received --cell gru "
        "--units 64\n"
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda run: shutil.rmtree(run), "no run matching"),
        (lambda run: (run / "checkpoints" / "best.keras").unlink(), "best.keras: missing"),
        (lambda run: (run / "config.json").write_text(json.dumps({"kind": "dense-ae"})), "expected a charrnn run"),
    ],
)
def test_a_run_that_cannot_be_started_from_is_refused(pw13, source, corpus, tmp_path, break_it, message):
    break_it(source)
    code, out, err = pw13(
        "train-charrnn", "--init-from", source, "--corpus", corpus, "--runs-dir", tmp_path / "runs", *FLAGS
    )
    assert (code, out) == (1, "")
    assert message in err and err.count("\n") == 1
    assert not list((tmp_path / "runs").glob("*"))


def test_a_sweep_does_not_take_it(pw13, source):
    code, out, err = pw13("sweep", "charrnn", "--grid", "units=4", "--init-from", source)
    assert (code, out) == (2, "") and "--init-from" in err and err.count("\n") == 1


def test_a_corrupt_copy_of_the_weights_is_refused(tmp_path):
    start_tensorflow()
    from pw13.config import CharRNN
    from pw13.errors import UserError
    from pw13.experiments.charrnn_start import load_start
    from pw13.runs.folder import Run

    (tmp_path / "checkpoints").mkdir()
    for content, message in ((b"x", "cannot read"), (None, "not the weights of the model")):
        path = tmp_path / "checkpoints" / "init.npz"
        if content is None:
            np.savez(path, characters=np.array([10, 97], np.uint32))
        else:
            path.write_bytes(content)
        with pytest.raises(UserError, match=message):
            load_start(Run(tmp_path), "/nowhere", CharRNN())
