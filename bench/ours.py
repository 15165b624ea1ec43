"""pw13's side: the problem and the compiled chunk of the commands themselves."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.tasks import THREADS, Task
from pw13.system import tensorflow_runtime


class Material(NamedTuple):
    """A problem of pw13's, and what the peers need to train the same: compact arrays, characters, the data's name."""

    problem: Any
    arrays: dict[str, np.ndarray]
    characters: int
    source: str


def prepare(task: Task, count: int, folder: Path) -> tuple[dict[str, Any], Callable[[int], Callable[[], float]]]:
    """Build, compile, leave the material for the peers in `folder`: facts, and epoch -> a function that trains it."""
    tensorflow_runtime.start(THREADS, 0)
    import tensorflow as tf

    from pw13.training.chunk import compiled_chunk
    from pw13.training.state import advance_chunk, initial_state
    from pw13.training.task import TrainingOptions

    problem, arrays, characters, source = MATERIAL[task.kind](task, count)
    order = problem.order(1)
    weights = {f"weight{i}": np.asarray(variable.value) for i, variable in enumerate(problem.parameters)}
    np.savez(folder / "material.npz", order=order[order >= 0], **arrays, **weights)  # type: ignore[arg-type]
    state = initial_state(problem)
    begun = time.perf_counter()
    plan = TrainingOptions(epochs=1000, learning_rate=task.settings["learning_rate"])
    chunk = compiled_chunk(problem, plan, state.moving)
    compiled = time.perf_counter() - begun

    def epoch(number: int) -> Callable[[], float]:
        def run() -> float:
            nonlocal state
            order = tf.constant(problem.order(number))
            state = state._replace(epoch=number - 1, step=0, loss_sum=0.0, loss_count=0.0)
            while state.step < len(order):
                state = advance_chunk(state, chunk, order, problem)
            return state.loss_sum / state.loss_count

        return run

    facts = {"compile": compiled, "examples": int((order >= 0).sum()), "characters": characters, "source": source}
    return {**facts, "one_dnn": os.environ["TF_ENABLE_ONEDNN_OPTS"], "xla": problem.xla}, epoch


def _images(config: Any, count: int) -> tuple[Any, Any]:
    """The training part of the images, cut to `count` or repeated up to it."""
    from pw13.data.images import load_images, train_val_split

    images = load_images(None)
    limit = count if count < len(images.train_images) else None
    part = train_val_split(images, share=config.validation_share, limit=limit, seed=config.seed)
    times = math.ceil(count / 10_000)
    return images, part._replace(train_images=np.tile(part.train_images, (times, 1, 1)))


def _dense(task: Task, count: int) -> Material:
    from pw13.config.settings import DenseAE
    from pw13.data.images import to_vectors
    from pw13.experiments import dense_ae
    from pw13.models import dense_ae as model

    config = DenseAE(**task.settings)
    images, part = _images(config, count)
    models = model.build(784, config)
    problem = dense_ae.make_task(models, to_vectors(part.val_images), part.train_images, config)
    return Material(problem, {"clean": part.train_images}, 0, images.source.name)


def _conv(task: Task, count: int) -> Material:
    from pw13.config.settings import ConvDAE
    from pw13.data.images import noise, to_float
    from pw13.experiments import conv_dae
    from pw13.models import conv_dae as model

    config = ConvDAE(**task.settings)
    images, part = _images(config, count)
    problem = conv_dae.make_task(model.build(28, 28), part, config)
    noisy = noise.add(to_float(part.train_images), "gaussian", config.noise, rng=np.random.default_rng(0))
    return Material(problem, {"clean": part.train_images, "noisy": noisy}, 0, images.source.name)


def _charrnn(task: Task, count: int) -> Material:
    from pw13.config.settings import CharRNN
    from pw13.data.names import load_names, prepare_dataset, windows
    from pw13.experiments import charrnn_task
    from pw13.models import charrnn as model

    config = CharRNN(**task.settings)
    loaded = load_names(None)
    data = prepare_dataset(loaded.names, config)
    data = data._replace(train_ids=data.train_ids[: config.skip * (count - 1) + config.length + 1])
    network = model.build(data.vocab_file.vocabulary.size, config)
    problem = charrnn_task.make_task(network, data, config)
    x, y = getattr(windows, config.target.replace("-", "_"))(data.train_ids, config.length, config.skip)
    return Material(problem, {"x": x, "y": y}, data.vocab_file.vocabulary.size, loaded.source.name)


MATERIAL = {"dense-ae": _dense, "conv-dae": _conv, "charrnn": _charrnn}
