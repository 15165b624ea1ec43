"""Runs that differ in their seed alone: means with 95 % intervals, and differences paired by seed."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pw13.metrics.intervals import Interval, mean_interval, paired_difference
from pw13.runs.comparison import is_number, numbers
from pw13.runs.record import Record
from pw13.runs.tables import Table, group_by_settings, primary_metrics


class Summary(NamedTuple):
    """One group of runs: its label, its seeds, and the intervals of its primary metrics, by name.

    differences: of each metric to the first group, over the seeds in common, where there are at least two.
    """

    label: str
    seeds: tuple[int, ...]
    metrics: dict[str, Interval]
    differences: dict[str, Interval]


def summarize(records: Sequence[Record]) -> list[Summary]:
    """Return a summary per group of runs that differ in their seed only; none unless a group has several seeds."""
    groups = group_by_settings(records)
    values = [{name: _by_seed(group.records, name) for name in primary_metrics(records)} for group in groups]
    if all(len(by_seed) < 2 for metrics in values for by_seed in metrics.values()):
        return []
    return [
        Summary(
            group.label,
            tuple(sorted({seed for by_seed in metrics.values() for seed in by_seed})),
            {name: mean_interval(list(by_seed.values())) for name, by_seed in metrics.items() if by_seed},
            _differences(values[0], metrics) if metrics is not values[0] else {},
        )
        for group, metrics in zip(groups, values, strict=True)
    ]


def _by_seed(records: Sequence[Record], name: str) -> dict[int, float]:
    """Return a metric of the runs that have it, by seed; of several runs of a seed the last."""
    found: dict[Any, Any] = {record.config.get("seed"): numbers(record).get(name) for record in records}
    return {seed: float(value) for seed, value in found.items() if isinstance(seed, int) and is_number(value)}


def _differences(first: dict[str, dict[int, float]], other: dict[str, dict[int, float]]) -> dict[str, Interval]:
    common = {name: sorted(by_seed.keys() & other[name].keys()) for name, by_seed in first.items()}
    return {
        name: paired_difference([other[name][seed] for seed in seeds], [first[name][seed] for seed in seeds])
        for name, seeds in common.items()
        if len(seeds) > 1
    }


def table(summaries: Sequence[Summary]) -> Table:
    """Return columns and rows: a row per group, its means and intervals, and its difference in the first metric."""
    names = list(dict.fromkeys(name for summary in summaries for name in summary.metrics))
    compared = next((name for name in names if any(name in s.differences for s in summaries)), None)
    columns = ["settings", "seeds", *names, *([f"{compared} minus the first"] if compared else [])]
    rows: list[list[Any]] = [
        [
            summary.label,
            len(summary.seeds),
            *(_cell(summary.metrics.get(name)) for name in names),
            *([_difference_cell(summary.differences.get(compared))] if compared else []),
        ]
        for summary in summaries
    ]
    return columns, rows


def _cell(interval: Interval | None) -> str:
    if interval is None:
        return "-"
    if interval.ci95 is None:
        return f"{interval.mean:.4g}"
    return f"{interval.mean:.4g} ({interval.ci95[0]:.4g} to {interval.ci95[1]:.4g})"


def _difference_cell(interval: Interval | None) -> str:
    if interval is None or interval.ci95 is None:
        return "-"
    text = f"{interval.mean:+.3g} ({interval.ci95[0]:+.3g} to {interval.ci95[1]:+.3g})"
    return text if interval.excludes_zero else f"{text}, not distinguishable"


def as_json(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """Return the groups as `--json` prints them."""
    return [
        {
            "label": summary.label,
            "seeds": list(summary.seeds),
            "metrics": {name: interval.as_json() for name, interval in summary.metrics.items()},
            "differences": {name: interval.as_json() for name, interval in summary.differences.items()},
        }
        for summary in summaries
    ]
