"""The training task of the char-RNN: the windows of the handout's loop, and streams of names."""

import numpy as np
import pytest

from pw13.config.settings import CharRNN
from pw13.data.names import prepare_dataset, windows
from tests.helpers.data import make_names
from tests.helpers.tensorflow import start_tensorflow

NAMES = tuple(make_names(60))


@pytest.fixture(scope="module", autouse=True)
def tensorflow():
    start_tensorflow()


def settings(**changes):
    return CharRNN(**{"units": 8, "length": 5, "skip": 3, "batch_size": 8, **changes})


def prepare(target):
    """Return a data set, its training text, its settings and the window starts of the handout's loop."""
    config = settings(target=target)
    data = prepare_dataset(NAMES, config)
    text = windows.join(data.split.train)
    return data, text, config, range(0, len(text) - config.length, config.skip)


@pytest.mark.parametrize("target", ["many-to-one", "many-to-many"])
def test_the_loss_is_that_of_keras_on_the_handouts_windows(target):
    import keras
    import tensorflow as tf

    from pw13.experiments import charrnn_task
    from pw13.models import charrnn

    data, text, config, starts = prepare(target)
    vocab = data.vocab_file.vocabulary
    chosen = [0, 4, len(starts) - 1]
    x = [vocab.encode(text[start : start + config.length]) for start in (starts[i] for i in chosen)]
    y = [vocab.encode(text[start + 1 : start + 1 + config.length]) for start in (starts[i] for i in chosen)]
    if target == "many-to-one":
        y = [row[-1] for row in y]
    model = charrnn.build(vocab.size, config)
    probabilities = model(keras.ops.one_hot(np.array(x, np.int32), vocab.size))
    expected = np.sum(keras.losses.sparse_categorical_crossentropy(np.array(y, np.int32), probabilities))
    loss = charrnn_task.window_loss(data.train_ids, config)
    indices = tf.constant([*chosen, -1])  # -1 fills up a batch and does not count
    parameters = [variable.value for variable in model.trainable_variables]
    total, count, _ = loss(parameters, indices, (), tf.constant([0, 1]))
    assert float(count) == len(chosen) * (1 if target == "many-to-one" else config.length)
    assert float(total) == pytest.approx(float(expected), rel=1e-5)


def test_windows_are_counted_as_an_epoch_has_them():
    from pw13.experiments import charrnn_task

    data, _, config, starts = prepare("many-to-many")
    assert charrnn_task.windows_per_epoch(len(data.train_ids), config) == len(starts)
    config = settings(target="many-to-many", carry_state=True)
    order = charrnn_task.stateful_order(data, config)
    trained_on = np.count_nonzero((order(1)[:, :, 1:] >= 0).any(axis=2))
    assert charrnn_task.windows_per_epoch(len(data.train_ids), config) == trained_on < len(starts)


def test_an_epoch_has_every_window_once():
    from pw13.experiments import charrnn_task

    data, _, config, starts = prepare("many-to-one")
    order = charrnn_task.window_order(data, config)
    indices = order(1).ravel()
    assert sorted(indices[indices >= 0].tolist()) == list(range(len(starts)))


@pytest.mark.parametrize("carry_state", [False, True])
def test_every_character_counts_once_per_epoch(carry_state):
    import tensorflow as tf

    from pw13.experiments import charrnn_task
    from pw13.models import charrnn

    config = settings(target="many-to-many" if carry_state else "many-to-one", carry_state=carry_state, skip=1)
    data = prepare_dataset(NAMES, config)
    model = charrnn.build(data.vocab_file.vocabulary.size, config)
    task = charrnn_task.make_task(model, data, config)
    parameters = [variable.value for variable in model.trainable_variables]
    carry, total = task.carry(), 0.0
    for batch in task.order(1):
        _, count, carry = task.loss(parameters, tf.constant(batch), carry, tf.constant([0, 1]))
        total += float(count)
    assert total == len(data.train_ids) - (0 if carry_state else config.length)


def test_the_order_of_streams_depends_on_the_epoch():
    from pw13.experiments import charrnn_task

    config = settings(target="many-to-many", carry_state=True)
    data = prepare_dataset(NAMES, config)
    order = charrnn_task.stateful_order(data, config)
    again = charrnn_task.stateful_order(data, config)
    assert np.array_equal(order(2), again(2))
    assert not np.array_equal(order(2), order(3))
    assert order(2).shape == order(3).shape
