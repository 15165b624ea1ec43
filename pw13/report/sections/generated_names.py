"""Item 2g: generated names, and the effect of hyperparameters and temperature."""

from collections.abc import Sequence
from typing import Any

from pw13.report.commentary import charrnn as commentary
from pw13.report.commentary.phrasing import format_number, format_percent
from pw13.report.document import Block, Verbatim, table
from pw13.report.name_selection import NameSelection, selection_rule
from pw13.report.run_selection import RunSelection, Series, metric
from pw13.report.sections.blocks import (
    comment,
    figure_block,
    missing,
    paragraph,
    printable,
    seeds_note,
    series_median,
)
from pw13.report.sections.charrnn import NO_RUN, TRAIN
from pw13.runs.record import Record

NAMES_PER_TEMPERATURE = 8
MAX_EXAMPLE_LENGTH = 30  # characters


def generated(selection: RunSelection) -> list[Block]:
    """Return the effect of epochs, units and temperature."""
    run = selection.baseline_rnn
    if run is None:
        return missing(NO_RUN, TRAIN)
    return [
        *compare_setting(selection.series(run, "epochs"), "epochs", f"{TRAIN} --epochs 1"),
        *compare_setting(selection.series(run, "units"), "units", f"{TRAIN} --units 128"),
        *temperatures(run),
    ]


def compare_setting(all_series: Sequence[Series], what: str, command: str) -> list[Block]:
    """Return losses and names for each value of a setting, with a comment."""
    if len(all_series) < 2:
        return missing(f"No runs with other numbers of {what} and the same settings.", command)
    run = all_series[0].first
    samples = "\n".join(
        f"{what} {series.value!s:>3}: {' | '.join(printable(names[:4]))}"
        for series in all_series
        if (names := examples(series.first))
    )
    caption = (
        f"Number of {what}: loss in nats per character, and statistics of "
        f"{metric(run, 'names.sampled') or 0:,.0f} sampled names."
    )
    sample_caption = f"Novel names by number of {what}, temperature {default_temperature(run):g}"
    effect = commentary.setting_effect(what, [(series.value, series.median("val_nats")) for series in all_series])
    return [
        loss_table(caption, what, [(str(series.value), series) for series in all_series]),
        *([Verbatim(samples, sample_caption)] if samples else []),
        *comment(effect, seeds_note(all_series)),
    ]


def loss_table(caption: str, what: str, named: Sequence[tuple[str, Series]]) -> Block:
    """Return a table of losses and name statistics, one row per series; `what` heads the first column."""
    rows = [
        (
            name,
            series_median(series, "parameters"),
            series_median(series, "train_nats"),
            series_median(series, "val_nats"),
            series_median(series, "held_out_nats"),
            *name_statistics(series.first),
        )
        for name, series in named
    ]
    columns = (what, "parameters", "training", "validation", "held-out", "complete", "novel", "n-gram nats")
    return table(caption, columns, rows)


def name_statistics(run: Record) -> tuple[str, str, str]:
    """Return the shares of complete and novel names at the default temperature, and their n-gram nats per character."""
    complete, novel = (_share(metric(run, f"names.{key}")) for key in ("whole", "new"))
    return complete, novel, format_number(metric(run, "names.ngram_nats"), 3)


def default_temperature(run: Record) -> float:
    """Return the temperature of `names` in metrics.json."""
    return metric(run, "names.temperature") or 0.8


def examples(run: Record) -> list[str]:
    """Return novel names of a run at the default temperature, short enough for several to fit a line."""
    names = ((run.metrics or {}).get("names") or {}).get("examples") or []
    short = [name for name in names if len(name) <= MAX_EXAMPLE_LENGTH]
    return short or [name[:MAX_EXAMPLE_LENGTH] for name in names]


def temperatures(run: Record) -> list[Block]:
    statistics = (run.metrics or {}).get("by_temperature") or []
    if not statistics:
        return missing("The run has no names sampled at several temperatures.", "pw13 generate --temp 0.8 -n 10")
    rows = [
        (
            f"{row['temperature']:g}",
            *[_share(row.get(key)) for key in ("whole", "new", "unique")],
            format_number(row.get("mean_length"), 3),
            format_number(row.get("ngram_nats"), 3),
        )
        for row in statistics
    ]
    return [
        table(
            f"{statistics[0].get('sampled', 0):,} names of the SimpleRNN per temperature.",
            ("temperature", "complete", "novel", "unique", "mean length", "n-gram nats"),
            rows,
        ),
        *figure_block(
            run,
            "names",
            "2g",
            "Sampled names by temperature: shares, and nats per character under the n-gram model.",
            "Line plots against temperature: shares of complete, novel and unique names.",
        ),
        Verbatim("\n".join(map(_example_line, statistics)), "Novel names by temperature"),
        *comment(commentary.temperatures(statistics)),
    ]


def _example_line(row: dict[str, Any]) -> str:
    short = [name for name in row.get("examples", []) if len(name) <= 40]
    return f"{row['temperature']:g}: {' | '.join(printable(short[:NAMES_PER_TEMPERATURE]))}"


def _share(fraction: float | None) -> str:
    return format_percent(fraction) if fraction is not None else "–"


def selected(selection: NameSelection | None) -> list[Block]:
    """Return the 5-10 names that the handout asks for, and how they were selected."""
    if selection is None or not selection.names:
        return missing("No names could be selected.", "pw13 report --names FILE")
    rows = [
        (
            name.text,
            f"{name.temperature:g}" if name.temperature is not None else "–",
            format_number(name.log_probability, 3),
            name.nearest or "–",
            f"{name.similarity:.2f}" if name.similarity is not None else "–",
        )
        for name in selection.names
    ]
    columns = ("name", "temperature", "mean ln p", "nearest known name", "similarity")
    return [
        *paragraph(selection_rule(selection)),
        table("Selected names.", columns, [tuple(printable(row)) for row in rows]),
    ]
