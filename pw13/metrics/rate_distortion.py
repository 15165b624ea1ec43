"""Rate and distortion of codes (handout 1f): bytes per image against MSE, from coarse to fine; NumPy only."""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pw13.metrics.images import mse

Floats = npt.NDArray[np.float32]
Symbols = npt.NDArray[np.integer]

BITS = (2, 3, 4, 5, 6, 7, 8)
SAMPLE = 1000  # test images, at most, whose bytes and MSE are measured
MARGIN = 0.04  # twice the standard error of a difference over `SAMPLE` images of notMNIST, relative to the MSE
ENTROPY_BITS = tuple(bits / 2 for bits in range(4, 17))  # 2 to 8 by halves: any step will do for entropy coding


class Point(NamedTuple):
    """One way to store images: mean bytes per image, and the MSE of what is decoded."""

    setting: str
    bytes: float
    mse: float


class Scale(NamedTuple):
    """Lowest, highest and mean value of each code unit over the training images, `(size,)` float32 each."""

    low: Floats
    high: Floats
    mean: Floats


def code_points(
    train: Floats, test: Floats, images: Floats, decode: Callable[[Floats], Floats], *, sensitivity: Floats, unit: str
) -> list[Point]:
    """Return a point for each number of bits, with a fixed length and with entropy coding.

    train, test: codes `(n, size)` float32. Ranges and entropy tables are learnt on the first, bytes and MSE measured
    on the second. images: `(m, d)` float32 in [0, 1], what `decode` should give for `test`. sensitivity: `(size,)`,
    how far the output moves per unit of each code value. unit: what a code value is, in the setting's text.

    The tables and the decoder, which a receiver needs once, are not counted.
    """
    scale = Scale(train.min(axis=0), train.max(axis=0), train.mean(axis=0))
    name, points = f"{train.shape[1]} {unit}{'' if train.shape[1] == 1 else 's'}", []
    for bits in BITS:
        decoded = decode(round_to_fixed_length(test, scale, bits))
        points.append(Point(f"{name}, {bits} bits", test.shape[1] * bits / 8, mse(decoded, images)))
    centred = train - scale.mean, np.clip(test, scale.low, scale.high) - scale.mean
    for step_bits in ENTROPY_BITS:
        rates = symbols_per_unit(scale, sensitivity, step_bits)
        known, symbols = (to_symbols(codes, rates) for codes in centred)
        lowest = known.min(axis=0)
        size = entropy_coded_bits(known - lowest, symbols - lowest) / 8
        decoded = decode(from_symbols(symbols, scale, rates))
        points.append(Point(f"{name}, {step_bits:g} bits, entropy-coded", size, mse(decoded, images)))
    return points


def round_to_fixed_length(codes: Floats, scale: Scale, bits: int) -> Floats:
    """Round each value to one of 2^bits levels, equally spaced between the lowest and the highest training value."""
    steps = np.where(scale.high > scale.low, scale.high - scale.low, np.float32(1)) / np.float32(2**bits - 1)
    levels = np.rint((np.clip(codes, scale.low, scale.high) - scale.low) / steps)
    return np.asarray(scale.low + levels * steps, np.float32)


def symbols_per_unit(scale: Scale, sensitivity: Floats, bits: float) -> Floats:
    """Return the quantisation rate of each code value, `(size,)`, for steps that are equally wide in the output.

    Equal steps suit entropy coding best at high rates (Gish and Pierce, 1968). The value with the widest range in the
    output is cut into 2^bits - 1 steps. A value without effect on the output gets rate 0: a single symbol.
    """
    widest = float(((scale.high - scale.low) * sensitivity).max()) / (2**bits - 1)
    return np.asarray(sensitivity / widest if widest > 0 else np.zeros_like(sensitivity), np.float32)


def to_symbols(centred: Floats, rates: Floats) -> Symbols:
    """Return the step that each value lies in, counted from the mean, of values minus their mean."""
    return np.asarray(np.rint(centred * rates).astype(np.int32))


def from_symbols(symbols: Symbols, scale: Scale, rates: Floats) -> Floats:
    """Return the value in the middle of each step, `(n, size)` float32."""
    steps = np.divide(1, rates, out=np.zeros(len(rates)), where=rates > 0)  # float64: a rate may be tiny
    return np.asarray(scale.mean + symbols * steps, np.float32)


