"""Item 2g: generated names, and what changes them."""

from collections.abc import Sequence

from pw13.report.commentary import charrnn as comments
from pw13.report.commentary import phrasing
from pw13.report.document import Block, Verbatim, table
from pw13.report.name_selection import NameSelection, rules
from pw13.report.run_selection import RunSelection, Series, number
from pw13.report.sections.blocks import (
    computed_comment,
    figure_block,
    format_number,
    missing,
    note,
    safe,
    seeds,
    series_value,
)
from pw13.report.sections.charrnn import TRAIN
from pw13.runs.record import Record

SHOWN = 8  # names a temperature


def generated(found: RunSelection) -> list[Block]:
    """Hyperparameters and temperatures (handout 2g)."""
    run = found.baseline_rnn
    if run is None:
        return missing("No run of a many-to-one SimpleRNN.", TRAIN)
    return [
        *compared(found.series(run, "epochs"), "epochs", f"{TRAIN} --epochs 1"),
        *compared(found.series(run, "units"), "units", f"{TRAIN} --units 128"),
        *temperatures(run),
    ]


def compared(series: Sequence[Series], what: str, command: str) -> list[Block]:
    """Losses and names for each value of a setting, and what to make of them."""
    if len(series) < 2:
        return missing(f"Other numbers of {what} have no run with the same settings.", command)
    said = comments.against_setting(what, [(s.setting, s.value("val_nats")) for s in series])
    samples = "\n".join(
        f"{what} {s.setting!s:>3}: {' | '.join(safe(examples(s.first)[:4]))}" for s in series if examples(s.first)
    )
    shown_names = (
        [Verbatim(samples, f"Names by number of {what}, temperature {usual(series[0].first):g}")] if samples else []
    )
    caption = (
        f"Number of {what}: loss in nats a character, and "
        f"{number(series[0].first, 'names.sampled') or 0:,.0f} sampled names."
    )
    named = [(str(s.setting), s) for s in series]
    return [losses(caption, what, named), *shown_names, *computed_comment(said, seeds(series))]


def losses(caption: str, what: str, named: Sequence[tuple[str, Series]]) -> Block:
    """Losses and names of each series, a line each; `what` tells them apart."""
    rows = [
        (
            name,
            series_value(s, "parameters"),
            series_value(s, "train_nats"),
            series_value(s, "val_nats"),
            series_value(s, "held_out_nats"),
            *usual_names(s.first),
        )
        for name, s in named
    ]
    columns = (what, "parameters", "training", "validation", "held out", "whole", "new", "n-gram nats")
    return table(caption, columns, rows)


def usual_names(run: Record) -> tuple[str, str, str]:
    """Shares whole and new of sampled names, and their nats under the n-gram model."""
    whole, new = (number(run, f"names.{key}") for key in ("whole", "new"))
    shares = [phrasing.percent(value) if value is not None else "–" for value in (whole, new)]
    return shares[0], shares[1], format_number(number(run, "names.ngram_nats"), digits=3)


def usual(run: Record) -> float:
    return number(run, "names.temperature") or 0.8


def examples(run: Record) -> list[str]:
    """New names of the usual temperature that a run recorded; short ones, so that a line holds several."""
    names = ((run.metrics or {}).get("names") or {}).get("examples") or []
    return [name for name in names if len(name) <= 30] or [name[:30] for name in names]


def temperatures(run: Record) -> list[Block]:
    rows = (run.metrics or {}).get("by_temperature") or []
    if not rows:
        return missing("The run recorded no names at several temperatures.", "pw13 generate --temp 0.8 -n 10")
    columns = ("temperature", "whole", "new", "unique", "mean length", "n-gram nats")
    cells = [
        (
            f"{row['temperature']:g}",
            *[phrasing.percent(row[key]) if row.get(key) is not None else "–" for key in ("whole", "new", "unique")],
            format_number(row.get("mean_length"), digits=3),
            format_number(row.get("ngram_nats"), digits=3),
        )
        for row in rows
    ]
    lines = [
        f"{row['temperature']:g}: {' | '.join(safe([n for n in row.get('examples', []) if len(n) <= 40][:SHOWN]))}"
        for row in rows
    ]
    return [
        table(f"{rows[0].get('sampled', 0):,} names of the SimpleRNN at each temperature.", columns, cells),
        *figure_block(
            run,
            "names",
            "2g",
            "Sampled names by temperature: shares, and nats under the n-gram model.",
            "Line plots against the temperature: shares of whole, new and unique names.",
        ),
        Verbatim("\n".join(lines), "New names by temperature"),
        *computed_comment(comments.temperatures(rows)),
    ]


def selected(chosen: NameSelection | None) -> list[Block]:
    """The 5-10 names that the handout asks for, and the rules by which they were taken."""
    if chosen is None or not chosen.names:
        return missing("No names could be chosen.", "pw13 report --names FILE")
    rows = [
        (
            each.text,
            f"{each.temperature:g}" if each.temperature is not None else "–",
            format_number(each.log_probability, digits=3),
            each.nearest or "–",
            f"{each.similarity:.2f}" if each.similarity is not None else "–",
        )
        for each in chosen.names
    ]
    shown_rows = [tuple(safe(row)) for row in rows]
    columns = ("name", "temperature", "mean ln p", "nearest known name", "similarity")
    return [*note(rules(chosen)), table("Selected names.", columns, shown_rows)]
