"""Numbers, differences and lists as text."""

from collections.abc import Sequence

ONE_SEED = "Each value is from a single training run."
OTHER_SEEDS = (
    "Intervals are over the images or names that a run was evaluated on, and say nothing of other seeds; "
    "pw13 all --seeds 5 gives intervals over seeds."
)


def format_percent(fraction: float, digits: int = 1) -> str:
    return f"{100 * fraction:.{digits}f} %"


def format_number(value: float | None, digits: int = 4) -> str:
    """Return a number with `digits` significant digits and thousands separators; a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, int) or (float(value).is_integer() and abs(value) >= 1000):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 10 ** (digits - 1) else f"{value:#.{digits}g}".rstrip(".")


def format_decibels(value: float | None) -> str:
    """Return a PSNR with one decimal, everywhere; a dash for None."""
    return "–" if value is None else f"{value:.1f}"


def format_count(number: int | None, noun: str) -> str:
    """Return a number with its noun: "1 thread", "2 threads"; a dash for None."""
    return f"{format_number(number)} {noun if number == 1 else noun + 's'}"


def format_bytes(count: float) -> str:
    """Return a number of bytes with a decimal unit: "1.41 GB"."""
    unit, name = next(((u, n) for u, n in ((1e9, "GB"), (1e6, "MB")) if count >= u), (1e3, "kB"))
    return f"{format_number(count / unit, 3)} {name}"


def join_words(words: Sequence[str]) -> str:
    """Return a list in words: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def join_sentences(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
