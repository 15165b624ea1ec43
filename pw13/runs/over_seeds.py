"""Runs that differ in their seed alone: means with 95 % intervals, and differences to the first of them.

Differences are paired by seed; with one seed in common by the examples that both runs were evaluated on, over which
they are bootstrapped.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pw13.metrics.intervals import Interval, mean_interval, paired_difference
from pw13.runs import example_losses
from pw13.runs.comparison import can_rank, is_number, numbers
from pw13.runs.record import Record
from pw13.runs.tables import Table, group_by_settings, primary_metrics

CAPTION = "Differences are paired by seed; with one seed, their intervals are over test images or names."


class Difference(NamedTuple):
    """A difference of two groups in a metric; `over`: what its interval is over, seeds or examples."""

    interval: Interval
    over: str


class Summary(NamedTuple):
    """One group of runs: its label, its seeds, and the intervals of its primary metrics, by name.

    differences: of each metric to the first group, over the seeds in common; over examples where that is one.
    """

    label: str
    seeds: tuple[int, ...]
    metrics: dict[str, Interval]
    differences: dict[str, Difference]


def summarize(records: Sequence[Record]) -> list[Summary]:
    """Return a summary per group of runs that differ in their seed only.

    Empty if there is nothing to say of them: no group has several seeds, and no difference has an interval.
    """
    groups = [_Group(group.label, _by_seed(group.records)) for group in group_by_settings(records)]
    summaries = [_summary(group, groups[0], primary_metrics(records)) for group in groups]
    return summaries if any(len(s.seeds) > 1 or s.differences for s in summaries) else []


class _Group(NamedTuple):
    label: str
    by_seed: dict[int, Record]

    def values(self, name: str) -> dict[int, float]:
        """Return a metric of the runs that have it, by seed."""
        found: dict[int, Any] = {seed: numbers(record).get(name) for seed, record in self.by_seed.items()}
        return {seed: float(value) for seed, value in found.items() if is_number(value)}


def _by_seed(records: Sequence[Record]) -> dict[int, Record]:
    """Return runs by seed; of several of a seed the last."""
    seeds: list[Any] = [record.config.get("seed") for record in records]
    return {seed: record for seed, record in zip(seeds, records, strict=True) if isinstance(seed, int)}


def _summary(group: _Group, first: _Group, metrics: Sequence[str]) -> Summary:
    values = {name: by_seed for name in metrics if (by_seed := group.values(name))}
    differences = {} if group is first else {name: _difference(group, first, name) for name in values}
    return Summary(
        group.label,
        tuple(sorted({seed for by_seed in values.values() for seed in by_seed})),
        {name: mean_interval(list(by_seed.values())) for name, by_seed in values.items()},
        {name: difference for name, difference in differences.items() if difference},
    )


def _difference(group: _Group, first: _Group, name: str) -> Difference | None:
    """Return a metric minus that of the first group; None if nothing of it can be paired, as of other data."""
    values, others = group.values(name), first.values(name)
    seeds = sorted(values.keys() & others.keys())
    if len(seeds) > 1 and not all(can_rank([group.by_seed[s], first.by_seed[s]], name) for s in seeds):
        return None
    if len(seeds) > 1:
        return Difference(paired_difference([values[s] for s in seeds], [others[s] for s in seeds]), "seeds")
    if not seeds:
        return None
    interval = example_losses.difference(group.by_seed[seeds[0]], first.by_seed[seeds[0]], name)
    return Difference(interval, "examples") if interval else None


def table(summaries: Sequence[Summary]) -> Table:
    """Return columns and rows: a row per group, its means and intervals, and its difference in the first metric."""
    names = list(dict.fromkeys(name for summary in summaries for name in summary.metrics))
    compared = next((name for name in names if any(name in s.differences for s in summaries)), None)
    columns = ["settings", "seeds", *names, *([f"{compared} minus the first"] if compared else [])]
    rows: list[list[Any]] = [
        [
            summary.label,
            len(summary.seeds),
            *(_cell(summary.metrics.get(name), len(summary.seeds)) for name in names),
            *([_difference_cell(summary.differences.get(compared), len(summary.seeds))] if compared else []),
        ]
        for summary in summaries
    ]
    return columns, rows


def _cell(interval: Interval | None, seeds: int) -> str:
    if interval is None:
        return "-"
    if interval.ci95 is None or interval.ci95[0] == interval.ci95[1]:  # of one seed, or the same for each
        return f"{interval.mean:.4g}{_fewer(interval, seeds)}"
    return f"{interval.mean:.4g} ({interval.ci95[0]:.4g} to {interval.ci95[1]:.4g}){_fewer(interval, seeds)}"


def _difference_cell(difference: Difference | None, seeds: int) -> str:
    if difference is None or difference.interval.ci95 is None:
        return "-"
    interval, (low, high) = difference.interval, difference.interval.ci95
    fewer = _fewer(interval, seeds) if difference.over == "seeds" else ""
    text = f"{interval.mean:+.3g} ({low:+.3g} to {high:+.3g}){fewer}"
    return text if interval.excludes_zero else f"{text}, not distinguishable"


def _fewer(interval: Interval, seeds: int) -> str:
    """Return the number of seeds that an interval is over if others of the group lack the metric, or a partner."""
    return f", n={interval.n}" if interval.n != seeds else ""


def as_json(summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    """Return the groups as `--json` prints them."""
    return [
        {
            "label": summary.label,
            "seeds": list(summary.seeds),
            "metrics": {name: interval.as_json() for name, interval in summary.metrics.items()},
            "differences": {
                name: {**difference.interval.as_json(), "over": difference.over}
                for name, difference in summary.differences.items()
            },
        }
        for summary in summaries
    ]
