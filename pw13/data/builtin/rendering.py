"""Images of letters in the manner of notMNIST: a master, changed by chance, cropped to its ink and stretched.

An image follows from `SEED`, its set and its number alone. The shares of the augmentations were chosen by how well a
linear classifier trained on the result knows the training images of notMNIST; no test image was used.
"""

from typing import NamedTuple

import numpy as np

from pw13.data.builtin.effects import badge, coarse, outline, pattern, roughen, shadow, soften, steps
from pw13.data.builtin.masters import LETTERS, Masters, choose_rows
from pw13.data.builtin.shapes import CANVAS, CELL, SIDE, bend, framed, grow, ink_boxes, lean, resample, shrink, taper

SEED = 1
BATCH = 250  # images rendered together: few calls, and arrays that stay in the processor's cache
GRAIN = 3  # pixels that a grain of a rough edge is wide and high

# Shares of images.
LOWER_CASE = 0.04  # where the typeface has small letters
WARPED, HEAVIER, THINNER = 0.5, 0.2, 0.25
SLANTED, BACKWARD, TURNED, TAPERED = 0.25, 0.04, 0.07, 0.04
ITALIC_SLANTED = 0.02  # where the typeface is italic already
EFFECTS = {"outline": 0.05, "shadow": 0.03, "pattern": 0.03, "soft": 0.04, "rough": 0.025}
FRAMES = {"badge": 0.02, "coarse": 0.012, "own proportions": 0.01}

MOST_HEAVIER, MOST_THINNER = 5, 3  # pixels
NEEDED = {"pattern": 3, "rough": 1, "coarse": 3}  # the strength that they ask for: what is thinner could not be read

# What is drawn for an image, a number in [0, 1) each.
DRAWS = [
    "family", "lower_case", "face", "warp", "width", "bend_x", "bend_y", "weight", "change_x", "change_y", "slant",
    "slant_by", "backward", "turn", "turn_by", "taper", "taper_by", "taper_side", "effect", "effect_by", "effect_kind",
    "frame", "frame_by", "order",
]  # fmt: skip
Draws = dict[str, np.ndarray]


class Letters(NamedTuple):
    """A batch on its way from masters to images.

    Attributes:
        pictures: `(n, CANVAS, CANVAS)` uint8.
        extents: `(n, 2)` int64, pixels that the letter is wide and high, in the middle of the picture.
        aspects: `(n,)` float64, true width of a pixel over its height.
        rooms: `(n,)` int64, by how many pixels strokes may swell before a counter or an opening closes.
        strengths: `(n,)` int64, by how many pixels strokes may shrink before one is lost.
    """

    pictures: np.ndarray
    extents: np.ndarray
    aspects: np.ndarray
    rooms: np.ndarray
    strengths: np.ndarray


