"""What `train-dense-ae` and a sweep of it do, as a notebook does it: Keras, scikit-learn, matplotlib, one process."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import keras
import matplotlib
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from bench.tasks import THREADS
from pw13.data.images import ImageSet, TrainValSplit, load_images, to_vectors, train_val_split
from pw13.system import machine

matplotlib.use("agg")
MAPPED = 1000  # test codes in the map, as many as pw13's
BATCH_SIZE = 128
FILE_OPTIONS: dict[str, dict[str, Any]] = {  # as pw13's
    "png": {"optimize": True},
    "webp": {"lossless": True, "quality": 100, "method": 4},
}


def main(folder: str, epochs: int, limit: int, code_sizes: list[int], seeds: int, xla: str) -> None:
    """Train every code size with every seed, and print the test MSE of each as JSON; measure and draw a single one.

    xla: "auto", Keras's default, or "off".
    """
    threads = THREADS if len(code_sizes) * seeds == 1 else machine.cores()  # as pw13 takes for one training, a sweep
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    images = load_images(None)
    split = train_val_split(images, share=0.1, limit=limit or None, split_seed=0)
    test = to_vectors(images.test_images)
    errors = {}
    for code_size in code_sizes:
        for seed in range(seeds):
            model, history = train(split, code_size, epochs, seed, xla)
            outputs = model.predict(test, batch_size=1000, verbose=0)
            errors[f"{code_size}-{seed}"] = float(np.mean(np.square(outputs - test)))
    if len(errors) == 1:
        report(model, history, outputs, images, split, Path(folder))
    print(json.dumps(errors))


def train(split: TrainValSplit, code_size: int, epochs: int, seed: int, xla: str) -> tuple[Any, dict[str, list[float]]]:
    """Train an autoencoder with a linear code; return it with the weights of its best epoch, and its losses."""
    keras.utils.set_random_seed(seed)
    train, val = to_vectors(split.train_images), to_vectors(split.val_images)
    code = keras.layers.Dense(code_size, name="code")
    model = keras.Sequential([keras.Input((784,)), code, keras.layers.Dense(784, activation="sigmoid")])
    steps = epochs * -(-len(train) // BATCH_SIZE)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps))
    model.compile(optimizer=adam, loss="mse", jit_compile="auto" if xla == "auto" else False)
    best = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    fitted = model.fit(
        train, train, batch_size=BATCH_SIZE, epochs=epochs, validation_data=(val, val), callbacks=[best], verbose=0
    )
    return model, fitted.history


def report(
    model: Any,
    history: dict[str, list[float]],
    outputs: np.ndarray,
    images: ImageSet,
    split: TrainValSplit,
    folder: Path,
) -> None:
    """Save the model and figures of losses, letters and codes; measure PCA and the sizes of image files."""
    test, code = to_vectors(images.test_images), model.get_layer("code")
    pca = PCA(code.units).fit(to_vectors(split.train_images))
    error = np.mean(np.square(pca.inverse_transform(pca.transform(test)) - test))
    sizes = {format: np.mean([file_size(image, format) for image in images.test_images]) for format in FILE_OPTIONS}
    places = TSNE(max_iter=500, random_state=0).fit_transform(keras.ops.convert_to_numpy(code(test[:MAPPED])))
    figure = Figure(figsize=(12, 8))
    (losses, codes), (inputs, decoded) = figure.subplots(2, 2)
    losses.plot(history["loss"])
    losses.plot(history["val_loss"])
    losses.set_title(f"PCA {error:.4f}, {sizes}")
    codes.scatter(*places.T, c=images.test_labels[:MAPPED], cmap="tab10", s=6)
    inputs.imshow(np.hstack(list(images.test_images[:10])), cmap="gray")
    decoded.imshow(np.hstack(list(outputs[:10].reshape(10, 28, 28))), cmap="gray")
    for suffix in ("png", "svg"):
        figure.savefig(folder / f"report.{suffix}")
    model.save(folder / "model.keras")


def file_size(image: np.ndarray, format: str) -> int:
    """Return the bytes of a grey image `(height, width)` uint8 as a lossless file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format, **FILE_OPTIONS[format])
    return len(buffer.getvalue())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
