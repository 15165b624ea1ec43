"""The char-RNN on ids: outputs, gradients and likelihood equal Keras's on one-hot characters."""

import numpy as np
import pytest

from pw13.config.settings import CharRNN
from pw13.data.names import vocabulary, windows
from pw13.models import charrnn_numpy, keras_archive
from tests.helpers.data import make_names
from tests.helpers.tensorflow import start_tensorflow

CELLS = ["simple", "gru", "lstm"]
TARGETS = ["many-to-one", "many-to-many"]
CHARACTERS = 12
NAMES = tuple(make_names(60))


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    start_tensorflow()


def settings(**changes):
    return CharRNN(**{"units": 8, "length": 5, "batch_size": 8, **changes})


def build(config, characters=CHARACTERS):
    """Return a model whose biases are not zero, and its parameters."""
    import tensorflow as tf

    from pw13.models import charrnn

    model = charrnn.build(characters, config)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.4, array.shape) for array in model.get_weights()])
    return model, [tf.constant(array) for array in model.get_weights()]


def random_ids(n, length, seed=1):
    return np.random.default_rng(seed).integers(0, CHARACTERS, (n, length)).astype(np.int32)


def hidden_of(parameters, x, config, **options):
    """Return the last layer's outputs on ids `(n, length)`: `(length, n, units)`."""
    import tensorflow as tf

    from pw13.models import charrnn, rnn_cells

    hidden, _ = charrnn.outputs(parameters, tf.constant(x.T), charrnn.zero_states(len(x), config), config, **options)
    return rnn_cells.stack_steps(hidden)


@pytest.mark.parametrize("unrolled", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_gradients_equal_keras_on_one_hot(cell, target, layers, unrolled):
    import keras
    import tensorflow as tf

    from pw13.models import charrnn, rnn_cells

    length = 5 if unrolled else rnn_cells.UNROLLED + 3
    config = settings(cell=cell, target=target, layers=layers, length=length)
    model, parameters = build(config)
    x, y = random_ids(6, length), random_ids(6, length, seed=2)
    y = y[:, -1] if target == "many-to-one" else y
    with tf.GradientTape() as tape:
        keras_probabilities = model(keras.ops.one_hot(x, CHARACTERS))
        loss = tf.reduce_sum(keras.losses.sparse_categorical_crossentropy(y, keras_probabilities))
    keras_gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        hidden = hidden_of(parameters, x, config)
        hidden = hidden[-1:] if target == "many-to-one" else hidden
        targets = tf.constant(y.T.reshape(-1))
        loss = tf.reduce_sum(charrnn.losses(parameters, tf.reshape(hidden, (-1, config.units)), targets))
    gradients = tape.gradient(loss, parameters)
    probabilities = tf.nn.softmax(tf.transpose(hidden, (1, 0, 2)) @ parameters[-2] + parameters[-1])
    assert np.ravel(probabilities) == pytest.approx(np.ravel(keras_probabilities), abs=1e-5)
    for ours, expected in zip(gradients, keras_gradients, strict=True):
        assert np.ravel(ours) == pytest.approx(np.ravel(expected), abs=1e-5 * float(np.max(np.abs(expected))) + 1e-5)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("cell", CELLS)
def test_numpy_probabilities_equal_keras(cell, target, layers):
    import keras

    config = settings(cell=cell, target=target, layers=layers)
    model, parameters = build(config)
    net = charrnn_numpy.network(cell, target, config.length, [array.numpy() for array in parameters])
    text = random_ids(4, 5 if target == "many-to-one" else 17)
    expected = model(keras.ops.one_hot(text, CHARACTERS)).numpy()
    expected = expected if target == "many-to-one" else expected[:, -1]
    logits = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, text)).astype(np.float64)
    assert np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("cell", "count"), [("simple", 23_510), ("gru", 51_222), ("lstm", 64_790)])
def test_parameter_counts_of_the_handouts_model(cell, count):
    from pw13.models import charrnn

    assert charrnn.build(150, CharRNN(cell=cell)).count_params() == count


@pytest.mark.parametrize("cell", CELLS)
def test_keep_resets_the_state_to_zero(cell):
    import tensorflow as tf

    config = settings(cell=cell, target="many-to-many")
    _, parameters = build(config)
    x = random_ids(1, 7)
    keep = tf.constant((np.arange(7) != 4)[:, None, None].astype(np.float32))
    full = hidden_of(parameters, x, config, keep=keep)
    tail = hidden_of(parameters, x[:, 4:], config)
    assert np.ravel(full[-1]) == pytest.approx(np.ravel(tail[-1]), abs=1e-6)


