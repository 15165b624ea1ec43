"""Keras `fit` as the notebooks call it: one-hot or float arrays, batches of 128, oneDNN as the environment sets it.

Also without XLA, and with many steps per call of the compiled function. On a GPU without XLA, which has no kernel for
cuDNN's recurrent layers.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from bench.tasks import THREADS, AfterEpoch, Facts, Task, Train

BATCH_SIZE = 128
MAX_EPOCHS = 1_000_000  # the callback ends the training
STEPS = 32  # per call of the compiled function, for `steps_per_execution`
# Where `compile` departs from Keras's defaults: XLA for every model here on the CPU, one step per call.
COMPILE: dict[str, Facts] = {
    "keras-gpu": {"jit_compile": False},
    "keras-no-xla": {"jit_compile": False},
    "keras-steps": {"steps_per_execution": STEPS},
    "keras-no-xla-steps": {"jit_compile": False, "steps_per_execution": STEPS},
}
LAYERS = {"simple": "SimpleRNN", "gru": "GRU", "lstm": "LSTM"}


def prepare(peer: str, task: Task, _: int, folder: Path) -> tuple[Facts, Train]:
    """Build the model with pw13's initial weights, its examples in the order of pw13's first epoch."""
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    tf.config.experimental.enable_tensor_float_32_execution(False)  # on GPUs: float32, as pw13
    with np.load(folder / "examples.npz") as file:
        examples = dict(file)
    x, y = arrays(examples)
    model = build(task, x.shape[1:], y.shape[-1])
    model.set_weights([examples[f"weight{i}"] for i in range(len(model.weights))])
    loss = "categorical_crossentropy" if task.kind == "charrnn" else "mse"
    adam = keras.optimizers.Adam(task.settings["learning_rate"])
    model.compile(optimizer=adam, loss=loss, **COMPILE.get(peer, {}))

    def train(after_epoch: AfterEpoch) -> None:
        def epoch_ended(_: int, logs: Facts) -> None:
            model.stop_training = after_epoch(logs["loss"])

        timer = keras.callbacks.LambdaCallback(on_epoch_end=epoch_ended)
        model.fit(x, y, batch_size=BATCH_SIZE, epochs=MAX_EPOCHS, shuffle=False, verbose=0, callbacks=[timer])

    return {"examples": len(x), "one_dnn": os.environ["TF_ENABLE_ONEDNN_OPTS"]}, train


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