def entropy_coded_bits(train: Symbols, test: Symbols) -> float:
    """Return the mean bits per row of `test` under an ideal order-0 arithmetic coder with a table per column.

    Both are `(n, size)` from 0 up, `test` within the range of `train` in each column. The tables are learnt on `train`,
    where every symbol is counted once more than it occurs, so that none is impossible.
    """
    widths = train.max(axis=0) + 1
    starts = np.cumsum(widths) - widths  # of each column's table, all tables one after the other
    counts = np.bincount((train + starts).ravel(), minlength=int(widths.sum())) + 1
    bits = np.log2(np.repeat(len(train) + widths, widths) / counts)
    return float(bits[test + starts].sum() / len(test))


def to_rows(points: Mapping[str, Sequence[Point]]) -> list[dict[str, Any]]:
    """Return points by method as rows of metrics.json: `method`, `setting`, `bytes`, `mse`."""
    return [{"method": method, **point._asdict()} for method, curve in points.items() for point in curve]


def from_rows(rows: Any) -> dict[str, list[Point]]:
    """Return the points of `to_rows`; what is not well-formed is left out."""
    points: dict[str, list[Point]] = {}
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or not isinstance(row.get("method"), str):
            continue
        sizes: tuple[Any, Any] = row.get("bytes"), row.get("mse")
        if all(type(size) in (int, float) and math.isfinite(size) and size >= 0 for size in sizes):
            points.setdefault(row["method"], []).append(Point(str(row.get("setting")), *sizes))
    return points


def lower_envelope(points: Iterable[Point]) -> list[Point]:
    """Return the lower convex hull of points, by ascending bytes and descending MSE.

    What lies between two of its points is reached by storing some images with one setting and the rest with the other.
    """
    hull: list[Point] = []
    for point in sorted(points, key=lambda each: (each.bytes, each.mse)):
        if hull and point.mse >= hull[-1].mse:
            continue
        while len(hull) > 1 and _slope(hull[-2], hull[-1]) >= _slope(hull[-2], point):
            hull.pop()
        hull.append(point)
    return hull


def mse_at(points: Sequence[Point], size: float) -> float | None:
    """Return the MSE of the lower envelope of points at `size` bytes; None below the smallest and above the largest."""
    envelope = lower_envelope(points)
    if not envelope or not envelope[0].bytes <= size <= largest(points):
        return None
    return float(_interpolate(envelope, [size])[0])


def largest(points: Iterable[Point]) -> float:
    """Return the bytes of the largest setting, on the lower envelope or not; 0 without points."""
    return max((point.bytes for point in points), default=0.0)


def margin(images: int | None) -> float:
    """Return twice the standard error of a difference, relative to the MSE, for a number of test images.

    None: unknown, so that of `SAMPLE`, which is also that of more.
    """
    return MARGIN * math.sqrt(SAMPLE / min(images or SAMPLE, SAMPLE))


def ranges_ahead(points: Sequence[Point], rival: Sequence[Point], by: float = MARGIN) -> list[tuple[float, float]]:
    """Return the ranges of bytes in which the lower envelope of points is lower than a rival's by a share, ascending.

    Only sizes that both reach count: the last range ends with the smaller of the two largest settings where the lead is
    not lost before.
    """
    own, other = lower_envelope(points), lower_envelope(rival)
    end = min(largest(points), largest(rival))
    if not own or not other or (start := max(own[0].bytes, other[0].bytes)) > end:
        return []
    sizes = sorted({start, end, *(p.bytes for p in (*own, *other) if start < p.bytes < end)})
    lead = (1 - by) * _interpolate(other, sizes) - _interpolate(own, sizes)
    ranges = [(start, end)] if lead[0] > 0 else []
    for (left, before), (right, after) in itertools.pairwise(zip(sizes, lead.tolist(), strict=True)):
        if (before > 0) == (after > 0):
            continue
        crossing = left + (right - left) * before / (before - after)
        if after > 0:
            ranges.append((crossing, end))
        else:
            ranges[-1] = (ranges[-1][0], crossing)
    return ranges


def _slope(left: Point, right: Point) -> float:
    return (right.mse - left.mse) / (right.bytes - left.bytes)


def _interpolate(envelope: Sequence[Point], sizes: Sequence[float]) -> npt.NDArray[np.float64]:
    return np.interp(sizes, [point.bytes for point in envelope], [point.mse for point in envelope])
