"""The char-RNN from command to run folder, and `pw13 generate` with its run."""

import contextlib
import json
import math
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import pytest

from pw13.baselines import ngram
from pw13.baselines.ngram import counting
from pw13.config.settings import CharRNN
from pw13.data.names import dataset, load_names, prepare_dataset, vocabulary, windows
from pw13.errors import OptionError, UserError
from pw13.inference import sampling
from pw13.inference.contexts import Mixture
from pw13.inference.name_generator import load_generator
from pw13.models import charrnn_numpy, keras_archive
from pw13.runs import example_losses
from pw13.runs.opening import create_run
from pw13.runs.record import read_run
from tests.helpers.data import make_names
from tests.helpers.runs import load_json, only_run
from tests.helpers.tensorflow import start_tensorflow


def test_a_corpus_shorter_than_a_window_is_refused():
    with pytest.raises(UserError, match=r"short.*6 characters.*11"):
        prepare_dataset(("Nimbo",), CharRNN())


@pytest.mark.parametrize(
    ("changes", "option"),
    [
        ({"carry_state": True}, "carry-state"),
        ({"cell": "rnn"}, "cell"),
        ({"hold_out": 0.5}, "hold-out"),
        ({"skip": 0}, "skip"),
    ],
)
def test_invalid_settings_are_refused(changes, option):
    with pytest.raises(OptionError, match=option):
        CharRNN(**changes)


def test_samples_of_a_resumed_run_stay_and_those_of_a_training_begun_anew_go(tmp_path, monkeypatch):
    from pw13.experiments import charrnn_samples

    monkeypatch.setattr(charrnn_samples, "network", lambda config, parameters: None)
    monkeypatch.setattr(charrnn_samples.sampling, "generate", lambda *arguments, **options: [])
    data, run = prepare_dataset(tuple(make_names(50)), CharRNN()), create_run(tmp_path, "charrnn", {})

    def sampled(epochs, *reached):
        sample = charrnn_samples.sample_callback(run, data, CharRNN(epochs=epochs))
        for epoch in reached:
            sample(epoch, [])
        lines = (run.folder / "samples.txt").read_text("utf-8").splitlines()
        return [int(line.removeprefix("epoch ")) for line in lines if line.startswith("epoch")]

    assert sampled(10, *range(1, 11)) == [*range(1, 11)]
    assert sampled(200, *range(11, 41)) == [*range(1, 11), 20, 40]  # every twentieth from now on
    assert sampled(200, *range(31, 41)) == [*range(1, 11), 20, 40]  # repeated after a kill
    assert sampled(20, 1, 2) == [2]


