"""Whole-number geometry on batches of pictures, the same bytes on every machine.

A picture is `(CANVAS, CANVAS)` uint8, white ink on black; its letter fills the cell of `CELL` pixels in the middle, and
the margin around is room for what makes it larger. Floating point is used only where the result is exact (products of
small whole numbers) or rounded the same way everywhere (one operation at a time, no exp, sin or power).
"""

import numpy as np

CELL = 64
MARGIN = 16
CANVAS = CELL + 2 * MARGIN
SIDE = 28  # of a finished image
MIDDLES = (np.arange(CELL) + 0.5) / CELL  # of the cell's pixels, the cell being 0..1


def framed(cells: np.ndarray) -> np.ndarray:
    """Cells `(n, CELL, CELL)` uint8 in the middle of black pictures."""
    pictures = np.zeros((len(cells), CANVAS, CANVAS), np.uint8)
    pictures[:, MARGIN:-MARGIN, MARGIN:-MARGIN] = cells
    return pictures


def bend(pictures: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Letters whose bowls stand more to a side and whose bars higher or lower; `(n,)` in -1..1, 0 for none."""
    each = np.arange(len(pictures))[:, None]
    cells = pictures[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    for amount in (down, across):
        source = MIDDLES + amount[:, None] * (MIDDLES * (1 - MIDDLES))
        chosen = np.clip(source * CELL, 0, CELL - 1).astype(np.intp)
        cells = cells[each, chosen].swapaxes(1, 2)  # rows first; then turned over, so that columns are rows
    return framed(cells)


def grow(pictures: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Pictures whose ink reaches `(n,)` pixels farther to both sides."""
    pictures = pictures.copy()
    for axis, reaches in ((2, across), (1, down)):
        turned = pictures.swapaxes(1, axis)
        for reach in np.unique(reaches[reaches > 0]):
            rows = np.flatnonzero(reaches == reach)
            turned[rows] = swell(turned[rows], int(reach))
    return pictures


def swell(pictures: np.ndarray, reach: int) -> np.ndarray:
    """Pictures `(n, length, any)` whose ink reaches farther along the second axis, in few steps of growing length."""
    done = 0
    while done < reach:
        step = min(2 * done + 1, reach - done)  # no longer than what is filled already, so that no gap stays
        before, pictures = pictures, pictures.copy()
        np.maximum(pictures[:, step:], before[:, :-step], out=pictures[:, step:])
        np.maximum(pictures[:, :-step], before[:, step:], out=pictures[:, :-step])
        done += step
    return pictures


def shrink(pictures: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Pictures whose ink reaches `(n,)` pixels less far to both sides."""
    return ~grow(~pictures, across, down)


def blur(pictures: np.ndarray, reach: int) -> np.ndarray:
    """Pictures after two box blurs of `2 * reach + 1` pixels, nearly a Gaussian blur."""
    width = 2 * reach + 1
    for axis in (1, 2, 1, 2):
        padding = [(0, 0), (0, 0), (0, 0)]
        padding[axis] = (reach + 1, reach)
        total = np.pad(pictures, padding).cumsum(axis, dtype=np.int32).swapaxes(0, axis)
        pictures = ((total[width:] - total[:-width] + reach) // width).astype(np.uint8).swapaxes(0, axis)
    return pictures


def lean(
    pictures: np.ndarray, extents: np.ndarray, aspects: np.ndarray, slant: np.ndarray, turn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Slanted and turned letters, stretched to fill the cell again.

    Args:
        pictures: `(n, CANVAS, CANVAS)` uint8.
        extents: `(n, 2)` pixels that a letter is wide and high, in the middle of its picture.
        aspects: `(n,)` true width of a pixel over its height.
        slant: `(n,)` tangent of the angle.
        turn: `(n,)` tangent of half the angle.

    Returns:
        The pictures and the aspects that their pixels have now.
    """
    wide, high = extents[:, 0], extents[:, 1]
    cosine, sine = (1 - turn * turn) / (1 + turn * turn), 2 * turn / (1 + turn * turn)
    xx, xy, yx, yy = cosine, cosine * slant - sine, sine, sine * slant + cosine  # from the new letter to the old one
    width = np.abs(yy) * aspects * wide + np.abs(xy) * high
    height = np.abs(yx) * aspects * wide + np.abs(xx) * high
    columns = places(xx * width / aspects)[:, None, :] + places(xy * height / aspects)[:, :, None]
    rows = places(yx * width)[:, None, :] + places(yy * height)[:, :, None]
    return sample(pictures, columns, rows), width / height


def taper(pictures: np.ndarray, extents: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Letters that fill the cell, narrower by `(n,)` at the top (below 0: at the foot) and at the left (the right)."""
    x, y = (places(extent.astype(np.float64)) for extent in extents.T)
    by_row = 1 + (np.abs(across) / 2)[:, None] - across[:, None] * (MIDDLES - 0.5)
    by_column = 1 + (np.abs(down) / 2)[:, None] - down[:, None] * (MIDDLES - 0.5)
    columns = np.rint(x[:, None, :] * by_row[:, :, None])
    rows = np.rint(y[:, :, None] * by_column[:, None, :])
    return sample(pictures, columns.astype(np.int32), rows.astype(np.int32))


def places(length: np.ndarray) -> np.ndarray:
    """Where the cell's pixels lie on a line of `length` `(n,)` pixels: `(n, CELL)` int32, 16ths from its middle."""
    return np.rint(length[:, None] * (MIDDLES - 0.5) * 16).astype(np.int32)


def sample(pictures: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Pictures whose cell shows what stands at `(n, CELL, CELL)` places, int32 in 16ths of a pixel from the middle."""
    middle, last = CANVAS * 8, CANVAS * 16 - 1
    column, row = np.clip(columns + middle, 0, last) >> 4, np.clip(rows + middle, 0, last) >> 4
    start = (np.arange(len(pictures), dtype=np.int32) * (CANVAS * CANVAS))[:, None, None]
    return framed(pictures.ravel()[start + row * CANVAS + column])


def ink_boxes(pictures: np.ndarray, above: int = 24) -> np.ndarray:
    """`(n, 4)` int64: left, top, right, bottom of what is brighter than `above`, ends excluded; all 0 without ink."""
    ink = pictures > above
    sides = []
    for axis in (1, 2):
        line = np.asarray(ink.any(axis))
        last = np.where(line.any(axis=1), line.shape[1] - line[:, ::-1].argmax(axis=1), 0)
        sides.append((line.argmax(1), last))
    (left, right), (top, bottom) = sides
    return np.stack([left, top, right, bottom], 1)


def resample(pictures: np.ndarray, boxes: np.ndarray, size: int = SIDE) -> np.ndarray:
    """What stands in `boxes` `(n, 4)`, stretched to `(n, size, size)` uint8; beyond the canvas all is black.

    The sums stay below 2**24, so float32 holds them exactly in whatever order they are added.
    """
    down, across = weights(boxes[:, 1], boxes[:, 3], size), weights(boxes[:, 0], boxes[:, 2], size)
    result = mean(down @ pictures.astype(np.float32), down.sum(2)[:, :, None])
    return mean(result @ across.swapaxes(1, 2), across.sum(2)[:, None, :]).astype(np.uint8)


def weights(first: np.ndarray, last: np.ndarray, size: int) -> np.ndarray:
    """`(n, size, CANVAS)` float32 whole-number triangle weights that resample pixels first..last to `size`."""
    spans, which = np.unique(np.stack([first, last], 1), axis=0, return_inverse=True)  # few differ: much to save
    first, last = spans[:, 0, None, None], spans[:, 1, None, None]
    scale = (last - first) / size
    centre = first + (np.arange(size) + 0.5)[:, None] * scale - 0.5
    pixel = np.arange(CANVAS)
    weight = np.maximum(1 - np.abs(pixel - centre) / np.maximum(scale, 1), 0) * ((pixel >= first) & (pixel < last))
    return np.rint(weight * 1024).astype(np.float32)[which.reshape(-1)]


def mean(sums: np.ndarray, total: np.ndarray) -> np.ndarray:
    """`sums / total` to the nearest whole number, float32; 0 where nothing was added."""
    return np.floor(sums / np.maximum(total, 1) + np.float32(0.5))
