"""`python -m bench.make_images N --out DIR`: an image set of any size, the built-in letters shifted, faded and noisy.

The letters of its test set are those of the built-in test set: other typefaces than in training.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pw13.data.images import load_images
from pw13.data.images.idx import write_idx
from pw13.data.images.idx_folder import write_class_names
from pw13.data.published import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS

ROWS_PER_BLOCK = 10_000
MAX_SHIFT = 2  # pixels
MAX_NOISE = 16  # grey levels, up and down
LOWEST_CONTRAST = 0.6


def main() -> None:
    """Parse the options and write the set."""
    parser = argparse.ArgumentParser(prog="python -m bench.make_images", description=__doc__)
    parser.add_argument("count", type=int, metavar="N", help="training images")
    parser.add_argument("--test", type=int, default=10_000, metavar="N", help="test images (default 10000)")
    parser.add_argument("--gz", action="store_true", help="compress the files, which then cannot be mapped into memory")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write the IDX files in")
    options = parser.parse_args()
    make(options.out, options.count, options.test, gz=options.gz)


def make(folder: Path, count: int, test: int, *, gz: bool = False) -> None:
    """Write `count` training and `test` test images of 28x28 pixels, the same for the same numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    letters = load_images("builtin")
    parts = (
        (TRAIN_IMAGES, TRAIN_LABELS, letters.train_images, letters.train_labels, count),
        (TEST_IMAGES, TEST_LABELS, letters.test_images, letters.test_labels, test),
    )
    for number, (images_name, labels_name, images, labels, size) in enumerate(parts):
        rows = np.random.default_rng([number, 0]).integers(0, len(images), size)
        names = [name if gz else name.removesuffix(".gz") for name in (images_name, labels_name)]
        varied = vary(images, rows, rng=np.random.default_rng([number, 1]))
        write_idx(folder / names[0], (size, *images.shape[1:]), varied)
        write_idx(folder / names[1], (size,), [labels[rows].astype(np.uint8)])
    write_class_names(folder, letters.classes)


def vary(images: np.ndarray, rows: np.ndarray, *, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the images of `rows` in blocks, each shifted, faded and noisy: `(n, height, width)` uint8."""
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), *((MAX_SHIFT,) * 2,) * 2), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    for start in range(0, len(rows), ROWS_PER_BLOCK):
        block = rows[start : start + ROWS_PER_BLOCK]
        down, right = rng.integers(0, 2 * MAX_SHIFT + 1, (2, len(block)))
        shifted = windows[block, down, right].astype(np.float32)
        contrast = rng.uniform(LOWEST_CONTRAST, 1, (len(block), 1, 1)).astype(np.float32)
        noise = rng.integers(-MAX_NOISE, MAX_NOISE + 1, shifted.shape, np.int8)
        yield np.clip(shifted * contrast + noise, 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
