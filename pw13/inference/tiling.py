"""An image of any size as overlapping tiles of one size, and back."""

from collections.abc import Callable, Iterator

import numpy as np

TILES_PER_BATCH = 1024  # tiles in memory


def map_tiles(
    image: np.ndarray, sides: tuple[int, int], change: Callable[[np.ndarray], np.ndarray], tell: Callable[[int], None]
) -> np.ndarray:
    """`image` `(height, width)` float32 with `change` done to tiles of `sides` and the results blended.

    Tiles overlap by half. Where they do, each counts by how far the pixel is from the tile's edge. A smaller image, or
    the last tile of a row, is filled up by its mirror image and cropped back. `change` takes and gives `(n, *sides)`;
    `tell` hears how many tiles are done.
    """
    starts = [_starts(length, side) for length, side in zip(image.shape, sides, strict=True)]
    full = [of_axis[-1] + side for of_axis, side in zip(starts, sides, strict=True)]
    padding = [(0, whole - length) for whole, length in zip(full, image.shape, strict=True)]
    padded = np.pad(image, padding, mode="symmetric")
    weight = np.outer(*(_slope(side) for side in sides))
    total, weights = np.zeros_like(padded), np.zeros_like(padded)
    for corners in _portions([(top, left) for top in starts[0] for left in starts[1]]):
        places = [(slice(top, top + sides[0]), slice(left, left + sides[1])) for top, left in corners]
        for place, tile in zip(places, change(np.stack([padded[place] for place in places])), strict=True):
            total[place] += weight * tile
            weights[place] += weight
        tell(len(corners))
    return (total / weights)[: image.shape[0], : image.shape[1]]


def count_tiles(shape: tuple[int, ...], sides: tuple[int, int]) -> int:
    """How many tiles an image of `shape` makes."""
    return int(np.prod([len(_starts(length, side)) for length, side in zip(shape, sides, strict=True)]))


def _starts(length: int, side: int) -> list[int]:
    """Where tiles begin along one axis, half a side apart, so that the last reaches the end."""
    stride = max(side // 2, 1)
    return [stride * i for i in range(1 + max(0, -(-(length - side) // stride)))]


def _slope(side: int) -> np.ndarray:
    """1, 2, ... to the middle and down again, `(side,)` float32."""
    ramp = np.arange(1, side + 1, dtype=np.float32)
    return np.minimum(ramp, ramp[::-1])


def _portions(corners: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(corners), TILES_PER_BATCH):
        yield corners[start : start + TILES_PER_BATCH]
