"""Numbers, differences and lists in words."""

import itertools
from collections.abc import Sequence

SAME_LOSS_TOLERANCE = 0.005  # relative difference up to which two losses are called practically equal

ONE_SEED = "Each figure is from one training; a difference of a percent or so may be chance."


def percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f} %"


def count(number: int | None, one: str) -> str:
    """ "1 thread", "2 threads"; a dash where the number is not known."""
    return f"{figure(number)} {one if number == 1 else one + 's'}"


def figure(value: float | None, digits: int = 4) -> str:
    """A number with so many significant digits, thousands apart; a dash for none."""
    if value is None:
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1000):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:#.{digits}g}".rstrip(".")


def change(before: float, after: float) -> str:
    """ "12.0 % lower", "3.1 % higher" or "practically the same" of `after` against `before`."""
    relative = (after - before) / before if before else 0.0
    if abs(relative) <= SAME_LOSS_TOLERANCE:
        return "practically the same"
    return f"{percent(abs(relative))} {'lower' if relative < 0 else 'higher'}"


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def size(count: float) -> str:
    """Bytes in words: "1.41 GB"."""
    unit, name = next(((u, n) for u, n in ((1e9, "GB"), (1e6, "MB")) if count >= u), (1e3, "kB"))
    return f"{figure(count / unit, 3)} {name}"


def joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def falling(values: Sequence[float]) -> bool:
    """Whether each is lower than the one before."""
    return all(after < before for before, after in itertools.pairwise(values))