def test_dropout_depends_on_the_key_and_keeps_the_mean():
    import tensorflow as tf

    config = settings(target="many-to-many", dropout=0.5, units=64)
    _, parameters = build(config)
    x = random_ids(64, 5)
    without = hidden_of(parameters, x, config)
    first = hidden_of(parameters, x, config, key=tf.constant([1, 2]))
    second = hidden_of(parameters, x, config, key=tf.constant([1, 3]))
    assert not np.array_equal(first[0], second[0])
    assert np.mean(np.equal(first[-1], 0)) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.abs(first[-1])) == pytest.approx(np.mean(np.abs(without[-1])), rel=0.1)


def test_dropout_has_one_mask_for_all_steps_of_a_window():
    import tensorflow as tf

    config = settings(target="many-to-many", dropout=0.5, units=64)
    model, parameters = build(config)
    hidden = np.array(hidden_of(parameters, random_ids(64, 5), config, key=tf.constant([1, 2])))
    dropped = hidden == 0
    assert (dropped == dropped[0]).all()
    assert len(np.unique(dropped[0], axis=0)) == 64  # another one for each window
    assert type(model.layers[1]).__name__ == "SpatialDropout1D"


@pytest.mark.parametrize("steps", [4, 15])  # unrolled, and in a loop
@pytest.mark.parametrize("cell", CELLS)
def test_a_recurrent_mask_acts_as_rows_of_the_recurrent_kernel(cell, steps):
    import tensorflow as tf

    from pw13.models import charrnn, rnn_cells

    config = settings(cell=cell)
    _, (_, recurrent, bias, *_) = build(config)
    bias = bias[0] if cell == "gru" else bias
    rng = np.random.default_rng(3)
    x_proj = tf.constant(rng.normal(size=(steps, 6, recurrent.shape[1])), tf.float32)
    mask = tf.constant(rng.integers(0, 2, config.units) * 2.0, tf.float32)
    start = charrnn.zero_states(6, config)

    def run(recurrent, rows):
        with tf.GradientTape() as tape:
            tape.watch([x_proj, recurrent])
            hidden, _ = rnn_cells.steps(cell, x_proj, recurrent, bias, start, None, rows)
            hidden = rnn_cells.stack_steps(hidden)
            loss = tf.reduce_sum(hidden * hidden)
        return hidden, *tape.gradient(loss, [x_proj, recurrent])

    hidden, d_x_proj, d_recurrent = run(recurrent, tf.tile(mask[None], (6, 1)))
    expected, d_x_expected, d_masked = run(recurrent * mask[:, None], None)
    assert np.ravel(hidden) == pytest.approx(np.ravel(expected), abs=1e-6)
    assert np.ravel(d_x_proj) == pytest.approx(np.ravel(d_x_expected), abs=1e-5)
    assert np.ravel(d_recurrent) == pytest.approx(np.ravel(d_masked * mask[:, None]), abs=1e-4)


def test_recurrent_dropout_acts_in_training_alone_from_the_second_step_on():
    import tensorflow as tf

    config = settings(target="many-to-many", recurrent_dropout=0.5)
    _, parameters = build(config)
    x = random_ids(6, 5)
    without = hidden_of(parameters, x, config)
    first = hidden_of(parameters, x, config, key=tf.constant([1, 2]))
    assert np.array_equal(first[0], without[0])  # the state before the first step is zero
    assert not np.allclose(first[1], without[1])
    assert not np.array_equal(first, hidden_of(parameters, x, config, key=tf.constant([1, 3])))
    assert np.array_equal(first, hidden_of(parameters, x, config, key=tf.constant([1, 2])))


@pytest.mark.parametrize("target", TARGETS)
def test_nats_are_those_of_keras_over_every_character(target):
    import keras

    from pw13.models import likelihood

    vocab = vocabulary.build_vocabulary(windows.join(NAMES))
    config = settings(cell="gru", target=target)
    model, parameters = build(config, vocab.size)
    evaluator = likelihood.make_evaluator([vocab.encode(name) for name in NAMES[:7]], vocab.newline, config)
    losses = []
    text = windows.join(NAMES[:7])
    for i in range(len(text)):
        newline = text.rfind("\n", 0, i)
        context = text[newline:i] if newline >= 0 else "\n" + text[:i]
        if target == "many-to-one":
            context = (text + text[:i])[-5:]  # the last name comes before the first
        one_hot = keras.ops.one_hot(vocab.encode(context).astype(int)[None], vocab.size)
        probabilities = model(one_hot).numpy().reshape(-1, vocab.size)[-1]
        losses.append(-np.log(probabilities[vocab.char_to_id[text[i]]]))
    assert float(evaluator(parameters)) == pytest.approx(np.mean(losses), abs=1e-4)


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("cell", CELLS)
def test_weight_specs_find_every_array_in_a_keras_file(cell, dropout, layers, tmp_path):
    model, parameters = build(settings(cell=cell, layers=layers, dropout=dropout))
    model.save(tmp_path / "model.keras")
    specs = charrnn_numpy.weight_specs(cell, 8, layers, CHARACTERS)
    arrays = keras_archive.read_weights(tmp_path / "model.keras", specs)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, parameters, strict=True))
