"""Render letter images like those of notMNIST: a master, randomly augmented, cropped to its ink and stretched.

An image depends on `SEED`, its set and its number alone. The rates of the augmentations were chosen by the accuracy of
a linear classifier, trained on the result, on the training images of notMNIST; no test image was used.
"""

from typing import NamedTuple

import numpy as np

from pw13.data.builtin.effects import badge, coarse, outline, pattern, roughen, shadow, soften, steps
from pw13.data.builtin.masters import LETTERS, Masters, choose_rows
from pw13.data.builtin.shapes import CANVAS, CELL, SIDE, bend, framed, grow, ink_boxes, lean, resample, shrink, taper

SEED = 1
BATCH = 250  # images rendered together: few calls, and arrays that fit into the processor's cache
GRAIN = 3  # side of a grain of a rough edge, in pixels

# Rates of augmentations, as fractions of the images.
LOWER_CASE = 0.04  # where the typeface has lower-case letters
WARPED, HEAVIER, THINNER = 0.5, 0.2, 0.25
SLANTED, BACKWARD, TURNED, TAPERED = 0.25, 0.04, 0.07, 0.04
ITALIC_SLANTED = 0.02  # where the typeface is already italic
EFFECTS = {"outline": 0.05, "shadow": 0.03, "pattern": 0.03, "soft": 0.04, "rough": 0.025}
FRAMES = {"badge": 0.02, "coarse": 0.012, "own proportions": 0.01}

MAX_GROWTH, MAX_SHRINKAGE = 5, 3  # pixels
MIN_SHRINK_LIMIT = {"pattern": 3, "rough": 1, "coarse": 3}  # thinner letters would become illegible

# Random numbers in [0, 1) drawn per image.
DRAWS = [
    "family", "lower_case", "face", "warp", "width", "bend_x", "bend_y", "weight", "change_x", "change_y", "slant",
    "slant_by", "backward", "turn", "turn_by", "taper", "taper_by", "taper_side", "effect", "effect_by", "effect_kind",
    "frame", "frame_by", "order",
]  # fmt: skip
Draws = dict[str, np.ndarray]


class Letters(NamedTuple):
    """A batch of letters between master and image.

    Attributes:
        pictures: `(n, CANVAS, CANVAS)` uint8.
        extents: `(n, 2)` int64, width and height in pixels of the letter, which is centred in the picture.
        aspects: `(n,)` float64, true width of a pixel over its height.
        grow_limits: `(n,)` int64, pixels that strokes may grow before a counter or an opening closes.
        shrink_limits: `(n,)` int64, pixels that strokes may shrink before one disappears.
    """

    pictures: np.ndarray
    extents: np.ndarray
    aspects: np.ndarray
    grow_limits: np.ndarray
    shrink_limits: np.ndarray


