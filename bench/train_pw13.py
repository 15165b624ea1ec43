"""pw13's side: the training task and the compiled chunk that the commands use."""

import math
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.tasks import THREADS, AfterEpoch, Facts, Task, Train
from pw13.system import device, tensorflow_runtime


class Prepared(NamedTuple):
    """A training task of pw13's, and the arrays that the other peers need to train the same."""

    task: Any
    arrays: dict[str, np.ndarray]
    vocab_size: int
    source: str


def prepare(_: str, task: Task, count: int, folder: Path) -> tuple[Facts, Train]:
    """Build and compile the training, and save its examples and initial weights in `folder` for the other peers."""
    tensorflow_runtime.start(THREADS, 0, device.from_environment() or "cpu")
    import tensorflow as tf

    from pw13.training.chunk import compiled_chunk
    from pw13.training.state import advance_chunk, initial_state
    from pw13.training.task import TrainingOptions

    training_task, arrays, vocab_size, source = PREPARE[task.kind](task, count)
    order = training_task.order(1)
    weights = {f"weight{i}": np.asarray(variable.value) for i, variable in enumerate(training_task.parameters)}
    np.savez(folder / "examples.npz", order=order[order >= 0], **arrays, **weights)  # type: ignore[arg-type]
    state = initial_state(training_task)
    started = time.perf_counter()
    options = TrainingOptions(epochs=1000, learning_rate=task.settings["learning_rate"])
    chunk = compiled_chunk(training_task, options, state.optimizer)
    compile_seconds = time.perf_counter() - started

    def train(after_epoch: AfterEpoch) -> None:
        nonlocal state
        over = False
        while not over:
            order = tf.constant(training_task.order(state.epoch + 1))
            while state.step < len(order):
                state = advance_chunk(state, chunk, order, training_task)
            over = after_epoch(state.loss_sum / state.loss_count)
            state = state._replace(epoch=state.epoch + 1, step=0, loss_sum=0.0, loss_count=0.0)

    facts = {"compile": compile_seconds, "examples": int((order >= 0).sum()), "vocab_size": vocab_size}
    return {
        **facts,
        "source": source,
        "one_dnn": os.environ["TF_ENABLE_ONEDNN_OPTS"],
        "xla": training_task.xla and device.supports_xla(),
    }, train


def _images(config: Any, count: int) -> tuple[Any, Any]:
    """Return the image set and its split, the training part cut to `count` images or repeated up to it."""
    from pw13.data.images import load_images, train_val_split

    images = load_images(None)
    limit = count if count < len(images.train_images) else None
    split = train_val_split(images, share=config.validation_share, limit=limit, split_seed=config.split_seed)
    repeats = math.ceil(count / 10_000)
    return images, split._replace(train_images=np.tile(split.train_images, (repeats, 1, 1)))


def _dense(task: Task, count: int) -> Prepared:
    from pw13.config.settings import DenseAE
    from pw13.experiments import dense_ae
    from pw13.models import dense_ae as model

    config = DenseAE(**task.settings)
    images, split = _images(config, count)
    models = model.build(784, config)
    training_task = dense_ae.make_task(models, split.val_images, split.train_images, config)
    return Prepared(training_task, {"clean": split.train_images}, 0, images.source.name)


def _conv(task: Task, count: int) -> Prepared:
    from pw13.config.settings import ConvDAE
    from pw13.experiments import conv_dae
    from pw13.models import conv_dae as model

    config = ConvDAE(**task.settings)
    images, split = _images(config, count)
    training_task = conv_dae.make_task(model.build(28, 28), split, config)
    (noisy,) = conv_dae.fixed_noise(split, config)  # the same for every peer
    return Prepared(training_task, {"clean": split.train_images, "noisy": noisy}, 0, images.source.name)


def _charrnn(task: Task, count: int) -> Prepared:
    from pw13.config.settings import CharRNN
    from pw13.data.names import load_names, prepare_dataset
    from pw13.experiments import charrnn_task
    from pw13.models import charrnn as model

    config = CharRNN(**task.settings)
    corpus = load_names(None)
    data = prepare_dataset(corpus.names, config)
    data = data._replace(train_ids=np.resize(data.train_ids, config.skip * (count - 1) + config.length + 1))
    vocab_size = data.vocab_file.vocabulary.size
    training_task = charrnn_task.make_task(model.build(vocab_size, config), data, config)
    windows = np.lib.stride_tricks.sliding_window_view(data.train_ids, config.length + 1)[:: config.skip]
    targets = windows[:, 1:] if config.target == "many-to-many" else windows[:, -1]
    return Prepared(training_task, {"x": windows[:, :-1], "y": targets}, vocab_size, corpus.source.name)


PREPARE = {"dense-ae": _dense, "conv-dae": _conv, "charrnn": _charrnn}
