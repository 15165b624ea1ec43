"""What the tests of faults have tried; the counts stand at the end of their report (see conftest)."""

from collections import Counter

tried: Counter[tuple[str, str]] = Counter()  # (what, of which kind) -> how many


def count(what: str, kind: str, number: int = 1) -> None:
    """Count trials that went well; one that did not is a failed test."""
    tried[what, kind] += number


def lines(failed: int) -> list[str]:
    """One line for each thing tried, with its kinds, and what was lost."""
    found = []
    for what in dict.fromkeys(what for what, _ in tried):
        kinds = {kind: number for (name, kind), number in tried.items() if name == what}
        parts = ", ".join(f"{kind} {number:,}" for kind, number in kinds.items())
        found.append(f"{what}: {sum(kinds.values()):,} ({parts})")
    return [*found, f"lost: {failed}"] if found else []
