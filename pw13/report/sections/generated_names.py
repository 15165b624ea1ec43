"""Item 2g: generated names, and the effect of hyperparameters and temperature."""

from collections.abc import Mapping, Sequence
from typing import Any

from pw13.report import hints
from pw13.report.commentary import charrnn as commentary
from pw13.report.commentary import sampled_names
from pw13.report.commentary.phrasing import join_words
from pw13.report.document import Block, Verbatim, table
from pw13.report.name_selection import Candidate, NameSelection, selection_rule
from pw13.report.run_selection import RunSelection, Series, metric
from pw13.report.sections.blocks import (
    comment,
    epochs_of_series,
    figure_block,
    missing,
    paragraph,
    printable,
    seeds_note,
    series_mean,
    stopped_early,
    too_short,
)
from pw13.report.sections.charrnn import no_run
from pw13.report.sections.name_measures import (
    decimals,
    default_temperature,
    examples,
    mixture,
    name_statistics,
    names_table,
    ngram,
    ngram_name,
    real_names,
    share,
    short_names,
)
from pw13.runs.record import Record

NAMES_PER_TEMPERATURE = 6
SELECTION_COLUMNS = ("name", "temperature", "nearest known name", "similarity", "alternation", "rules", "")
ONE_RUN = " Names are those of one run per row."
CHOSEN = "Selected names."
RUNNER_UP = "next"  # in the last column, of a name that is not selected
BY_HAND_COLUMNS = ("name", "sampled by", "ln p", "nearest known name", "similarity")


def generated(selection: RunSelection) -> list[Block]:
    """Return the effect of epochs, units and temperature."""
    run = selection.baseline_rnn
    if run is None:
        return no_run(selection)
    epochs, units = run.config["epochs"], run.config["units"]
    return [
        *compare_setting(selection.series(run, "epochs"), "epochs", hints.rerun(run, epochs=1 if epochs > 1 else 2)),
        *compare_setting(selection.series(run, "units"), "units", hints.rerun(run, units=2 * units)),
        *temperatures(run),
    ]


def compare_setting(all_series: Sequence[Series], what: str, command: str) -> list[Block]:
    """Return losses and names for each value of a setting, with a comment."""
    if len(all_series) < 2:
        return missing(f"No runs with other numbers of {what} and the same settings.", command)
    run = max((series.first for series in all_series), key=_sampled)  # points of a sweep have sampled none
    of_names = f", and statistics of {_sampled(run):,.0f} sampled names" if _sampled(run) else ""
    named = [(epochs_of_series(s) if what == "epochs" else str(s.value), s) for s in all_series]
    samples = "\n".join(
        f"{what} {value:>3}: {' | '.join(printable(names[:4]))}"
        for value, series in named
        if (names := examples(series.first))
    )
    caption = f"Number of {what}: loss in nats per character{of_names}."
    sample_caption = f"Novel names by number of {what}, temperature {default_temperature(run):g}"
    too_early = "" if what == "epochs" else too_short(f"numbers of {what}", named)
    # of runs that stopped early the settings are compared, not the epochs trained, which another order may have
    limits = what == "epochs" and any(stopped_early(run) for series in all_series for run in series.records)
    losses = [(series.value, series.by_seed("val_nats")) for series in all_series]
    effect = commentary.setting_effect("epochs allowed" if limits else what, losses)
    return [
        loss_table(caption, what, named),
        *([Verbatim(samples, sample_caption)] if samples else []),
        *comment(too_early or effect, seeds_note(all_series)),
    ]


def _sampled(run: Record) -> float:
    return metric(run, "names.sampled") or 0


def loss_table(caption: str, what: str, named: Sequence[tuple[str, Series]]) -> Block:
    """Return a table of losses and name statistics, one row per series; `what` heads the first column.

    Losses are means over the seeds, statistics of names those of the first.
    """
    rows = [
        (
            name,
            series_mean(series, "parameters"),
            series_mean(series, "train_nats"),
            series_mean(series, "val_nats"),
            series_mean(series, "held_out_nats"),
            *name_statistics(series.first),
        )
        for name, series in named
    ]
    columns = (what, "parameters", "training", "validation", "held-out", "complete", "novel", "n-gram nats")
    return table(caption + ONE_RUN * has_seeds(named), columns, rows)


