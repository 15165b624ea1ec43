"""Small image sets and name lists."""

from pathlib import Path

import numpy as np

from pw13.data.images.idx import write_idx

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def make_images(count: int, seed: int, size: tuple[int, int] = (28, 28)) -> tuple[np.ndarray, np.ndarray]:
    """Return `count` images of ten easy classes: a bright block in one of ten cells, on dim noise."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count) % 10).astype(np.uint8)
    images = rng.integers(0, 60, (count, *size)).astype(np.uint8)
    height, width = size[0] // 2, size[1] // 5
    for image, label in zip(images, labels, strict=True):
        row, column = divmod(int(label), 5)
        image[row * height : (row + 1) * height, column * width : (column + 1) * width] = rng.integers(180, 256)
    return images, labels


def make_data(folder: Path, train: int = 120, test: int = 60, size: tuple[int, int] = (28, 28)) -> Path:
    """Write a folder of four IDX files."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = (*make_images(train, 1, size), *make_images(test, 2, size))
    for name, array in zip(FILES, arrays, strict=True):
        write_idx(folder / name, array.shape, [array])
    return folder


def make_names(count: int, seed: int = 5) -> list[str]:
    """Return distinct pronounceable invented names."""
    rng = np.random.default_rng(seed)
    names: dict[str, None] = {}
    while len(names) < count:
        syllables = (
            "".join(rng.choice(list(part)) for part in ("bcdfgklmnprstvz", "aeiou")) for _ in range(rng.integers(2, 4))
        )
        names["".join(syllables).capitalize() + str(rng.choice(["", " Labs", ".io", " Co"]))] = None
    return list(names)