def render_set(
    masters: Masters, families: dict[str, int], number: int, count: int, avoid: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """`count` images `(count, 28, 28)` uint8 and their labels `(count,)` uint8, every letter as often, in mixed order.

    Args:
        masters: the letters.
        families: the families to take and their weights.
        number: of the set; other numbers give other images.
        count: a multiple of ten.
        avoid: images that must not occur again.
    """
    labels = (np.arange(count) % LETTERS).astype(np.uint8)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    seen = {image.tobytes() for image in (avoid if avoid is not None else ())}
    todo, attempt = np.arange(count), 0
    while len(todo):
        draws = draw(number, attempt, count)
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            images[batch] = render(masters, families, labels[batch], {name: u[batch] for name, u in draws.items()})
        todo, attempt = np.array([i for i in todo if not is_new(images[i], seen)], np.int64), attempt + 1
    order = np.argsort(draw(number, 0, count)["order"], kind="stable")
    return images[order], labels[order]


def is_new(image: np.ndarray, seen: set[bytes]) -> bool:
    """Whether the image shows something and is not in `seen`, where it is put."""
    content = image.tobytes()
    new = content not in seen and image.max() >= 128
    seen.add(content)
    return bool(new)


def draw(number: int, attempt: int, count: int) -> Draws:
    """`count` numbers in [0, 1) for each of `DRAWS`, the same with every version of NumPy."""
    numbers = uniform(number << 32 | attempt, count * len(DRAWS)).reshape(count, -1)
    return dict(zip(DRAWS, numbers.T, strict=True))


def uniform(stream: int, count: int) -> np.ndarray:
    """`(count,)` float64 in [0, 1) from raw numbers of Philox: those are fixed for good, a Generator's are not."""
    raw = np.random.Philox(key=[SEED, stream]).random_raw(count)
    return (raw >> np.uint64(11)) * 2.0**-53


def between(low: float, high: float, u: np.ndarray) -> np.ndarray:
    return low + (high - low) * u


def rows_of(shares: dict[str, float], u: np.ndarray) -> dict[str, np.ndarray]:
    """The rows that each of several things falls to, by its share; no row gets two of them."""
    rows, start = {}, 0.0
    for name, share in shares.items():
        rows[name] = np.flatnonzero((u >= start) & (u < start + share))
        start += share
    return rows


def render(masters: Masters, families: dict[str, int], labels: np.ndarray, u: Draws) -> np.ndarray:
    """Images `(n, 28, 28)` uint8 of the letters `labels` `(n,)`."""
    rows = choose_rows(masters, families, u["family"], u["lower_case"] < LOWER_CASE, u["face"])
    letters = tilt(weigh(warp(take(masters, rows, labels), u), u), masters.italic[rows], u)
    decorate(letters, u)
    return crop(letters, u)


def take(masters: Masters, rows: np.ndarray, labels: np.ndarray) -> Letters:
    """The letters as the typefaces have them."""
    pictures = framed(masters.cells[rows, labels] * np.uint8(255))
    aspects, rooms, strengths = masters.aspects / 64, masters.rooms, masters.strengths
    limits = (values[rows, labels] for values in (aspects, rooms, strengths))
    return Letters(pictures, np.full((len(rows), 2), CELL), *limits)


def warp(letters: Letters, u: Draws) -> Letters:
    """Condensed and extended letters, with bars and bowls elsewhere."""
    rows = np.flatnonzero(u["warp"] < WARPED)
    across, down = between(-0.25, 0.25, u["bend_x"][rows]), between(-0.4, 0.4, u["bend_y"][rows])
    letters.pictures[rows] = bend(letters.pictures[rows], across, down)
    letters.aspects[rows] *= between(0.55, 1.5, u["width"][rows])
    return letters


def weigh(letters: Letters, u: Draws) -> Letters:
    """Heavier and thinner letters: no counter closes, no stroke is lost."""
    heavier, thinner = u["weight"] < HEAVIER, u["weight"] >= 1 - THINNER
    most = np.where(heavier, np.minimum(letters.rooms, MOST_HEAVIER), np.minimum(letters.strengths, MOST_THINNER))
    changed = (heavier | thinner) & (most > 0)
    across, down = (np.where(changed, steps(1, most, u[name]), 0) for name in ("change_x", "change_y"))
    pictures = grow(letters.pictures, across * heavier, down * heavier)
    rows = np.flatnonzero(thinner)
    pictures[rows] = shrink(pictures[rows], across[rows], down[rows])
    gains = np.stack([across, down], 1) * np.where(thinner, -1, 1)[:, None]
    rooms, strengths = letters.rooms - gains.max(1), letters.strengths + gains.min(1)
    return Letters(pictures, letters.extents + 2 * gains, letters.aspects, rooms, strengths)


def tilt(letters: Letters, italic: np.ndarray, u: Draws) -> Letters:
    """Slanted, turned and tapered letters."""
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
    """Put the effects of display faces on the shares that `EFFECTS` says, where the letter can be read with them."""
    pictures, amount, rows = letters.pictures, u["effect_by"], rows_of(EFFECTS, u["effect"])
    rooms, strengths = np.maximum(letters.rooms, 0), letters.strengths
    for name, hit in rows.items():
        hit = hit[strengths[hit] >= NEEDED.get(name, 0)]
        part, by = pictures[hit], amount[hit]
        if name == "outline":
            pictures[hit] = outline(part, by, 1 + rooms[hit])
        elif name == "shadow":
            pictures[hit] = shadow(part, by)
        elif name == "pattern":
            pictures[hit] = pattern(part, by, u["effect_kind"][hit])
        elif name == "soft":
            pictures[hit] = soften(part, by, 1 + np.minimum(rooms, strengths)[hit])
        else:
            pictures[hit] = roughen(part, by, GRAINS)


def crop(letters: Letters, u: Draws) -> np.ndarray:
    """Images `(n, 28, 28)` uint8; some on a badge, some in coarse pixels, some not stretched."""
    pictures, rows, amount = letters.pictures, rows_of(FRAMES, u["frame"]), u["frame_by"]
    hit = rows["badge"]
    pictures[hit] = badge(pictures[hit], amount[hit])
    boxes = ink_boxes(pictures)
    hit = rows["own proportions"]
    boxes[hit] = squared(boxes[hit], letters.aspects[hit])
    images = resample(pictures, boxes)
    bears = (np.minimum(letters.rooms, letters.strengths) >= NEEDED["coarse"]) & (u["effect"] >= sum(EFFECTS.values()))
    hit = rows["coarse"][bears[rows["coarse"]]]
    images[hit] = coarse(pictures[hit], boxes[hit], amount[hit])
    return images


def squared(boxes: np.ndarray, aspects: np.ndarray) -> np.ndarray:
    """Boxes `(n, 4)` made wider or higher, so that they are square where pixels are `aspects` as wide as high."""
    size = boxes[:, 2:] - boxes[:, :2]
    wide = np.maximum(size[:, 0], size[:, 1] / aspects)
    high = np.maximum(size[:, 1], size[:, 0] * aspects)
    more = np.rint((np.stack([wide, high], 1) - size) / 2).astype(np.int64)
    return np.concatenate([boxes[:, :2] - more, boxes[:, 2:] + more], 1)


def make_grains() -> np.ndarray:
    """`(CANVAS, CANVAS)` int16 in -75..75: the noise on rough edges."""
    noise = (uniform(1 << 63, (CANVAS // GRAIN) ** 2) * 150 - 75).astype(np.int16)
    return noise.reshape(-1, CANVAS // GRAIN).repeat(GRAIN, 0).repeat(GRAIN, 1)


GRAINS = make_grains()
