"""Compare the built-in letters with notMNIST, as training images for its test file.

    python tools/compare_letters.py data/notmnist

Columns: mean and standard deviation of the training pixels; test accuracy of a linear SVM (LinearSVC, C = 0.01, pixels
in [0, 1]) and of the nearest training image (1-NN); mean squared error per pixel of 32 PCA components; accuracy of the
SVM on their codes; median root mean square difference between a test image and the nearest training image (nearest).

Last line: of 2,000 test images of DATA, the fraction whose nearest neighbour among 3,000 training images of DATA and
3,000 built-in ones is of DATA (0.5 = indistinguishable).
"""

import sys
from typing import NamedTuple

import numpy as np
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.svm import LinearSVC

from pw13 import metrics
from pw13.baselines import pca
from pw13.data.images import load_images, to_vectors


class ImageVectors(NamedTuple):
    """Images `(n, pixels)` float32 in [0, 1] and their labels `(n,)`."""

    pixels: np.ndarray
    labels: np.ndarray


def main(data: str) -> None:
    real, builtin = load_images(data), load_images("builtin")
    real_train, builtin_train = (ImageVectors(to_vectors(i.train_images), i.train_labels) for i in (real, builtin))
    real_test, builtin_test = (ImageVectors(to_vectors(i.test_images), i.test_labels) for i in (real, builtin))
    print("train, test                  mean    std  linear SVM   1-NN  PCA-32 error  SVM on PCA codes  nearest")
    for name, train, test in (
        ("DATA, DATA", real_train, real_test),
        ("built-in, DATA", builtin_train, real_test),
        ("built-in, built-in", builtin_train, builtin_test),
        ("DATA, built-in", real_train, builtin_test),
    ):
        print(f"{name:24s}", *compare(train, test), sep="  ")
    print(f"nearest neighbours in DATA: {real_neighbours(real_train, builtin_train, real_test):.2f}")


def compare(train: ImageVectors, test: ImageVectors) -> tuple[str, ...]:
    linear = pca.fit(train.pixels, 32)
    codes, test_codes = linear.encode(train.pixels), linear.encode(test.pixels)
    nearest, distance = pairwise_distances_argmin_min(test.pixels, train.pixels)
    return (
        f"{train.pixels.mean():.3f}  {train.pixels.std():.3f}",
        f"{accuracy(train, test):10.1%}",
        f"{np.mean(train.labels[nearest] == test.labels):5.1%}",
        f"{metrics.mse(test.pixels, linear.decode(test_codes)):12.4f}",
        f"{accuracy(ImageVectors(codes, train.labels), ImageVectors(test_codes, test.labels)):16.1%}",
        f"{np.median(distance) / np.sqrt(train.pixels.shape[1]):7.3f}",
    )


def accuracy(train: ImageVectors, test: ImageVectors) -> float:
    return float(LinearSVC(C=0.01).fit(train.pixels, train.labels).score(test.pixels, test.labels))


def real_neighbours(real: ImageVectors, builtin: ImageVectors, test: ImageVectors) -> float:
    rng = np.random.default_rng(0)
    mixed = np.concatenate([train.pixels[rng.permutation(len(train.pixels))[:3000]] for train in (real, builtin)])
    sample = test.pixels[rng.permutation(len(test.pixels))[:2000]]
    return float(np.mean(pairwise_distances_argmin_min(sample, mixed)[0] < 3000))


if __name__ == "__main__":
    main(*sys.argv[1:])
