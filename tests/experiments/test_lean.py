"""What a sweep's point leaves: weights and errors of the same single run; its figures are drawn later."""

import dataclasses
import json
import weakref
from collections import OrderedDict

import pytest

from pw13 import experiments
from pw13.config import fields
from pw13.config.settings import CharRNN, ConvDAE, DenseAE
from pw13.errors import UserError
from pw13.runs.opening import create_run
from pw13.runs.record import read_run
from pw13.training import resume_state
from tests.helpers.tensorflow import start_tensorflow

TIMES = {"seconds", "train_seconds", "throughput_per_second", "epoch_seconds"}
SETTINGS = {
    "dense-ae": DenseAE(code_size=4, epochs=2, seed=3, learning_rate=0.01),
    "conv-dae": ConvDAE(epochs=1, limit=40, batch_size=20, seed=3, learning_rate=0.01),
    "charrnn": CharRNN(units=8, epochs=2, seed=3, learning_rate=0.01, schedule="cosine"),
}
LEFT_OUT = {
    "dense-ae": {"compression", "rate_distortion"},
    "conv-dae": {"baselines", "by_noise", "code_values", "code_bytes_entropy", "png_bytes"},
    "charrnn": {"names", "by_temperature", "real_names"},
}


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    start_tensorflow()


def train(kind, settings, paths, folder, **options):
    """Run an experiment; return its run folder as read."""
    run = create_run(folder, kind, {**fields.as_dict(settings), **paths})
    experiments.run_experiment(kind, settings, run=run, **paths, **options)
    return read_run(run.folder)


def weights(record) -> dict[str, bytes]:
    state = resume_state.load(record.folder / "checkpoints")
    return {name: array.tobytes() for name, array in state.arrays.items()}


def figures(record) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (record.folder / "figures").iterdir()}


@pytest.fixture(scope="module", params=list(SETTINGS))
def runs(request, data, corpus, tmp_path_factory):
    """Train a single run and, after another point of the same sweep, a lean one."""
    from pw13.training import chunk

    kind, folder = request.param, tmp_path_factory.mktemp("runs")
    settings = SETTINGS[kind]
    paths = {"corpus": str(corpus)} if kind == "charrnn" else {"data": str(data)}
    single = train(kind, settings, paths, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk, "_make_chunk", None)  # one function for all of them
        other = type(settings)(**{**fields.as_dict(settings), "seed": 4, "learning_rate": 0.02})
        train(kind, other, paths, folder, lean=True)
        lean = train(kind, settings, paths, folder, lean=True)
    return kind, single, lean


def test_weights_and_errors_are_those_of_the_single_run(runs):
    kind, single, lean = runs
    assert weights(lean) == weights(single)
    assert lean.metrics.keys() == single.metrics.keys()
    assert {name for name, value in lean.metrics.items() if value is None} >= LEFT_OUT[kind]
    same = single.metrics.keys() - TIMES - {name for name, value in lean.metrics.items() if value is None}
    same -= {"ngram", "mixture"}  # have measures of names
    assert {name: lean.metrics[name] for name in same} == {name: single.metrics[name] for name in same}
    if kind == "charrnn":
        expected = {**single.metrics["mixture"], "names": None, "by_temperature": None}
        assert lean.metrics["mixture"] == expected
    assert {"val_nats" if kind == "charrnn" else "val_mse", "epochs", "parameters"} <= same


def test_training_sets_that_are_no_longer_used_do_not_stay_in_memory(data, tmp_path, monkeypatch):
    from pw13.experiments import conv_dae
    from pw13.training import shared

    monkeypatch.setattr(shared, "_kept", OrderedDict())
    monkeypatch.setattr(shared, "MAX_BYTES", 1)  # one training set at a time, as of large ones
    tensors = []

    def as_tensor(array):
        tensors.append(weakref.ref(tensor := tensor_of(array)))
        return tensor

    tensor_of = conv_dae.as_tensor
    monkeypatch.setattr(conv_dae, "as_tensor", as_tensor)
    for seed in (1, 2):  # another seed is another fixed noise
        settings = dataclasses.replace(SETTINGS["conv-dae"], fixed_noise=True, seed=seed)
        train("conv-dae", settings, {"data": str(data)}, tmp_path, lean=True)
    assert [tensor() is None for tensor in tensors] == [True] * 4 + [False] * 4


def test_figures_are_drawn_later_with_the_same_bytes(runs, pw13):
    _, single, lean = runs
    assert not (lean.folder / "figures").exists() and not (lean.folder / "samples.txt").exists()
    code, out, _ = pw13("runs", "figures", lean.folder, "--json")
    assert code == 0
    assert figures(lean) == figures(single)
    assert len(json.loads(out)["figures"][lean.name]) == sum(name.endswith(".png") for name in figures(single))


def test_figures_are_drawn_whatever_the_threads_of_the_training(runs):
    _, single, _ = runs  # trained with two threads, as TensorFlow runs here
    other = dataclasses.replace(single, config={**single.config, "threads": 1})
    assert next(iter(experiments.redraw_figures(other)))


@pytest.mark.parametrize("content", [None, "epoch,loss,val_loss\n1,0.5\n", "epoch,loss\n1,0.5\n"])
def test_a_run_without_its_history_has_no_figures(pw13, tmp_path, content):
    run = create_run(tmp_path, "charrnn", fields.as_dict(CharRNN()))
    run.finish({"by_temperature": []})
    if content is not None:
        run.save_text("history.csv", content)
    code, out, err = pw13("runs", "figures", run.folder, "--quiet")
    told = f"pw13: {run.folder / 'history.csv'}: missing or corrupt; no figures without it\n"
    assert (code, out, err) == (1, "", told)


def test_a_run_that_is_not_complete_or_of_other_data_has_no_figures(runs, tmp_path, data):
    kind, single, _ = runs
    with pytest.raises(UserError, match="expected a completed run"):
        experiments.redraw_figures(read_run(create_run(tmp_path, kind, {}).folder))
    facts = {**single.facts, "data": {**single.facts["data"], "sha256": "0" * 64}}
    record = type(single)(single.folder, kind, single.config, facts, {**single.metrics, "by_temperature": None}, None)
    with pytest.raises(UserError, match="data changed since"):
        list(experiments.redraw_figures(record))
