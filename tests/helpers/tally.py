"""Counts of what the fault tests have tried, printed at the end (see conftest)."""

from collections import Counter

tried: Counter[tuple[str, str]] = Counter()  # (what, kind) -> count


def count(what: str, kind: str, number: int = 1) -> None:
    """Count successful trials; a failed one fails its test."""
    tried[what, kind] += number


def lines(failed: int) -> list[str]:
    """Return a line per thing tried, with its kinds, and the number lost."""
    result = []
    for what in dict.fromkeys(what for what, _ in tried):
        kinds = {kind: number for (name, kind), number in tried.items() if name == what}
        parts = ", ".join(f"{kind} {number:,}" for kind, number in kinds.items())
        result.append(f"{what}: {sum(kinds.values()):,} ({parts})")
    return [*result, f"lost: {failed}"] if result else []
