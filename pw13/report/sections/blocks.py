"""Blocks that many sections need: comments, a run's figures and model summary, missing results; number formatting."""

from collections.abc import Callable, Iterable, Sequence

from pw13 import console
from pw13.errors import UserError
from pw13.report import hints
from pw13.report.commentary import phrasing, training_curves
from pw13.report.commentary.contrasts import BySeed, is_lower
from pw13.report.commentary.phrasing import format_count, format_decibels, format_number, join_words
from pw13.report.document import Block, Figure, Missing, Text, Verbatim
from pw13.report.run_selection import Series, metric, read_figure
from pw13.runs import comparison
from pw13.runs.record import Record, read_text

Section = Callable[[Record], list[Block]]  # builds the blocks of an item from its run


def paragraph(text: str) -> list[Block]:
    return [Text(text)]


def comment(*sentences: str) -> list[Block]:
    """Return one auto-generated comment; nothing if all sentences are empty."""
    text = phrasing.join_sentences(*sentences)
    return [Text(text, "comment")] if text else []


def missing(what: str, command: str) -> list[Block]:
    return [Missing(what, command)]


def figure_block(record: Record, name: str, key: str, caption: str, alt: str) -> list[Block]:
    """Return a run's figure; nothing if the run has none of that name."""
    png = read_figure(record, name)
    svg = read_figure(record, name, "svg") or b""
    redraw = hints.redraw(record)
    return [Figure(f"{key}-{name}.png", png, caption, alt, record.reference, svg, redraw)] if png else []


def curves(run: Record) -> str:
    """Return what the loss curves of a run show."""
    return training_curves.training(comparison.history(run.folder), curve_conditions(run))


def curve_conditions(run: Record) -> training_curves.Conditions:
    config = run.config
    from_mid_name = config.get("target") == "many-to-many" and not config.get("carry_state")
    dropout = config.get("dropout") or config.get("recurrent_dropout") or 0.0
    schedule = "constant" if stopped_early(run) else config["schedule"]  # it stopped before its learning rate was 0
    return training_curves.Conditions(schedule, dropout, from_mid_name)


def stopped_early(run: Record) -> bool:
    trained = int_metric(run, "epochs")
    return bool(run.config.get("patience")) and trained is not None and trained < run.config["epochs"]


def epochs(run: Record) -> str:
    """Return how many epochs a run trained, and of how many if it stopped early."""
    most = run.config.get("epochs")
    if not stopped_early(run):
        return format_count(most, "epoch")
    return f"{format_count(int_metric(run, 'epochs'), 'epoch')} (of at most {most}, patience {run.config['patience']})"


def epochs_of_series(series: Series) -> str:
    """Return how many epochs the runs of a series of epochs trained, and of how many if one stopped early."""
    if not any(map(stopped_early, series.records)):
        return str(series.value)
    trained = [int_metric(run, "epochs") or series.value for run in series.records]
    counts = " to ".join(dict.fromkeys(map(str, (min(trained), max(trained)))))
    return f"{counts} (of at most {series.value})"


def still_falling(named: Iterable[tuple[str, Series]]) -> dict[str, int]:
    """Return the names of the series of which a run's validation loss was still falling, and their epochs."""
    falling = {}
    for name, series in named:
        histories = [[row["val_loss"] for row in comparison.history(run.folder)] for run in series.records]
        conditions = map(curve_conditions, series.records)
        if any(map(training_curves.is_falling, histories, conditions)):
            falling[name] = max(map(len, histories))
    return falling


def too_short(what: str, named: Sequence[tuple[str, Series]], *, with_first: bool = False) -> str:
    """Return that the series cannot be compared by `what`, if a loss was still falling; else nothing.

    with_first: they are compared with the first only. If its loss is level, a loss that is already lower may still be
    falling: it stays the lower one.
    """
    falling = still_falling(named)
    name, series = named[0]
    if with_first and name not in falling:
        reference = series.by_seed("val_nats")
        losses = {other: each.by_seed("val_nats") for other, each in named}
        falling = {other: n for other, n in falling.items() if not _is_known_lower(reference, losses[other])}
    return training_curves.too_short(what, max(falling.values()), list(falling)) if falling else ""


