"""Blocks that many items of the report need: a run's figure, its summary, what is missing; text made safe to show."""

from collections.abc import Iterable, Sequence

from pw13 import console
from pw13.report import run_selection
from pw13.report.commentary import phrasing
from pw13.report.document import Block, Figure, Missing, Text, Verbatim
from pw13.report.run_selection import Series, number
from pw13.runs.record import Record


def note(text: str) -> list[Block]:
    return [Text(text)] if text else []


def computed_comment(*sentences: str) -> list[Block]:
    """One paragraph computed from numbers; none where nothing can be said."""
    text = phrasing.joined(*sentences)
    return [Text(text, "comment")] if text else []


def figure_block(record: Record, name: str, key: str, caption: str, alt: str) -> list[Block]:
    """A run's figure; nothing where the run has none of that name."""
    png = run_selection.figure(record, name)
    return [Figure(f"{key}-{name}.png", png, caption, alt)] if png else []


def summary(record: Record, *, only: str | None = None) -> list[Block]:
    """What Keras's `summary()` printed for a run's models; `only` one of them, by its name."""
    try:
        text = (record.folder / "summary.txt").read_text("utf-8")
    except OSError:
        return []
    if only:
        parts = [part for part in text.split("Model: ") if part.startswith(f'"{only}"')]
        text = "Model: " + parts[0] if parts else text
    return [Verbatim(narrow_summary(text), "summary()")]


def narrow_summary(text: str) -> str:
    """Keras's table without its lines between rows and with columns only as wide as they must be."""
    found, rows = [], []
    for line in [*text.strip().split("\n"), ""]:
        if line.startswith(("│", "┃")):
            rows.append([cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")])
        elif not line.startswith(("┏", "┡", "├", "└")):
            found += _aligned(rows)
            rows = []
            found.append(line.rstrip())
    return "\n".join(found).strip("\n")


def _aligned(rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    last = len(widths) - 1
    lines = [
        "  ".join(
            cell.rjust(w) if i == last else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def missing(what: str, command: str) -> list[Block]:
    return [Missing(what, command)]


def format_number(value: float | None, spread: tuple[float, float] | None = None, digits: int = 4) -> str:
    """A number as a table shows it, with its range over seeds where there are several."""
    text = phrasing.figure(value, digits)
    return f"{text} ({phrasing.figure(spread[0], digits)} to {phrasing.figure(spread[1], digits)})" if spread else text


def series_value(series: Series, name: str, digits: int = 4) -> str:
    return format_number(series.value(name), series.spread(name), digits)


def seeds(all_series: Iterable[Series]) -> str:
    """How to read figures of several seeds, or of one."""
    counts = {len(series.records) for series in all_series}
    if counts == {1}:
        return phrasing.ONE_SEED
    return "Medians over seeds, with the lowest and the highest in brackets." if counts else ""


def safe(texts: Sequence[str]) -> list[str]:
    """Names as they may be shown: control characters as escapes."""
    return [console.printable(text) for text in texts]


def speed(run: Record, what: str) -> str:
    rate, seconds = number(run, "throughput_per_second"), number(run, "train_seconds")
    if rate is None or seconds is None:
        return ""
    processor = (run.facts.get("machine") or {}).get("processor", "this machine")
    return (
        f"Training took {phrasing.figure(seconds, 3)} s, at {phrasing.figure(rate)} {what} a second "
        f"({processor}, {phrasing.count(run.facts.get('threads'), 'thread')})."
    )


def format_count(run: Record, name: str) -> int | None:
    value = number(run, name)
    return None if value is None else int(value)