def has_seeds(named: Sequence[tuple[str, Series]]) -> bool:
    """Return whether one of the series has several runs, of which one has sampled the names that are shown."""
    return any(len(series.records) > 1 and _sampled(series.first) for _, series in named)


def temperatures(run: Record) -> list[Block]:
    """Return the names of network, n-gram model and mixture at each temperature, next to real ones."""
    rows = (run.metrics or {}).get("by_temperature") or []
    if not rows:
        return missing("The run has no names sampled at several temperatures.", hints.rerun(run))
    others = {"the n-gram model itself": _rows(ngram(run)), "their mixture": _rows(mixture(run))}
    labels = ("SimpleRNN", ngram_name(run), "mixture")
    measured = {label: known for label, known in zip(labels, (rows, *others.values()), strict=True) if known}
    named = [(label, row) for label, known in measured.items() for row in known]
    lines = "\n".join(f"{label} {row['temperature']:g}: {_joined(row)}" for label, row in named)
    caption = f"{rows[0].get('sampled', 0):,} names per temperature and model: {join_words(list(measured))}."
    return [
        *names_table(caption, named, real_names(run)),
        *_names_figure(run, compared="similarity" in rows[0]),
        Verbatim(lines, "Novel names by temperature"),
        *comment(sampled_names.temperatures(rows, others, real_names(run))),
    ]


def _rows(metrics: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return metrics.get("by_temperature") or []


def _names_figure(run: Record, *, compared: bool) -> list[Block]:
    """Return the figure of sampled names; runs of 0.1.0 did not compare them with known ones."""
    if not compared:
        return figure_block(
            run,
            "names",
            "2g",
            "Sampled names by temperature: shares, and nats per character under the n-gram model.",
            "Line plots against temperature: shares of complete, novel and unique names.",
        )
    return figure_block(
        run,
        "names",
        "2g",
        "Novelty against plausibility, a dot per temperature; real held-out names are the target.",
        "Scatter plot: names of each model at each temperature, and real names as a star.",
    )


def _joined(row: Mapping[str, Any]) -> str:
    return " | ".join(printable(short_names(row)[:NAMES_PER_TEMPERATURE]))


def selected(selection: NameSelection | None) -> list[Block]:
    """Return the 5-10 names that the handout asks for, how they were selected, and what else could be."""
    if selection is None or not selection.names:
        return missing("No names could be selected.", "pw13 report --names FILE")
    shortlist = [(name, "selected") for name in selection.names] + [(name, RUNNER_UP) for name in selection.runners_up]
    return [
        *paragraph(selection_rule(selection)),
        table(
            "Selected names, and the next ones by the same rules." if selection.runners_up else CHOSEN,
            BY_HAND_COLUMNS if selection.file else SELECTION_COLUMNS,
            [tuple(printable(_selection_row(name, verdict, selection))) for name, verdict in shortlist],
        ),
        *comment(_passed_over(selection)),
    ]


def _selection_row(name: Candidate, verdict: str, selection: NameSelection) -> tuple[str, ...]:
    nearest = (name.nearest or "–", decimals(name.similarity))
    if selection.file:
        return (name.text, ", ".join(name.sampled_by) or "no run", decimals(name.mean_log_probability), *nearest)
    temperature = f"{name.temperature:g}" if name.temperature is not None else "–"
    return (name.text, temperature, *nearest, share(name.alternation, 0), "; ".join(name.broken) or "kept", verdict)


def _passed_over(selection: NameSelection) -> str:
    names = [f"{name.text} ({', '.join(name.broken[:2])})" for name in selection.passed_over]
    return f"The likeliest names break the rules: {'; '.join(printable(names))}." if names else ""
