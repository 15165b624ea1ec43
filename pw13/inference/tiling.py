"""Process an image of any size in overlapping tiles of one size."""

from collections.abc import Callable, Iterator

import numpy as np

TILES_PER_BATCH = 1024  # bounds memory


def map_tiles(
    image: np.ndarray,
    sides: tuple[int, int],
    function: Callable[[np.ndarray], np.ndarray],
    on_batch: Callable[[int], object],
    *,
    tiles_per_batch: int = TILES_PER_BATCH,
) -> np.ndarray:
    """Apply `function` to overlapping tiles of `image` `(height, width)` float32 and blend the results.

    Tiles overlap by half, weighted by the distance of a pixel from the tile's edge. A smaller image, or the last tile
    of a row, is padded by its mirror image and cropped back. `function` maps `(n, *sides)` to the same shape;
    `on_batch` is called with the number of tiles in each finished batch.
    """
    starts = [_starts(length, side) for length, side in zip(image.shape, sides, strict=True)]
    padded_shape = [axis_starts[-1] + side for axis_starts, side in zip(starts, sides, strict=True)]
    padding = [(0, padded - length) for padded, length in zip(padded_shape, image.shape, strict=True)]
    padded = np.pad(image, padding, mode="symmetric")
    weight = np.outer(*(_ramp(side) for side in sides))
    total, weights = np.zeros_like(padded), np.zeros_like(padded)
    for corners in _batches([(top, left) for top in starts[0] for left in starts[1]], tiles_per_batch):
        regions = [(slice(top, top + sides[0]), slice(left, left + sides[1])) for top, left in corners]
        tiles = function(np.stack([padded[region] for region in regions]))
        for region, tile in zip(regions, tiles, strict=True):
            total[region] += weight * tile
            weights[region] += weight
        on_batch(len(corners))
    blended: np.ndarray = total / weights
    return blended[: image.shape[0], : image.shape[1]]


def count_tiles(shape: tuple[int, ...], sides: tuple[int, int]) -> int:
    """Return the number of tiles of an image of `shape`."""
    return int(np.prod([len(_starts(length, side)) for length, side in zip(shape, sides, strict=True)]))


def _starts(length: int, side: int) -> list[int]:
    """Return the starts of tiles along one axis, half a side apart; the last tile reaches the end."""
    stride = max(side // 2, 1)
    return [stride * i for i in range(1 + max(0, -(-(length - side) // stride)))]


def _ramp(side: int) -> np.ndarray:
    """Return 1, 2, ... up to the middle and down again, `(side,)` float32."""
    ramp = np.arange(1, side + 1, dtype=np.float32)
    return np.minimum(ramp, ramp[::-1])


def _batches(corners: list[tuple[int, int]], size: int) -> Iterator[list[tuple[int, int]]]:
    for start in range(0, len(corners), size):
        yield corners[start : start + size]
