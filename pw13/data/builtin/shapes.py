"""Integer geometry on batches of pictures, with the same bytes on every machine.

A picture is `(CANVAS, CANVAS)` uint8, white ink on black; its letter fills the central cell of `CELL` pixels, and the
margin leaves space for augmentations that enlarge it. Floating point is used only where the result is exact (products
of small integers) or rounded the same way everywhere (one operation at a time, no exp, sin or power).
"""

import numpy as np

CELL = 64
MARGIN = 16
CANVAS = CELL + 2 * MARGIN
SIDE = 28  # of a finished image
BACKGROUND = 24  # brightest grey level that is not ink
CENTRES = (np.arange(CELL) + 0.5) / CELL  # of the cell's pixels, in units of the cell


def framed(cells: np.ndarray) -> np.ndarray:
    """Put cells `(n, CELL, CELL)` uint8 into the centre of black pictures."""
    pictures = np.zeros((len(cells), CANVAS, CANVAS), np.uint8)
    pictures[:, MARGIN:-MARGIN, MARGIN:-MARGIN] = cells
    return pictures


def bend(pictures: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Shift bowls to the side by `across` and bars up or down by `down`, `(n,)` in -1..1 (0 = none)."""
    index = np.arange(len(pictures))[:, None]
    cells = pictures[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    for amount in (down, across):
        source = CENTRES + amount[:, None] * (CENTRES * (1 - CENTRES))
        nearest = np.clip(source * CELL, 0, CELL - 1).astype(np.intp)
        cells = cells[index, nearest].swapaxes(1, 2)  # rows first, then the columns as rows of the transposed cells
    return framed(cells)


def grow(pictures: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Dilate the ink by `(n,)` pixels on both sides of each axis."""
    pictures = pictures.copy()
    for axis, reaches in ((2, across), (1, down)):
        view = pictures.swapaxes(1, axis)
        for reach in np.unique(reaches[reaches > 0]):
            rows = np.flatnonzero(reaches == reach)
            view[rows] = dilate(view[rows], int(reach))
    return pictures


def dilate(pictures: np.ndarray, reach: int) -> np.ndarray:
    """Dilate the ink of `(n, length, any)` along the second axis by `reach`, in few steps of growing length."""
    done = 0
    while done < reach:
        step = min(2 * done + 1, reach - done)  # at most what is already filled, so that no gap remains
        before, pictures = pictures, pictures.copy()
        np.maximum(pictures[:, step:], before[:, :-step], out=pictures[:, step:])
        np.maximum(pictures[:, :-step], before[:, step:], out=pictures[:, :-step])
        done += step
    return pictures


def shrink(pictures: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Erode the ink by `(n,)` pixels on both sides of each axis."""
    return ~grow(~pictures, across, down)


def blur(pictures: np.ndarray, reach: int) -> np.ndarray:
    """Blur twice by a box of `2 * reach + 1` pixels, which approximates a Gaussian blur."""
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
    """Slant and rotate letters and stretch them to fill the cell again.

    Args:
        pictures: `(n, CANVAS, CANVAS)` uint8.
        extents: `(n, 2)` width and height of the letters in pixels; they are centred in their pictures.
        aspects: `(n,)` true width of a pixel over its height.
        slant: `(n,)` tangent of the slant angle.
        turn: `(n,)` tangent of half the rotation angle.

    Returns:
        The pictures and the new aspects of their pixels.
    """
    wide, high = extents[:, 0], extents[:, 1]
    cosine, sine = (1 - turn * turn) / (1 + turn * turn), 2 * turn / (1 + turn * turn)
    xx, xy, yx, yy = cosine, cosine * slant - sine, sine, sine * slant + cosine  # maps the new letter to the old one
    width = np.abs(yy) * aspects * wide + np.abs(xy) * high
    height = np.abs(yx) * aspects * wide + np.abs(xx) * high
    columns = pixel_positions(xx * width / aspects)[:, None, :] + pixel_positions(xy * height / aspects)[:, :, None]
    rows = pixel_positions(yx * width)[:, None, :] + pixel_positions(yy * height)[:, :, None]
    return sample(pictures, columns, rows), width / height


def taper(pictures: np.ndarray, extents: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Taper letters to fill the cell, narrower by `across` `(n,)` at the top and by `down` at the left.

    Negative amounts taper at the bottom and at the right.
    """
    x, y = (pixel_positions(extent.astype(np.float64)) for extent in extents.T)
    by_row = 1 + (np.abs(across) / 2)[:, None] - across[:, None] * (CENTRES - 0.5)
    by_column = 1 + (np.abs(down) / 2)[:, None] - down[:, None] * (CENTRES - 0.5)
    columns = np.rint(x[:, None, :] * by_row[:, :, None])
    rows = np.rint(y[:, :, None] * by_column[:, None, :])
    return sample(pictures, columns.astype(np.int32), rows.astype(np.int32))


def pixel_positions(length: np.ndarray) -> np.ndarray:
    """Return the cell's pixel positions on lines of `length` `(n,)`, `(n, CELL)` int32 in 16ths from the centre."""
    return np.rint(length[:, None] * (CENTRES - 0.5) * 16).astype(np.int32)


def sample(pictures: np.ndarray, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Sample pictures at positions `(n, CELL, CELL)` int32, in 16ths of a pixel from the centre."""
    centre, last = CANVAS * 8, CANVAS * 16 - 1
    column, row = np.clip(columns + centre, 0, last) >> 4, np.clip(rows + centre, 0, last) >> 4
    start = (np.arange(len(pictures), dtype=np.int32) * (CANVAS * CANVAS))[:, None, None]
    return framed(pictures.ravel()[start + row * CANVAS + column])


def ink_boxes(pictures: np.ndarray) -> np.ndarray:
    """Return bounding boxes of the ink, `(n, 4)` int64: left, top, right, bottom (ends excluded).

    A picture without ink has a box of zeros.
    """
    ink = pictures > BACKGROUND
    sides = []
    for axis in (1, 2):
        profile = np.asarray(ink.any(axis))
        last = np.where(profile.any(axis=1), profile.shape[1] - profile[:, ::-1].argmax(axis=1), 0)
        sides.append((profile.argmax(1), last))
    (left, right), (top, bottom) = sides
    return np.stack([left, top, right, bottom], 1)


def resample(pictures: np.ndarray, boxes: np.ndarray, size: int = SIDE) -> np.ndarray:
    """Stretch the contents of `boxes` `(n, 4)` to `(n, size, size)` uint8; beyond the canvas all is black.

    The sums stay below 2**24, so float32 holds them exactly whatever the order of additions.
    """
    down, across = weights(boxes[:, 1], boxes[:, 3], size), weights(boxes[:, 0], boxes[:, 2], size)
    result = rounded_mean(down @ pictures.astype(np.float32), down.sum(2)[:, :, None])
    return rounded_mean(result @ across.swapaxes(1, 2), across.sum(2)[:, None, :]).astype(np.uint8)


def weights(first: np.ndarray, last: np.ndarray, size: int) -> np.ndarray:
    """Return integer triangle weights `(n, size, CANVAS)` float32 that resample pixels first..last to `size`."""
    spans, inverse = np.unique(np.stack([first, last], 1), axis=0, return_inverse=True)  # few are distinct
    first, last = spans[:, 0, None, None], spans[:, 1, None, None]
    scale = (last - first) / size
    centre = first + (np.arange(size) + 0.5)[:, None] * scale - 0.5
    pixel = np.arange(CANVAS)
    weight = np.maximum(1 - np.abs(pixel - centre) / np.maximum(scale, 1), 0) * ((pixel >= first) & (pixel < last))
    rounded: np.ndarray = np.rint(weight * 1024).astype(np.float32)
    return rounded[inverse.reshape(-1)]


def rounded_mean(sums: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return `sums / total` rounded to the nearest integer, float32; 0 where `total` is 0."""
    rounded: np.ndarray = np.floor(sums / np.maximum(total, 1) + np.float32(0.5))
    return rounded
