"""The character RNN: equal to Keras in output and gradient, parameter counts, a run from end to end."""

import zipfile

import numpy as np
import pytest

from pw13.config.settings import CharRNN
from pw13.data.names import prepare_dataset, vocabulary, windows
from pw13.errors import OptionError, UserError
from pw13.models import charrnn_numpy, keras_archive
from tests.helpers.data import make_names
from tests.helpers.runs import load_json, only_run
from tests.helpers.tensorflow import start_tensorflow

tf = start_tensorflow()

import keras  # noqa: E402

from pw13.experiments import charrnn_task  # noqa: E402
from pw13.models import charrnn, likelihood, rnn_cells

CELLS = ["simple", "gru", "lstm"]
TARGETS = ["many-to-one", "many-to-many"]
CHARACTERS = 12
NAMES = tuple(make_names(60))


def settings(**changes):
    return CharRNN(**{"units": 8, "length": 5, "batch_size": 8, **changes})


def built(config, characters=CHARACTERS):
    """A model whose biases are not zero, and its arrays."""
    model = charrnn.build(characters, config)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.4, array.shape) for array in model.get_weights()])
    return model, [tf.constant(array) for array in model.get_weights()]


def ids(n, length, seed=1):
    return np.random.default_rng(seed).integers(0, CHARACTERS, (n, length)).astype(np.int32)


def signals_of(parameters, x, config, **options):
    start = charrnn.zero_states(len(x), config)
    signals, states = charrnn.outputs(parameters, tf.constant(x.T), start, config, **options)
    return rnn_cells.stack_layers(signals), states


@pytest.mark.parametrize("length", [5, rnn_cells.UNROLLED + 3])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("cell", CELLS)
def test_output_and_gradient_equal_keras_on_one_hot(cell, target, layers, length):
    config = settings(cell=cell, target=target, layers=layers, length=length)
    model, parameters = built(config)
    x, y = ids(6, length), ids(6, length, seed=2)
    y = y[:, -1] if target == "many-to-one" else y
    with tf.GradientTape() as tape:
        given = model(keras.ops.one_hot(x, CHARACTERS))
        loss = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(y, given))
    expected = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        signals, _ = signals_of(parameters, x, config)
        kept = signals[-1:] if target == "many-to-one" else signals
        following = tf.constant(y.T.reshape(-1))
        ours = tf.reduce_sum(charrnn.losses(parameters, tf.reshape(kept, (-1, config.units)), following))
    found = tape.gradient(ours, parameters)
    shares = tf.nn.softmax(tf.transpose(kept, (1, 0, 2)) @ parameters[-2] + parameters[-1])
    assert np.ravel(shares) == pytest.approx(np.ravel(given), abs=1e-5)
    for ours_one, keras_one in zip(found, expected, strict=True):
        assert np.ravel(ours_one) == pytest.approx(
            np.ravel(keras_one), abs=1e-5 * float(tf.reduce_max(abs(keras_one))) + 1e-5
        )


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("cell", CELLS)
def test_sampling_equals_keras_after_a_whole_name(cell, target, layers):
    config = settings(cell=cell, target=target, layers=layers)
    model, parameters = built(config)
    net = charrnn_numpy.network(cell, target, config.length, [array.numpy() for array in parameters])
    text = ids(4, 5 if target == "many-to-one" else 17)
    given = model(keras.ops.one_hot(text, CHARACTERS)).numpy()
    given = given if target == "many-to-one" else given[:, -1]
    scores = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, text)).astype(np.float64)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert shares == pytest.approx(given, abs=1e-5)


@pytest.mark.parametrize(("cell", "count"), [("simple", 23_510), ("gru", 51_222), ("lstm", 64_790)])
def test_parameter_counts_of_the_handouts_model(cell, count):
    assert charrnn.build(150, CharRNN(cell=cell)).count_params() == count


@pytest.mark.parametrize("cell", CELLS)
def test_a_newline_starts_the_state_anew(cell):
    config = settings(cell=cell, target="many-to-many")
    _, parameters = built(config)
    x = ids(3, 7)
    keep = tf.constant((x[0, 4] != x[:1].T)[:, :, None].astype(np.float32))
    whole, _ = signals_of(parameters, x[:1], config, keep=keep)
    tail, _ = signals_of(parameters, x[:1, 4:], config)
    assert np.ravel(whole[-1]) == pytest.approx(np.ravel(tail[-1]), abs=1e-6)