# ------------------------------------------------------------------------------------------------ commands


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the runs folder of one short run, and its corpus; where it can be, its name is not UTF-8."""
    from pw13 import cli
    from pw13.system import signals

    folder = tmp_path_factory.mktemp("charrnn") / ("d\udce9p\udcf4t" if sys.platform == "linux" else "depot")
    folder.mkdir()
    text = folder / "names.txt"
    text.write_text(windows.join(make_names(300)), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signals, "listen", lambda: None)
        arguments = ["train-charrnn", "--corpus", text, "--epochs", 6, "--cell", "gru", "--learning-rate", 0.01]
        assert cli.main([str(a) for a in [*arguments, "--runs-dir", folder / "runs"]]) == 0
    return folder


def test_the_run_folder_is_complete(trained):
    run = only_run(trained / "runs", "charrnn")
    metrics = load_json(run / "metrics.json")
    assert load_json(run / "run.json")["status"] == "completed"
    text = (trained / "names.txt").read_text("utf-8")
    assert metrics["corpus"] == {
        "names": 300,
        "characters": len(text),
        "distinct": len(set(text)),
        "windows": len(range(0, len(text) - 10, 3)),
    }
    history = (run / "history.csv").read_text("utf-8").split()
    assert len(history) == 7
    assert metrics["held_out_nats"] < math.log(metrics["corpus"]["distinct"])
    assert metrics["held_out_bits"] == pytest.approx(metrics["held_out_nats"] / math.log(2))
    check_names(metrics)
    assert {"epoch 6", "epoch 1"} <= set((run / "samples.txt").read_text("utf-8").split("\n"))
    names = ("calibration", "loss", "names", "nats")
    drawn = sorted(path.name for path in (run / "figures").iterdir())
    assert drawn == [f"{name}.{kind}" for name in names for kind in ("png", "svg")]


def test_network_ngram_model_and_mixture_are_measured_on_the_same_held_out_characters(trained):
    """Both losses from the saved model and the corpus, independently of the training."""
    run, names = only_run(trained / "runs", "charrnn"), load_names(str(trained / "names.txt")).names
    metrics, data = load_json(run / "metrics.json"), prepare_dataset(names, CharRNN())
    vocab, text = data.vocab_file.vocabulary, data.joined_ids(data.split.held_out).astype(int)
    arrays = keras_archive.read_weights(
        run / "checkpoints" / "best.keras", charrnn_numpy.weight_specs("gru", 64, 1, vocab.size)
    )
    contexts = np.lib.stride_tricks.sliding_window_view(np.concatenate([text[-10:], text[:-1]]), 10)
    net = charrnn_numpy.network("gru", "many-to-one", 10, arrays)
    logits = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, contexts)).astype(float)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    network = (weights / weights.sum(axis=1, keepdims=True))[np.arange(len(text)), text]
    order = metrics["ngram"]["order"]
    counted = ngram.probabilities(
        ngram.fit(data.ngram_texts[0], size=vocab.size, newline=vocab.newline, order=order), text
    )
    weight = metrics["mixture"]["weight"]
    assert metrics["held_out_nats"] == pytest.approx(-np.log(network).mean(), abs=1e-5)
    assert metrics["held_out_accuracy"] == pytest.approx(np.mean(logits.argmax(axis=1) == text))
    assert metrics["ngram"]["held_out_nats"] == pytest.approx(-np.log(counted).mean(), abs=1e-9)
    assert metrics["mixture"]["held_out_nats"] == pytest.approx(
        -np.log(weight * network + (1 - weight) * counted).mean(), abs=1e-5
    )
    assert metrics["mixture"]["val_nats"] <= min(metrics["val_nats"], metrics["ngram"]["validation_nats"])


def test_losses_of_each_name_are_kept(trained):
    run = only_run(trained / "runs", "charrnn")
    values, record = load_json(run / "metrics.json"), read_run(run)
    split = prepare_dataset(load_names(str(trained / "names.txt")).names, CharRNN()).split
    for metric, names in (("val_nats", split.validation), ("held_out_nats", split.held_out)):
        losses = example_losses.read(record, metric)
        assert losses.weights.tolist() == [len(name) + 1 for name in names]
        assert losses.sums.sum() / losses.weights.sum() == pytest.approx(values[metric], rel=1e-6)


def test_differences_have_intervals_around_them(trained):
    metrics = load_json(only_run(trained / "runs", "charrnn") / "metrics.json")
    low, high = metrics["ngram"]["difference_ci95"]
    assert low < metrics["held_out_nats"] - metrics["ngram"]["held_out_nats"] < high
    better = min(metrics["held_out_nats"], metrics["ngram"]["held_out_nats"])
    assert metrics["mixture"]["gain_over"] == ("network" if better == metrics["held_out_nats"] else "ngram")
    low, high = metrics["mixture"]["gain_ci95"]
    assert low < better - metrics["mixture"]["held_out_nats"] < high


def check_names(metrics):
    """Check that names of network and n-gram model are measured in the same way, and real ones as the target."""
    models = (metrics, metrics["ngram"], metrics["mixture"])
    for rows in (model["by_temperature"] for model in models):
        assert [row["temperature"] for row in rows] == [0.5, 0.8, 1.0, 1.2]
        for row in rows:
            assert row["sampled"] == 1000
            assert 0.001 < row["ngram_nats_error"] < 0.1
            assert 0 < row["distinct_trigrams"] <= row["unique"] <= 1
            assert 0 < row["similarity"] <= 1 and 0 <= row["held_out_met"] <= 1
        assert rows[0]["ngram_nats"] < rows[-1]["ngram_nats"]
    assert metrics["names"] == metrics["by_temperature"][1]
    assert metrics["ngram"]["names"] == metrics["ngram"]["by_temperature"][1]
    assert len({tuple(model["names"]["examples"]) for model in models}) == 3
    real = metrics["real_names"]
    assert real["names"] == 15
    assert real["ngram_nats"] == pytest.approx(metrics["ngram"]["held_out_nats"])
    assert real["ngram_nats_error"] > 3 * metrics["ngram"]["names"]["ngram_nats_error"]  # of 15 names, not 1,000
    assert real["unique"] == 1 and real["similarity"] < 1
    ngram_off = abs(metrics["ngram"]["by_temperature"][2]["ngram_nats"] - real["ngram_nats"])
    assert ngram_off < abs(metrics["by_temperature"][2]["ngram_nats"] - real["ngram_nats"])


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("training", "validation")),
        ({"dropout": 0.2}, ("training (dropout 0.2)", "validation")),
        ({"recurrent_dropout": 0.2}, ("training (recurrent dropout 0.2)", "validation")),
        ({"target": "many-to-many"}, ("training (windows from mid-name)", "validation (whole names)")),
        (
            {"target": "many-to-many", "dropout": 0.5},
            ("training (windows from mid-name, dropout 0.5)", "validation (whole names)"),
        ),
        ({"target": "many-to-many", "carry_state": True}, ("training", "validation")),
    ],
)
def test_the_legend_names_curves_that_are_not_on_one_scale(changes, names):
    start_tensorflow()
    from pw13.experiments import charrnn_figures

    assert charrnn_figures.curve_names(CharRNN(**changes), held_out=True) == names
    assert charrnn_figures.curve_names(CharRNN(**changes), held_out=False) == (
        names[0],
        "training names, after each epoch",
    )


@pytest.mark.parametrize(("val_nats", "label"), [(2.0, "validation"), (None, "training names, after each epoch")])
def test_without_held_out_names_the_loss_figure_does_not_speak_of_validation(val_nats, label):
    start_tensorflow()
    from pw13.experiments import charrnn_figures

    metrics = {"ngram": {"order": 3, "validation_nats": val_nats}, "val_nats": val_nats}
    history = [{"epoch": 1, "loss": 2.5, "val_loss": 2.25}]
    name, figure = next(charrnn_figures.draw(metrics, history, CharRNN()))
    shown = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert name == "loss" and shown[1] == label and ("validation" in " ".join(shown)) == (val_nats is not None)


def test_the_saved_model_is_a_keras_model_on_one_hot_and_equals_numpy(trained):
    import keras

    run = only_run(trained / "runs", "charrnn")
    vocab, endings, _ = vocabulary.from_data(load_json(run / "vocabulary.json"), path="v")
    path = run / "checkpoints" / "best.keras"
    ending = vocab.encode(endings[0]).astype(int)[None]
    expected = keras.models.load_model(path).predict(keras.ops.one_hot(ending, vocab.size), verbose=0)
    arrays = keras_archive.read_weights(path, charrnn_numpy.weight_specs("gru", 64, 1, vocab.size))
    net = charrnn_numpy.network("gru", "many-to-one", 10, arrays)
    logits = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, ending)).astype(np.float64)
    assert np.exp(logits) / np.exp(logits).sum() == pytest.approx(expected, abs=1e-5)


def generate(pw13, trained, *arguments):
    return pw13("generate", "--runs-dir", trained / "runs", *arguments)


@pytest.mark.parametrize("temperature", ["0", "1e-320", "1e-6", "1", "1e6", "1e308"])
def test_generate_prints_as_many_names_as_requested(pw13, trained, temperature):
    code, out, err = generate(pw13, trained, "--temp", temperature, "-n", 10, "--seed", 1)
    assert code == 0, err
    assert len([line for line in out.split("\n") if line.strip()]) == 10
    assert "Warning" not in err


def test_the_printed_seed_reproduces_the_names(pw13, trained):
    _, out, err = generate(pw13, trained, "-n", 3)
    seed = err.split("seed ")[1].split()[0]
    assert generate(pw13, trained, "-n", 3, "--seed", seed)[1] == out


def test_greedy_names_are_explained(pw13, trained):
    code, _, err = generate(pw13, trained, "-n", 3, "--temp", 0, "--seed", 1)
    assert code == 0
    assert "note: --temp 0 always takes the likeliest character; the names differ because each follows the end" in err
    assert "--temp 0" not in generate(pw13, trained, "-n", 3, "--temp", 0.1, "--seed", 1)[2]


@pytest.mark.parametrize(("count", "text"), [(1, "1 of 1 name truncated"), (3, "3 of 3 names truncated")])
def test_generate_reports_how_many_names_were_cut(pw13, trained, count, text):
    _, _, err = generate(pw13, trained, "-n", count, "--prefix", "ab", "--max-length", 2, "--temp", 1e6, "--seed", 1)
    assert f"note: {text} at --max-length 2\n" in err


def test_generate_with_a_prefix_longer_than_the_window(pw13, trained):
    code, out, _ = generate(pw13, trained, "-n", 4, "--prefix", "banana" * 7)
    assert code == 0
    assert [line[:42] for line in out.strip().split("\n")] == ["banana" * 7] * 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--temp=nan"], "--temp"),
        (["--temp=inf"], "--temp"),
        (["--temp=-1"], "--temp"),
        (["--top-p=0"], "--top-p"),
        (["--top-p=nan"], "--top-p"),
        (["--top-k=-1"], "--top-k"),
        (["-n", 0], "-n"),
        (["--max-length=0"], "--max-length"),
        (["--prefix=Ba\u0416"], "\u0416"),
        (["--prefix=a\nb"], "--prefix"),
        (["--prefix=banana", "--max-length=5"], "--max-length 5"),
        (["--ladder", "--temp=0"], "--ladder: expected a --temp above 0"),
        (["--ladder", "--only-new"], "--ladder: cannot be combined with --only-new"),
        (["--choose", "--ladder"], "--choose: cannot be combined with --ladder"),
        (["--choose", "--temp", 0.8], "--temp cannot be combined with --choose"),
        (["--choose", "-n", 3], "-n cannot be combined with --choose"),
        (["--choose", "--top-k", 3], "--top-k cannot be combined with --choose"),
        (["--choose", "--top-p", 0.9], "--top-p cannot be combined with --choose"),
    ],
)
def test_generate_refuses_bad_options(pw13, trained, arguments, named):
    code, out, err = generate(pw13, trained, *arguments)
    assert code == 2
    assert out == ""
    assert named in err
    assert len(err.strip().split("\n")) == 1


def test_only_new_names_are_new_and_distinct(pw13, trained):
    code, out, _ = generate(pw13, trained, "-n", 40, "--only-new", "--temp", 0.9)
    assert code == 0
    names = out.strip().split("\n")
    assert len(set(names)) == len(names) == 40
    assert not set(names) & set((trained / "names.txt").read_text("utf-8").split("\n"))


def test_only_new_gives_up_and_reports_the_count(pw13, trained):
    code, out, err = generate(pw13, trained, "-n", 100, "--only-new", "--temp", 0)
    assert code == 1
    count = len(out.strip().split("\n"))
    assert f"only {count} of 100" in err


def test_only_new_requires_the_unchanged_corpus(pw13, trained, tmp_path):
    text = (trained / "names.txt").read_bytes()
    try:
        (trained / "names.txt").write_bytes(text + b"One more\n")
        code, out, err = generate(pw13, trained, "--only-new")
        assert (code, out) == (1, "")
        assert "sha256" in err
        (trained / "names.txt").unlink()
        assert generate(pw13, trained, "--only-new")[0] == 1
        code, out, _ = generate(pw13, trained, "-n", 1, "--json")
        assert code == 0
        assert '"nearest": null' in out
    finally:
        (trained / "names.txt").write_bytes(text)


def test_json_describes_each_name(pw13, trained):
    code, out, _ = generate(pw13, trained, "-n", 5, "--json", "--seed", 4)
    found = json.loads(out)
    assert code == 0
    assert found["seed"] == 4
    corpus = set((trained / "names.txt").read_text("utf-8").split("\n"))
    for name in found["names"]:
        assert name["mean_log_probability"] < 0
        assert name["known"] == (name["name"] in corpus)
        assert name["nearest"] in corpus
        assert 0 <= name["similarity"] <= 1


def test_mixed_names_are_those_of_both_models_with_the_weight_of_the_run(pw13, trained, tmp_path, monkeypatch):
    run, names = only_run(trained / "runs", "charrnn"), load_names(str(trained / "names.txt")).names
    generator, data = load_generator(read_run(run)), prepare_dataset(names, CharRNN())
    vocab, metrics = data.vocab_file.vocabulary, load_json(run / "metrics.json")
    counts = ngram.fit(data.ngram_texts[0], size=vocab.size, newline=vocab.newline, order=metrics["ngram"]["order"])
    model = Mixture(generator.network, counts, metrics["mixture"]["weight"])
    options = sampling.SamplingOptions(0.7)
    expected = [name.text for name in sampling.generate(model, generator.vocab_file, 20, options, seed=5)]
    arguments = ("--mix", "-n", 20, "--seed", 5, "--temp", 0.7)
    assert generate(pw13, trained, *arguments)[1].split("\n") == [*expected, ""]
    assert generate(pw13, trained, *arguments[1:])[1].split("\n") != [*expected, ""]
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "empty"))  # counted anew from the corpus
    assert generate(pw13, trained, *arguments)[1].split("\n") == [*expected, ""]
    with changed(trained / "names.txt", b"One more\n"):
        assert generate(pw13, trained, *arguments)[1].split("\n") == [*expected, ""]  # from the cache
        monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "also empty"))
        code, out, err = generate(pw13, trained, *arguments)
        assert (code, out) == (1, "") and err.count("\n") == 1
        assert "--mix requires the run's corpus" in err and "different sha256" in err


@contextlib.contextmanager
def changed(path, more):
    """Append to a file for a while."""
    before = path.read_bytes()
    try:
        path.write_bytes(before + more)
        yield
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("mixture", [None, {}, {"weight": None}, {"weight": 1.5}, {"weight": "0.5"}, []])
def test_a_run_without_a_mixture_is_refused(pw13, trained, tmp_path, mixture):
    run = copy_run(trained, tmp_path)
    metrics = load_json(run / "metrics.json")
    (run / "metrics.json").write_text(json.dumps({**metrics, "mixture": mixture}), encoding="utf-8")
    code, out, err = pw13("generate", "--mix", "--runs-dir", tmp_path / "runs")
    assert (code, out) == (1, "")
    assert err == f"pw13: {run}: --mix: the run has no mixture with an n-gram model; train it again\n"


def test_a_ladder_has_the_same_draws_at_five_temperatures(pw13, trained):
    code, out, err = generate(pw13, trained, "--ladder", "-n", 8, "--seed", 3, "--temp", 1, "--json")
    assert code == 0, err
    rungs = json.loads(out)["ladder"]
    assert [rung["temperature"] for rung in rungs] == [0.5, 0.75, 1.0, 1.25, 1.5]
    for rung in rungs:
        alone = generate(pw13, trained, "-n", 8, "--seed", 3, "--temp", rung["temperature"])[1]
        assert [name["name"] for name in rung["names"]] == alone.split("\n")[:-1]
    table = generate(pw13, trained, "--ladder", "-n", 8, "--seed", 3, "--temp", 1)[1]
    assert all(f"temperature {rung['temperature']:g}" in table for rung in rungs)
    assert all(name["name"][:20] in table for rung in rungs for name in rung["names"])


@pytest.mark.filterwarnings("error")
def test_a_ladder_at_the_largest_temperatures_samples_uniformly(pw13, trained):
    code, out, err = generate(pw13, trained, "--ladder", "-n", 5, "--seed", 3, "--temp", 1.5e308, "--json")
    assert code == 0, err
    rungs = json.loads(out)["ladder"]
    assert [len(rung["names"]) for rung in rungs] == [5] * 5
    assert all(rung["names"] == rungs[0]["names"] for rung in rungs[1:])
    assert np.isfinite([rung["temperature"] for rung in rungs]).all()


@pytest.mark.parametrize("folder", ["other", "other runs"])
def test_generate_without_a_run_names_the_command_to_train_one(pw13, folder):
    code, out, err = pw13("generate", "--runs-dir", folder)
    assert (code, out) == (1, "")
    assert shlex.split(err.split("train one with: ")[1]) == ["pw13", "train-charrnn", "--runs-dir", folder]
    assert len(err.strip().split("\n")) == 1


def test_without_a_run_in_the_default_folder_the_command_needs_no_folder(pw13):
    assert pw13("generate")[2].endswith("train one with: pw13 train-charrnn\n")


def copy_run(trained, tmp_path):
    shutil.copytree(trained / "runs", tmp_path / "runs")
    return only_run(tmp_path / "runs", "charrnn")


def test_a_foreign_vocabulary_is_refused(pw13, trained, tmp_path):
    run = copy_run(trained, tmp_path)
    vocab = vocabulary.build_vocabulary(windows.join([*make_names(300), "#"]))
    content = vocabulary.to_data(vocab, vocabulary.from_data(load_json(run / "vocabulary.json"), path="v").endings)
    (run / "vocabulary.json").write_text(json.dumps(content), encoding="utf-8")
    code, _, err = pw13("generate", "--runs-dir", tmp_path / "runs")
    assert code == 1
    assert "vocabulary" in err


def test_a_foreign_config_is_refused(pw13, trained, tmp_path):
    run = copy_run(trained, tmp_path)
    text = (run / "config.json").read_text("utf-8")
    for old, new in (
        ('"units": 64', '"units": 65'),
        ('"cell": "gru"', '"cell": "lstm"'),
        ('"length": 10', '"length": 9'),
    ):
        assert old in text
        (run / "config.json").write_text(text.replace(old, new), encoding="utf-8")
        code, _, err = pw13("generate", "--runs-dir", tmp_path / "runs")
        assert code == 1
        assert len(err.strip().split("\n")) == 1


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.95])
def test_a_truncated_model_is_refused_by_name(pw13, trained, tmp_path, fraction):
    run = copy_run(trained, tmp_path)
    data = (run / "checkpoints" / "best.keras").read_bytes()
    (run / "checkpoints" / "best.keras").write_bytes(data[: int(len(data) * fraction)])
    code, _, err = pw13("generate", "--runs-dir", tmp_path / "runs")
    assert code == 1
    assert "best.keras" in err
    assert "corrupt" in err


def test_a_model_without_weights_is_refused(pw13, trained, tmp_path):
    run = copy_run(trained, tmp_path)
    with zipfile.ZipFile(run / "checkpoints" / "best.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    assert pw13("generate", "--runs-dir", tmp_path / "runs")[0] == 1


def test_generate_imports_nothing_heavy(trained):
    code = (
        "import sys; from pw13.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'pandas', 'matplotlib', 'scipy', 'rapidfuzz'} & set(sys.modules);"
        "print(heavy, file=sys.stderr); sys.exit(code or bool(heavy))"
    )
    arguments = [sys.executable, "-c", code, "generate", "--runs-dir", str(trained / "runs")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_stateful_training_learns(pw13, trained, tmp_path):
    arguments = [
        "--corpus",
        trained / "names.txt",
        "--target",
        "many-to-many",
        "--carry-state",
        "--length",
        12,
        "--units",
        16,
    ]
    more = [
        "--epochs",
        8,
        "--layers",
        2,
        "--dropout",
        0.1,
        "--learning-rate",
        0.01,
        "--batch-size",
        8,
        "--clip-norm",
        1,
    ]
    code, _, err = pw13("train-charrnn", *arguments, *more, "--runs-dir", tmp_path / "runs")
    assert code == 0, err
    metrics = load_json(only_run(tmp_path / "runs", "charrnn") / "metrics.json")
    assert metrics["val_nats"] < 3
    characters = sum(len(name) + 1 for name in prepare_dataset(tuple(make_names(300)), CharRNN()).split.train)
    assert metrics["train_windows"] == math.ceil(characters / 12)
    assert metrics["throughput_per_second"] == metrics["train_windows"] / metrics["epoch_seconds"]
    code, out, err = pw13("generate", "--runs-dir", tmp_path / "runs", "-n", 2, "--temp", 0)
    assert code == 0 and len(set(out.strip().split("\n"))) == 1
    assert "--temp 0 always takes the likeliest character; every name is the same" in err
    code, out, _ = pw13("generate", "--runs-dir", tmp_path / "runs", "-n", 5, "--prefix", "Ba")
    assert code == 0
    assert all(line.startswith("Ba") for line in out.strip().split("\n"))


def test_a_tiny_corpus_holds_nothing_out(pw13, tmp_path):
    (tmp_path / "names.txt").write_text("Anna Labs\nBob and sons\n", encoding="utf-8")
    code, _, err = pw13(
        "train-charrnn", "--corpus", tmp_path / "names.txt", "--epochs", 1, "--runs-dir", tmp_path / "runs"
    )
    assert code == 0, err
    assert "too small" in err
    metrics = load_json(only_run(tmp_path / "runs", "charrnn") / "metrics.json")
    assert metrics["held_out_nats"] is None
    assert metrics["val_nats"] is None
    assert metrics["train_nats"] > 0
    assert metrics["real_names"] is None and metrics["mixture"] is None
    assert metrics["ngram"]["difference_ci95"] is None
    assert metrics["names"]["held_out_met"] is None and metrics["names"]["similarity"] > 0


@pytest.mark.slow
def test_the_handouts_numbers_of_the_real_corpus(real_data):
    names = load_names(None).names
    data = prepare_dataset(names, CharRNN(hold_out=0.0))
    assert data.counts == {"names": 172_486, "characters": 2_567_986, "distinct": 150, "windows": 855_992}
    assert data.split.train == names
    assert len(data.train_ids) == 2_567_986
    default = prepare_dataset(names, CharRNN())
    assert [len(subset) for subset in default.split] == [154_239, 8_569, 8_569]


def test_memory_that_runs_out_while_counting_costs_nothing_that_is_finished(pw13, tmp_path, monkeypatch):
    """The network is trained; resumed, the run counts a sample of the names, and every table says so."""
    (tmp_path / "names.txt").write_text(windows.join(make_names(301)), encoding="utf-8")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("PW13_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(dataset, "MAX_COUNTED", 1000)
    arguments = ["--corpus", tmp_path / "names.txt", "--epochs", 1, "--units", 4, "--runs-dir", tmp_path / "runs"]
    with monkeypatch.context() as patch:
        patch.setattr(counting, "number", lambda keys: np.empty(2**50))
        code, _, err = pw13("train-charrnn", *arguments)
    run = only_run(tmp_path / "runs", "charrnn")
    assert code == 1
    assert err.strip().split("\n")[-1] == f"pw13: out of memory; free some, then resume with: pw13 resume {run.name}"
    assert (run / "checkpoints" / "best.keras").exists() and load_json(run / "run.json")["status"] == "failed"
    code, out, err = pw13("resume", run)
    assert code == 0, err
    counted = load_json(run / "metrics.json")["ngram"]
    assert counted["training_names"] == 271 and 90 < counted["counted_names"] < 140 and not counted["limited"]
    name = f"{counted['order']}-gram of {counted['counted_names']} of 271 names"
    assert f"held-out, {name}" in out and f"mixture with the {name}" in out
    assert list((tmp_path / "tmp").iterdir()) == []
