"""What makes a letter one of a display face: outline, shadow, pattern, round corners, rough edge, badge, coarse pixels.

Pictures are `(n, CANVAS, CANVAS)` uint8; an amount is `(n,)` in [0, 1), from little to much.
"""

import numpy as np

from pw13.data.builtin.shapes import CANVAS, SIDE, blur, grow, ink_boxes, resample, shrink


def steps(low: int, high: int, amount: np.ndarray) -> np.ndarray:
    """Whole numbers `(n,)` int64 from `low` to `high`, both included."""
    return low + (amount * (high - low + 1)).astype(np.int64)


def outline(pictures: np.ndarray, amount: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Contours that reach 1 to 3 pixels, `limit` `(n,)` at most, to either side of the edge."""
    reach = np.minimum(steps(1, 3, amount), limit)
    return grow(pictures, reach, reach) - shrink(pictures, reach, reach)


def shadow(pictures: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Letters that throw a shadow of 3 to 7 pixels down to the right, a black seam between."""
    two = np.full(len(pictures), 2)
    light = ~grow(pictures, two, two)
    distance = steps(3, 7, amount)
    source = np.arange(CANVAS) - distance[:, None]
    each = np.arange(len(pictures))[:, None, None]
    thrown = pictures[each, source[:, :, None], source[:, None, :]]  # what comes round from the other side is margin
    return np.maximum(pictures, np.minimum(thrown, light))


def pattern(pictures: np.ndarray, amount: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Letters in stripes (level, upright, slanting) or dots of 3 to 5 pixels; kind `(n,)` in [0, 1) says which."""
    period = steps(3, 5, amount)[:, None, None]
    across = np.arange(CANVAS)
    down = across[:, None]
    level, upright, slanting = down // period % 2, across // period % 2, (across + down) // period % 2
    shown = np.choose((kind * 4).astype(np.int64)[:, None, None], [level, upright, slanting, level | upright])
    return pictures * shown.astype(np.uint8)


def soften(pictures: np.ndarray, amount: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Round corners: blurred by 1 to 4 pixels, `limit` `(n,)` at most, then hard again."""
    result = np.empty_like(pictures)
    reach = np.minimum(steps(1, 4, amount), limit)
    for pixels in np.unique(reach):
        soft = blur(pictures[reach == pixels], int(pixels)).astype(np.int16)
        result[reach == pixels] = np.clip((soft - 112) * 8, 0, 255)
    return result


def roughen(pictures: np.ndarray, amount: np.ndarray, grain: np.ndarray) -> np.ndarray:
    """Rough edges; grain `(CANVAS, CANVAS)` int16 in -75..75 is shifted down by `amount` of its height."""
    shift = (amount * CANVAS).astype(np.int64)[:, None]
    noise = grain[(np.arange(CANVAS) + shift) % CANVAS]
    soft = blur(pictures, 1).astype(np.int16)
    return (soft + noise * (soft > 16) > 112) * np.uint8(255)


def badge(pictures: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Letters cut out of a rectangle or an ellipse, or in a frame; `amount` says which."""
    left, top, right, bottom = ink_boxes(pictures).T[:, :, None, None]
    edge = np.maximum(right - left, bottom - top) * 18 // 100 + 1
    # Twice the distance from the middle of the letter, and twice the half width and height of the badge.
    x, width = np.abs(2 * np.arange(CANVAS) + 1 - left - right), right - left + 2 * edge
    y, height = np.abs(2 * np.arange(CANVAS)[:, None] + 1 - top - bottom), bottom - top + 2 * edge
    rectangle = (x < width) & (y < height)
    ellipse = (x * height) ** 2 + (y * width) ** 2 < (width * height) ** 2
    line = 2 * np.maximum(2, edge // 3)
    frame = rectangle & ((x >= width - line) | (y >= height - line))
    kind = (amount * 3).astype(np.int64)[:, None, None]
    cut = np.where(kind == 0, rectangle, ellipse) * np.uint8(255)
    return np.where(kind < 2, np.minimum(cut, ~pictures), np.maximum(pictures, frame * np.uint8(255)))


def coarse(pictures: np.ndarray, boxes: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """Images `(n, SIDE, SIDE)` uint8 of what stands in `boxes`, in 8 to 13 coarse pixels across."""
    images = np.empty((len(pictures), SIDE, SIDE), np.uint8)
    count = steps(8, 13, amount)
    for pixels in np.unique(count):
        rows = np.flatnonzero(count == pixels)
        small = (resample(pictures[rows], boxes[rows], int(pixels)) > 112) * np.uint8(255)
        enlarged = np.arange(SIDE) * pixels // SIDE
        images[rows] = small[:, enlarged[:, None], enlarged]
    return images