def _is_known_lower(before: BySeed, after: BySeed) -> bool:
    return bool(before and after) and is_lower(before, after)


def model_summary(record: Record, model: str | None = None) -> list[Block]:
    """Return the output of Keras's `summary()` for a run's models, or for one of them by its name."""
    try:
        text = read_text(record.folder / "summary.txt")
    except UserError:
        return []
    if model:
        parts = [part for part in text.split("Model: ") if part.startswith(f'"{model}"')]
        text = "Model: " + parts[0] if parts else text
    return [Verbatim(compact_summary(text), "summary()")]


def compact_summary(text: str) -> str:
    """Return Keras's table without rules between rows and with minimal column widths."""
    lines: list[str] = []
    rows: list[list[str]] = []
    for line in [*text.strip().split("\n"), ""]:
        if line.startswith(("│", "┃")):
            rows.append([cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")])
        elif not line.startswith(("┏", "┡", "├", "└")):
            lines += _align(rows)
            rows = []
            lines.append(line.rstrip())
    return "\n".join(lines).strip("\n")


def _align(rows: list[list[str]]) -> list[str]:
    """Return a header, a rule and rows, all columns left-aligned but the last."""
    if not rows:
        return []
    *left, right = [max(map(len, column)) for column in zip(*rows, strict=True)]
    header, *lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, left, strict=False)), row[-1].rjust(right)])
        for row in rows
    ]
    return [header, "-" * len(header), *lines]


def series_mean(series: Series, name: str, digits: int = 4) -> str:
    """Return the mean of a metric, with its 95 % interval if there are several seeds; a PSNR with one decimal.

    Bounds that do not differ in the digits shown are left out, such as those of a number of parameters.
    """

    def shown(value: float | None) -> str:
        if name.endswith("psnr_db"):
            return format_decibels(value)
        return format_number(int(value) if value is not None and float(value).is_integer() else value, digits)

    found = series.interval(name)
    if found is None or found.ci95 is None:
        return shown(found.mean if found else None)
    mean, low, high = map(shown, (found.mean, *found.ci95))
    return mean if low == high else f"{mean} ({low} to {high})"


def seeds_note(all_series: Iterable[Series]) -> str:
    """Return how to read values of one seed, or of several; of runs of one seed only one counts."""
    all_series = list(all_series)
    counts = {len({record.config.get("seed", 0) for record in series.records}) for series in all_series}
    if counts == {1}:
        return phrasing.ONE_SEED
    several = join_words([str(count) for count in sorted(counts) if count > 1])
    mixed = any(len({bool(record.facts.get("lean")) for record in series.records}) > 1 for series in all_series)
    rest = "; what the points of a sweep do not measure is of the other runs" * mixed
    return f"Means over seeds ({several}), with Student's 95 % interval in brackets{rest}." if counts else ""


def printable(texts: Sequence[str]) -> list[str]:
    """Return texts with control characters as escapes."""
    return [console.printable(text) for text in texts]


def training_speed(run: Record) -> str:
    rate, seconds = metric(run, "throughput_per_second"), metric(run, "train_seconds")
    if rate is None or seconds is None:
        return ""
    threads = phrasing.format_count(run.facts.get("threads"), "thread")
    return (
        f"Training took {format_number(seconds, 3)} s, at {format_number(rate)} images per second "
        f"({processor(run)}, {threads})."
    )


def processor(run: Record) -> str:
    return str((run.facts.get("machine") or {}).get("processor", "unknown processor"))


def int_metric(run: Record, name: str) -> int | None:
    value = metric(run, name)
    return None if value is None else int(value)


def pca_size(run: Record) -> int:
    """Return the components of PCA next to a dense run's code: no more than training images or pixels."""
    counts = run.data.get("counts") or {}
    bounds = (counts.get("train"), int_metric(run, "compression.raw_bytes"))
    return min([int(run.config["code_size"]), *(bound for bound in bounds if bound)])
