"""Effects of display typefaces: outline, shadow, pattern, round corners, rough edges, badge and coarse pixels.

Pictures are `(n, CANVAS, CANVAS)` uint8; an amount is `(n,)` in [0, 1), from weak to strong.
"""

import numpy as np

from pw13.data.builtin.shapes import CANVAS, SIDE, blur, grow, ink_boxes, resample, shrink


def steps(low: int, high: int | np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Scale amounts to integers `(n,)` int64 from `low` to `high`, both included."""
    offsets: np.ndarray = (amount * (high - low + 1)).astype(np.int64)
    return offsets + low


def outline(pictures: np.ndarray, amount: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Draw contours that extend 1 to 3 pixels, at most `limit` `(n,)`, to both sides of the edge."""
    reach = np.minimum(steps(1, 3, amount), limit)
    contours: np.ndarray = grow(pictures, reach, reach) - shrink(pictures, reach, reach)
    return contours


def shadow(pictures: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Add a shadow 3 to 7 pixels down and to the right, separated from the letter by a black seam."""
    seam = np.full(len(pictures), 2)
    lit = ~grow(pictures, seam, seam)
    distance = steps(3, 7, amount)
    source = np.arange(CANVAS) - distance[:, None]
    index = np.arange(len(pictures))[:, None, None]
    cast = pictures[index, source[:, :, None], source[:, None, :]]  # what wraps around is the empty margin
    result: np.ndarray = np.maximum(pictures, np.minimum(cast, lit))
    return result


def pattern(pictures: np.ndarray, amount: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Fill letters with stripes (horizontal, vertical, diagonal) or dots of 3 to 5 pixels; `kind` `(n,)` in [0, 1)."""
    period = steps(3, 5, amount)[:, None, None]
    x = np.arange(CANVAS)
    y = x[:, None]
    horizontal, vertical, diagonal = y // period % 2, x // period % 2, (x + y) // period % 2
    patterns = [horizontal, vertical, diagonal, horizontal | vertical]
    mask = np.choose((kind * 4).astype(np.int64)[:, None, None], patterns)
    filled: np.ndarray = pictures * mask.astype(np.uint8)
    return filled


def soften(pictures: np.ndarray, amount: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Round the corners: blur by 1 to 4 pixels, at most `limit` `(n,)`, then sharpen the edge again."""
    result = np.empty_like(pictures)
    reach = np.minimum(steps(1, 4, amount), limit)
    for pixels in np.unique(reach):
        blurred = blur(pictures[reach == pixels], int(pixels)).astype(np.int16)
        result[reach == pixels] = np.clip((blurred - 112) * 8, 0, 255)
    return result


def roughen(pictures: np.ndarray, amount: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Roughen the edges with grain `(CANVAS, CANVAS)` int16 in -75..75, shifted down by `amount` of its height."""
    shift = (amount * CANVAS).astype(np.int64)[:, None]
    noise = grain[(np.arange(CANVAS) + shift) % CANVAS]
    blurred = blur(pictures, 1).astype(np.int16)
    rough: np.ndarray = (blurred + noise * (blurred > 16) > 112) * np.uint8(255)
    return rough


def badge(pictures: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Cut letters out of a rectangle or an ellipse, or put a frame around them, chosen by `amount`."""
    left, top, right, bottom = ink_boxes(pictures).T[:, :, None, None]
    edge = np.maximum(right - left, bottom - top) * 18 // 100 + 1
    # Twice the distance from the centre of the letter, and twice the half width and height of the badge.
    x, width = np.abs(2 * np.arange(CANVAS) + 1 - left - right), right - left + 2 * edge
    y, height = np.abs(2 * np.arange(CANVAS)[:, None] + 1 - top - bottom), bottom - top + 2 * edge
    rectangle = (x < width) & (y < height)
    ellipse = (x * height) ** 2 + (y * width) ** 2 < (width * height) ** 2
    line = 2 * np.maximum(2, edge // 3)
    frame = rectangle & ((x >= width - line) | (y >= height - line))
    kind = (amount * 3).astype(np.int64)[:, None, None]
    shape = np.where(kind == 0, rectangle, ellipse) * np.uint8(255)
    result: np.ndarray = np.where(kind < 2, np.minimum(shape, ~pictures), np.maximum(pictures, frame * np.uint8(255)))
    return result


def coarse(pictures: np.ndarray, boxes: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Render the contents of `boxes` as images `(n, SIDE, SIDE)` uint8 that are 8 to 13 coarse pixels across."""
    images = np.empty((len(pictures), SIDE, SIDE), np.uint8)
    count = steps(8, 13, amount)
    for pixels in np.unique(count):
        rows = np.flatnonzero(count == pixels)
        small = (resample(pictures[rows], boxes[rows], int(pixels)) > 112) * np.uint8(255)
        enlarged = np.arange(SIDE) * pixels // SIDE
        images[rows] = small[:, enlarged[:, None], enlarged]
    return images
