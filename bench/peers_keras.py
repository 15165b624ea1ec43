"""Keras `fit` the notebook's way: one-hot or float arrays, batches of 128, TensorFlow as the environment starts it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.tasks import Task

BATCH = 128


def prepare(task: Task, _: int, folder: Path) -> tuple[dict[str, Any], Callable[[int], Callable[[], float]]]:
    """The model with the weights that pw13 began with, the examples in the order of pw13's first epoch."""
    import keras

    with np.load(folder / "material.npz") as file:
        material = dict(file)
    x, y = arrays(material)
    model = build(task, x.shape[1:], y.shape[-1])
    model.set_weights([material[f"weight{i}"] for i in range(len(model.weights))])
    loss = "categorical_crossentropy" if task.kind == "charrnn" else "mse"
    model.compile(optimizer=keras.optimizers.Adam(task.settings["learning_rate"]), loss=loss)

    def epoch(number: int) -> Callable[[], float]:
        return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0).history["loss"][0]

    return {"examples": len(x), "one_dnn": os.environ["TF_ENABLE_ONEDNN_OPTS"]}, epoch


def arrays(material: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets as float32 arrays."""
    order = material["order"]
    if "x" in material:
        one_hot = np.eye(len(material["weight0"]), dtype=np.float32)
        return one_hot[material["x"][order]], one_hot[material["y"][order]]
    clean = material["clean"][order].astype(np.float32) / 255
    if "noisy" in material:
        return material["noisy"][order][..., None], clean[..., None]
    return (flat := clean.reshape(len(clean), -1)), flat


def build(task: Task, shape: tuple[int, ...], outputs: int) -> Any:
    """The handout's models in Keras's own layers."""
    import keras
    from keras import layers

    if task.kind == "dense-ae":
        return keras.Sequential([keras.Input(shape), layers.Dense(32), layers.Dense(784, activation="sigmoid")])
    if task.kind == "conv-dae":
        conv = lambda filters, activation="relu": layers.Conv2D(filters, 3, padding="same", activation=activation)  # noqa: E731
        encoder = [conv(32), layers.MaxPooling2D(2), conv(64), layers.MaxPooling2D(2), conv(128)]
        decoder = [conv(128), layers.UpSampling2D(2), conv(64), layers.UpSampling2D(2), conv(1, "sigmoid")]
        return keras.Sequential([keras.Input(shape), *encoder, *decoder])
    layer = {"simple": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}[task.settings["cell"]]
    many = task.settings.get("target") == "many-to-many"
    recurrent = layer(task.settings.get("units", 64), return_sequences=many)
    return keras.Sequential([keras.Input(shape), recurrent, layers.Dense(outputs, activation="softmax")])
