"""Keras `fit` as the notebooks call it: one-hot or float arrays, batches of 128, oneDNN as the environment sets it.

On a GPU without XLA, which has no kernel for cuDNN's recurrent layers.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.tasks import Facts, Task, TrainEpoch

BATCH_SIZE = 128
LAYERS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def prepare(task: Task, _: int, folder: Path) -> tuple[Facts, TrainEpoch]:
    """Build the model with pw13's initial weights, its examples in the order of pw13's first epoch."""
    import keras

    with np.load(folder / "examples.npz") as file:
        examples = dict(file)
    x, y = arrays(examples)
    model = build(task, x.shape[1:], y.shape[-1])
    model.set_weights([examples[f"weight{i}"] for i in range(len(model.weights))])
    loss = "categorical_crossentropy" if task.kind == "charrnn" else "mse"
    xla = False if os.environ["PW13_DEVICE"] == "gpu" else "auto"
    model.compile(optimizer=keras.optimizers.Adam(task.settings["learning_rate"]), loss=loss, jit_compile=xla)

    def epoch(number: int) -> Callable[[], float]:
        return lambda: model.fit(x, y, batch_size=BATCH_SIZE, epochs=1, shuffle=False, verbose=0).history["loss"][0]

    return {"examples": len(x), "one_dnn": os.environ["TF_ENABLE_ONEDNN_OPTS"]}, epoch


def arrays(examples: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets as float32 arrays."""
    order = examples["order"]
    if "x" in examples:
        one_hot = np.eye(len(examples["weight0"]), dtype=np.float32)
        return one_hot[examples["x"][order]], one_hot[examples["y"][order]]
    clean = examples["clean"][order].astype(np.float32) / 255
    if "noisy" in examples:
        return examples["noisy"][order][..., None], clean[..., None]
    return (flat := clean.reshape(len(clean), -1)), flat


def build(task: Task, shape: tuple[int, ...], outputs: int) -> Any:
    """Build the handout's model of the task from Keras's own layers."""
    import keras
    from keras import layers

    if task.kind == "dense-ae":
        return keras.Sequential([keras.Input(shape), layers.Dense(32), layers.Dense(784, activation="sigmoid")])
    if task.kind == "conv-dae":

        def conv(filters: int, activation: str = "relu") -> keras.Layer:
            return layers.Conv2D(filters, 3, padding="same", activation=activation)

        encoder = [conv(32), layers.MaxPooling2D(2), conv(64), layers.MaxPooling2D(2), conv(128)]
        decoder = [conv(128), layers.UpSampling2D(2), conv(64), layers.UpSampling2D(2), conv(1, "sigmoid")]
        return keras.Sequential([keras.Input(shape), *encoder, *decoder])
    layer = getattr(layers, LAYERS[task.settings["cell"]])
    every_step = task.settings.get("target") == "many-to-many"
    recurrent = layer(task.settings.get("units", 64), return_sequences=every_step)
    return keras.Sequential([keras.Input(shape), recurrent, layers.Dense(outputs, activation="softmax")])