def render_set(
    masters: Masters, families: dict[str, int], number: int, count: int, exclude: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Render distinct images, balanced over the letters and shuffled.

    Args:
        masters: the letters.
        families: the families to choose from and their weights.
        number: number of the set; another number gives other images.
        count: number of images, a multiple of ten.
        exclude: images that must not occur, `(m, 28, 28)` uint8.

    Returns:
        Images `(count, 28, 28)` uint8 and labels `(count,)` uint8.
    """
    labels = (np.arange(count) % LETTERS).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    seen = {image.tobytes() for image in (exclude if exclude is not None else ())}
    remaining, attempt = np.arange(count), 0
    while len(remaining):
        draws = draw(number, attempt, count)
        for start in range(0, len(remaining), BATCH):
            batch = remaining[start : start + BATCH]
            images[batch] = render(masters, families, labels[batch], {name: u[batch] for name, u in draws.items()})
        remaining = np.array([i for i in remaining if not is_new(images[i], seen)], np.int64)
        attempt += 1
    order = np.argsort(draw(number, 0, count)["order"], kind="stable")
    return images[order], labels[order]


def is_new(image: np.ndarray, seen: set[bytes]) -> bool:
    """Return whether the image has ink and is not in `seen`, and add it there."""
    content = image.tobytes()
    new = content not in seen and image.max() >= 128
    seen.add(content)
    return bool(new)


def draw(number: int, attempt: int, count: int) -> Draws:
    """Draw `count` numbers in [0, 1) for each of `DRAWS`, the same with every version of NumPy."""
    numbers = uniform(number << 32 | attempt, count * len(DRAWS)).reshape(count, -1)
    return dict(zip(DRAWS, numbers.T, strict=True))


def uniform(stream: int, count: int) -> np.ndarray:
    """Draw `(count,)` float64 in [0, 1) from raw Philox output, which is stable, unlike a Generator's methods."""
    raw = np.random.Philox(key=[SEED, stream]).random_raw(count)
    return (raw >> np.uint64(11)) * 2.0**-53


def between(low: float, high: float, u: np.ndarray) -> np.ndarray:
    return low + (high - low) * u


def assign_rows(rates: dict[str, float], u: np.ndarray) -> dict[str, np.ndarray]:
    """Assign rows to augmentations by their rates, at most one augmentation per row."""
    rows, start = {}, 0.0
    for name, rate in rates.items():
        rows[name] = np.flatnonzero((u >= start) & (u < start + rate))
        start += rate
    return rows


def render(masters: Masters, families: dict[str, int], labels: np.ndarray, u: Draws) -> np.ndarray:
    """Render images `(n, 28, 28)` uint8 of the letters `labels` `(n,)`."""
    rows = choose_rows(masters, families, u["family"], u["lower_case"] < LOWER_CASE, u["face"])
    letters = tilt(change_weight(warp(take(masters, rows, labels), u), u), masters.italic[rows], u)
    decorate(letters, u)
    return crop(letters, u)


def take(masters: Masters, rows: np.ndarray, labels: np.ndarray) -> Letters:
    """Take the letters from the masters unchanged."""
    pictures = framed(masters.cells[rows, labels] * np.uint8(255))
    aspects = masters.aspects[rows, labels] / 64
    extents = np.full((len(rows), 2), CELL)
    return Letters(pictures, extents, aspects, masters.grow_limits[rows, labels], masters.shrink_limits[rows, labels])


def warp(letters: Letters, u: Draws) -> Letters:
    """Condense or extend letters and shift their bars and bowls."""
    rows = np.flatnonzero(u["warp"] < WARPED)
    across, down = between(-0.25, 0.25, u["bend_x"][rows]), between(-0.4, 0.4, u["bend_y"][rows])
    letters.pictures[rows] = bend(letters.pictures[rows], across, down)
    letters.aspects[rows] *= between(0.55, 1.5, u["width"][rows])
    return letters


def change_weight(letters: Letters, u: Draws) -> Letters:
    """Make letters heavier or thinner without closing a counter or losing a stroke."""
    heavier, thinner = u["weight"] < HEAVIER, u["weight"] >= 1 - THINNER
    max_growth = np.minimum(letters.grow_limits, MAX_GROWTH)
    max_change = np.where(heavier, max_growth, np.minimum(letters.shrink_limits, MAX_SHRINKAGE))
    changed = (heavier | thinner) & (max_change > 0)
    across, down = (np.where(changed, steps(1, max_change, u[name]), 0) for name in ("change_x", "change_y"))
    pictures = grow(letters.pictures, across * heavier, down * heavier)
    rows = np.flatnonzero(thinner)
    pictures[rows] = shrink(pictures[rows], across[rows], down[rows])
    gains = np.stack([across, down], 1) * np.where(thinner, -1, 1)[:, None]
    grow_limits, shrink_limits = letters.grow_limits - gains.max(1), letters.shrink_limits + gains.min(1)
    return Letters(pictures, letters.extents + 2 * gains, letters.aspects, grow_limits, shrink_limits)


def tilt(letters: Letters, italic: np.ndarray, u: Draws) -> Letters:
    """Slant, rotate and taper letters."""
    pictures, extents, aspects, *_ = letters
    slanted = u["slant"] < np.where(italic, ITALIC_SLANTED, SLANTED)
    backward = ~slanted & (u["backward"] < BACKWARD)
    slant = slanted * between(0.08, 0.38, u["slant_by"]) - backward * between(0.05, 0.2, u["slant_by"])
    turn = (u["turn"] < TURNED) * between(-0.08, 0.08, u["turn_by"])
    rows = np.flatnonzero((slant != 0) | (turn != 0))
    pictures[rows], aspects[rows] = lean(pictures[rows], extents[rows], aspects[rows], slant[rows], turn[rows])
    extents[rows] = CELL
    rows = np.flatnonzero(u["taper"] < TAPERED)
    side = (u["taper_side"][rows] * 4).astype(np.int64)
    amount = between(0.08, 0.25, u["taper_by"][rows]) * np.where(side % 2, 1, -1)
    pictures[rows] = taper(pictures[rows], extents[rows], amount * (side < 2), amount * (side >= 2))
    aspects[rows] *= extents[rows, 0] / extents[rows, 1]
    extents[rows] = CELL
    return letters


def decorate(letters: Letters, u: Draws) -> None:
    """Apply the effects of display faces at the rates in `EFFECTS`, where the letter stays legible."""
    pictures = letters.pictures
    grow_limits, shrink_limits = np.maximum(letters.grow_limits, 0), letters.shrink_limits
    for name, rows in assign_rows(EFFECTS, u["effect"]).items():
        rows = rows[shrink_limits[rows] >= MIN_SHRINK_LIMIT.get(name, 0)]
        selected, amount = pictures[rows], u["effect_by"][rows]
        if name == "outline":
            pictures[rows] = outline(selected, amount, 1 + grow_limits[rows])
        elif name == "shadow":
            pictures[rows] = shadow(selected, amount)
        elif name == "pattern":
            pictures[rows] = pattern(selected, amount, u["effect_kind"][rows])
        elif name == "soft":
            pictures[rows] = soften(selected, amount, 1 + np.minimum(grow_limits, shrink_limits)[rows])
        else:
            pictures[rows] = roughen(selected, amount, GRAIN_NOISE)


def crop(letters: Letters, u: Draws) -> np.ndarray:
    """Crop to images `(n, 28, 28)` uint8, some on a badge, some in coarse pixels, some with their own proportions."""
    pictures, framed_rows, amount = letters.pictures, assign_rows(FRAMES, u["frame"]), u["frame_by"]
    rows = framed_rows["badge"]
    pictures[rows] = badge(pictures[rows], amount[rows])
    boxes = ink_boxes(pictures)
    rows = framed_rows["own proportions"]
    boxes[rows] = squared(boxes[rows], letters.aspects[rows])
    images = resample(pictures, boxes)
    robust = np.minimum(letters.grow_limits, letters.shrink_limits) >= MIN_SHRINK_LIMIT["coarse"]
    robust &= u["effect"] >= sum(EFFECTS.values())
    rows = framed_rows["coarse"][robust[framed_rows["coarse"]]]
    images[rows] = coarse(pictures[rows], boxes[rows], amount[rows])
    return images


def squared(boxes: np.ndarray, aspects: np.ndarray) -> np.ndarray:
    """Extend boxes `(n, 4)` in width or height to squares, given the aspect of their pixels."""
    size = boxes[:, 2:] - boxes[:, :2]
    wide = np.maximum(size[:, 0], size[:, 1] / aspects)
    high = np.maximum(size[:, 1], size[:, 0] * aspects)
    more = np.rint((np.stack([wide, high], 1) - size) / 2).astype(np.int64)
    return np.concatenate([boxes[:, :2] - more, boxes[:, 2:] + more], 1)


def make_grain_noise() -> np.ndarray:
    """Make the noise of rough edges, `(CANVAS, CANVAS)` int16 in -75..75."""
    noise = (uniform(1 << 63, (CANVAS // GRAIN) ** 2) * 150 - 75).astype(np.int16)
    return noise.reshape(-1, CANVAS // GRAIN).repeat(GRAIN, 0).repeat(GRAIN, 1)


GRAIN_NOISE = make_grain_noise()
