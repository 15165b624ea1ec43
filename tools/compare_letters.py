"""How near the built-in letters come to notMNIST, as training images for its test file.

    python tools/compare_letters.py data/notmnist

Linear SVM: LinearSVC, C = 0.01, on pixels 0..1. 1-NN: the nearest training image. PCA: mean squared error a pixel of 32
components. Among neighbours: of 2,000 test images of DATA, the share whose nearest among 3,000 training images of DATA
and 3,000 built-in ones is of DATA (0.5: they cannot be told apart). Nearest: root mean square difference between a test
image and the nearest training image, median.
"""

import sys
from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.svm import LinearSVC

from pw13 import metrics
from pw13.baselines import pca
from pw13.data.images import load_images, to_vectors


class Part(NamedTuple):
    """Images `(n, pixels)` float32 in [0, 1] and their labels `(n,)`."""

    pixels: np.ndarray
    labels: np.ndarray


def main(data: str) -> None:
    real, own = load_images(data), load_images("builtin")
    train, test = (
        Part(to_vectors(real.train_images), real.train_labels),
        Part(to_vectors(real.test_images), real.test_labels),
    )
    ours, ours_test = (
        Part(to_vectors(own.train_images), own.train_labels),
        Part(to_vectors(own.test_images), own.test_labels),
    )
    print("trained on, tested on        mean    std  linear SVM   1-NN  PCA-32 error  SVM on PCA codes  nearest")
    for name, some, other in (
        ("DATA, DATA", train, test),
        ("built-in, DATA", ours, test),
        ("built-in, built-in", ours, ours_test),
        ("DATA, built-in", train, ours_test),
    ):
        print(f"{name:24s}", *compared(some, other), sep="  ")
    print(f"of DATA among neighbours: {among_neighbours(train, ours, test):.2f}")


def compared(train: Part, test: Part) -> tuple[str, ...]:
    linear = pca.fit(train.pixels, 32)
    codes, test_codes = linear.encode(train.pixels), linear.encode(test.pixels)
    nearest, distance = pairwise_distances_argmin_min(test.pixels, train.pixels)
    return (
        f"{train.pixels.mean():.3f}  {train.pixels.std():.3f}",
        f"{accuracy(train, test):10.1%}",
        f"{np.mean(train.labels[nearest] == test.labels):5.1%}",
        f"{metrics.mse(test.pixels, linear.decode(test_codes)):12.4f}",
        f"{accuracy(Part(codes, train.labels), Part(test_codes, test.labels)):16.1%}",
        f"{np.median(distance) / np.sqrt(train.pixels.shape[1]):7.3f}",
    )


def accuracy(train: Part, test: Part) -> float:
    return float(LinearSVC(C=0.01).fit(train.pixels, train.labels).score(test.pixels, test.labels))


def among_neighbours(train: Part, ours: Part, test: Part) -> float:
    rng = np.random.default_rng(0)
    mixed = np.concatenate([part.pixels[rng.permutation(len(part.pixels))[:3000]] for part in (train, ours)])
    some = test.pixels[rng.permutation(len(test.pixels))[:2000]]
    return float(np.mean(pairwise_distances_argmin_min(some, mixed)[0] < 3000))


if __name__ == "__main__":
    main(*sys.argv[1:])