def test_dropout_changes_with_the_key_and_keeps_the_mean():
    config = settings(target="many-to-many", dropout=0.5, units=64)
    _, parameters = built(config)
    x = ids(64, 5)
    plain, _ = signals_of(parameters, x, config)
    one, _ = signals_of(parameters, x, config, key=tf.constant([1, 2]))
    other, _ = signals_of(parameters, x, config, key=tf.constant([1, 3]))
    assert not np.array_equal(one[0], other[0])
    assert np.mean(np.equal(one[-1], 0)) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.abs(one[-1])) == pytest.approx(np.mean(np.abs(plain[-1])), rel=0.1)


@pytest.mark.parametrize("target", TARGETS)
def test_nats_are_those_of_keras_over_every_character(target):
    vocab = vocabulary.build_vocabulary(windows.join(NAMES))
    config = settings(cell="gru", target=target)
    model, parameters = built(config, vocab.size)
    some = [vocab.encode(name) for name in NAMES[:7]]
    nats, accuracy = likelihood.make_evaluator(some, vocab.newline, config)(parameters).numpy()
    losses, right = [], []
    text = windows.join(NAMES[:7])
    for place in range(len(text)):
        start = text.rfind("\n", 0, place)
        seen = text[start:place] if start >= 0 else "\n" + text[:place]
        if target == "many-to-one":
            seen = (text + text[:place])[len(text) + place - 5 :] if place >= 5 else (text + text[:place])[-5:]
        shares = model(keras.ops.one_hot(vocab.encode(seen).astype(int)[None], vocab.size)).numpy()
        shares = shares.reshape(-1, vocab.size)[-1]
        losses.append(-np.log(shares[vocab.char_to_id[text[place]]]))
        right.append(shares.argmax() == vocab.char_to_id[text[place]])
    assert nats == pytest.approx(np.mean(losses), abs=1e-4)
    assert accuracy == pytest.approx(np.mean(right), abs=1e-6)


@pytest.mark.parametrize("carry_state", [False, True])
def test_every_character_counts_once_an_epoch(carry_state):
    config = settings(target="many-to-many" if carry_state else "many-to-one", carry_state=carry_state, skip=1)
    data = prepare_dataset(NAMES, config)
    model = charrnn.build(data.vocab_file.vocabulary.size, config)
    problem = charrnn_task.make_task(model, data, config)
    parameters = [variable.value for variable in model.trainable_variables]
    carry, total = problem.carry(), 0.0
    for item in problem.order(1):
        _, count, carry = problem.loss(parameters, tf.constant(item), carry, tf.constant([0, 1]))
        total += float(count)
    assert total == len(data.train_ids) - (0 if carry_state else config.length)


def test_the_order_depends_on_seed_and_epoch_alone():
    config = settings(target="many-to-many", carry_state=True)
    data = prepare_dataset(NAMES, config)
    order, _ = charrnn_task.stateful_batches(data, config)
    assert np.array_equal(order(2), charrnn_task.stateful_batches(data, config)[0](2))
    assert not np.array_equal(order(2), order(3))
    assert order(2).shape == order(3).shape


def test_a_corpus_shorter_than_a_window_is_refused():
    with pytest.raises(UserError, match=r"short.*6 characters.*11"):
        prepare_dataset(("Nimbo",), CharRNN())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"carry_state": True}, "carry-state"),
        ({"cell": "rnn"}, "cell"),
        ({"hold_out": 0.5}, "hold-out"),
        ({"skip": 0}, "skip"),
    ],
)
def test_bad_settings_are_refused(changes, named):
    with pytest.raises(OptionError, match=named):
        CharRNN(**changes)


# ------------------------------------------------------------------------------------------------ whole commands


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A runs folder with one short run, and its corpus."""
    from pw13 import cli
    from pw13.system import signals

    folder = tmp_path_factory.mktemp("charrnn")
    text = folder / "names.txt"
    text.write_text(windows.join(make_names(300)), encoding="utf-8", newline="")
    listen, signals.listen = signals.listen, lambda: None
    try:
        arguments = ["train-charrnn", "--corpus", text, "--epochs", 6, "--cell", "gru", "--learning-rate", 0.01]
        assert cli.main([str(a) for a in [*arguments, "--runs-dir", folder / "runs"]]) == 0
    finally:
        signals.listen = listen
    return folder


def test_a_run_folder_is_whole(trained):
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
    assert metrics["held_out_nats"] < np.log(metrics["corpus"]["distinct"])
    assert metrics["held_out_bits"] == pytest.approx(metrics["held_out_nats"] / np.log(2))
    assert metrics["names"]["sampled"] == 1000
    assert {"epoch 6", "epoch 1"} <= set((run / "samples.txt").read_text("utf-8").split("\n"))
    assert sorted(path.name for path in (run / "figures").iterdir()) == ["loss.png", "names.png", "nats.png"]


def test_the_saved_model_is_plain_keras_on_one_hot_and_equals_sampling(trained):
    run = only_run(trained / "runs", "charrnn")
    known = vocabulary.from_data(load_json(run / "vocabulary.json"), path="v")
    model = keras.models.load_model(run / "checkpoints" / "best.keras")
    ending = known.vocabulary.encode(known.endings[0]).astype(int)[None]
    given = model.predict(keras.ops.one_hot(ending, known.vocabulary.size), verbose=0)
    places = charrnn_numpy.weight_specs("gru", 64, 1, known.vocabulary.size)
    net = charrnn_numpy.network(
        "gru", "many-to-one", 10, keras_archive.read_weights(run / "checkpoints" / "best.keras", places)
    )
    scores = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, ending)).astype(np.float64)
    assert np.exp(scores) / np.exp(scores).sum() == pytest.approx(given, abs=1e-5)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("cell", CELLS)
def test_weights_stand_where_sampling_reads_them(cell, dropout, layers, tmp_path):
    model, parameters = built(settings(cell=cell, layers=layers, dropout=dropout))
    model.save(tmp_path / "model.keras")
    arrays = keras_archive.read_weights(
        tmp_path / "model.keras", charrnn_numpy.weight_specs(cell, 8, layers, CHARACTERS)
    )
    assert all(np.array_equal(a, b) for a, b in zip(arrays, parameters, strict=True))


def generate(pw13, trained, *arguments):
    return pw13("generate", "--runs-dir", trained / "runs", *arguments)


@pytest.mark.parametrize("temperature", ["0", "1e-320", "1e-6", "1", "1e6", "1e308"])
def test_generate_prints_whole_names(pw13, trained, temperature):
    code, out, err = generate(pw13, trained, "--temp", temperature, "-n", 10, "--seed", 1)
    assert code == 0, err
    assert len([line for line in out.split("\n") if line.strip()]) == 10
    assert "Warning" not in err


def test_generate_tells_the_seed_that_repeats_it(pw13, trained):
    _, out, err = generate(pw13, trained, "-n", 3)
    seed = err.split("seed ")[1].split()[0]
    assert generate(pw13, trained, "-n", 3, "--seed", seed)[1] == out


@pytest.mark.parametrize(("count", "said"), [(1, "1 of 1 name truncated"), (3, "3 of 3 names truncated")])
def test_generate_tells_how_many_names_were_cut(pw13, trained, count, said):
    _, _, err = generate(pw13, trained, "-n", count, "--prefix", "ab", "--max-length", 2, "--temp", 1e6, "--seed", 1)
    assert f"note: {said} at --max-length 2\n" in err


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
    ],
)
def test_generate_refuses_bad_options(pw13, trained, arguments, named):
    code, out, err = generate(pw13, trained, *arguments)
    assert code == 2
    assert out == ""
    assert named in err
    assert len(err.strip().split("\n")) == 1


def test_only_new_names_are_new_and_different(pw13, trained):
    code, out, _ = generate(pw13, trained, "-n", 40, "--only-new", "--temp", 0.9)
    assert code == 0
    names = out.strip().split("\n")
    assert len(set(names)) == len(names) == 40
    assert not set(names) & set((trained / "names.txt").read_text("utf-8").split("\n"))


def test_only_new_gives_up_with_the_count(pw13, trained):
    code, out, err = generate(pw13, trained, "-n", 300, "--only-new", "--temp", 0)
    assert code == 1
    count = len(out.strip().split("\n"))
    assert f"only {count} of 300" in err


def test_only_new_needs_the_corpus_as_it_was(pw13, trained, tmp_path):
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


def test_json_tells_what_is_known_of_each_name(pw13, trained, tmp_path):
    import json

    code, out, _ = generate(pw13, trained, "-n", 5, "--json", "--seed", 4)
    found = json.loads(out)
    assert code == 0
    assert found["seed"] == 4
    corpus = set((trained / "names.txt").read_text("utf-8").split("\n"))
    for name in found["names"]:
        assert name["log_probability"] < 0
        assert name["known"] == (name["name"] in corpus)
        assert name["nearest"] in corpus
        assert 0 <= name["similarity"] <= 1


def test_generate_without_a_run_says_how_to_get_one(pw13, tmp_path):
    code, out, err = pw13("generate", "--runs-dir", tmp_path)
    assert (code, out) == (1, "")
    assert "train-charrnn" in err
    assert len(err.strip().split("\n")) == 1


def copied(trained, tmp_path):
    import shutil

    shutil.copytree(trained / "runs", tmp_path / "runs")
    return only_run(tmp_path / "runs", "charrnn")


def test_a_foreign_vocabulary_is_refused(pw13, trained, tmp_path):
    run = copied(trained, tmp_path)
    import json

    vocab = vocabulary.build_vocabulary(windows.join([*make_names(300), "#"]))
    content = vocabulary.to_data(vocab, vocabulary.from_data(load_json(run / "vocabulary.json"), path="v").endings)
    (run / "vocabulary.json").write_text(json.dumps(content), encoding="utf-8")
    code, _, err = pw13("generate", "--runs-dir", tmp_path / "runs")
    assert code == 1
    assert "vocabulary" in err


def test_a_foreign_config_is_refused(pw13, trained, tmp_path):
    run = copied(trained, tmp_path)
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


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_a_cut_model_is_refused_by_name(pw13, trained, tmp_path, share):
    run = copied(trained, tmp_path)
    data = (run / "checkpoints" / "best.keras").read_bytes()
    (run / "checkpoints" / "best.keras").write_bytes(data[: int(len(data) * share)])
    code, _, err = pw13("generate", "--runs-dir", tmp_path / "runs")
    assert code == 1
    assert "best.keras" in err
    assert "damaged" in err


def test_a_model_without_weights_is_refused(pw13, trained, tmp_path):
    run = copied(trained, tmp_path)
    with zipfile.ZipFile(run / "checkpoints" / "best.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    assert pw13("generate", "--runs-dir", tmp_path / "runs")[0] == 1


def test_generate_imports_nothing_heavy(trained):
    import subprocess
    import sys

    code = (
        "import sys; from pw13.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'pandas', 'matplotlib', 'scipy', 'rapidfuzz'} & set(sys.modules);"
        "print(heavy, file=sys.stderr); sys.exit(code or bool(heavy))"
    )
    arguments = [sys.executable, "-c", code, "generate", "--runs-dir", str(trained / "runs")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_streams_of_names_learn_too(pw13, trained, tmp_path):
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
    code, out, _ = pw13("generate", "--runs-dir", tmp_path / "runs", "-n", 5, "--prefix", "Ba")
    assert code == 0
    assert all(line.startswith("Ba") for line in out.strip().split("\n"))


def test_nothing_is_held_out_of_a_tiny_corpus(pw13, tmp_path):
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


@pytest.mark.slow
def test_the_handouts_numbers_of_the_real_corpus(real_data):
    from pw13.data.names import load_names

    names = load_names(None).names
    data = prepare_dataset(names, CharRNN(hold_out=0.0))
    assert data.counts == {"names": 172_486, "characters": 2_567_986, "distinct": 150, "windows": 855_992}
    assert data.split.train == names
    assert len(data.train_ids) == 2_567_986
    held = prepare_dataset(names, CharRNN())
    assert [len(part) for part in held.split] == [154_239, 8_569, 8_569]
