"""Runs as rows and columns: listed, side by side, one per line. Functions of records, which print nothing."""

import fnmatch
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pw13.console import format_cell
from pw13.runs.comparison import (
    BEST_VAL_LOSS,
    WITHOUT_EFFECT,
    can_rank,
    differing_settings,
    is_number,
    numbers,
    seconds,
    settings,
    sweep_points,
)
from pw13.runs.record import Record

# The settings that name a run in a list, by kind.
NAMING_SETTINGS = {
    "dense-ae": ("code_size",),
    "conv-dae": ("noise_kind", "noise"),
    "svm-eval": ("kernel",),
    "charrnn": ("cell", "target", "units"),
}
# The columns of each kind in a table of runs, with * for any text; the first that a run has is its headline metric.
PRIMARY_METRICS = {
    "dense-ae": ("test_mse", "val_mse", "test_psnr_db", "pca_test_mse"),
    "conv-dae": ("denoised_psnr_db", "test_mse", "noisy_psnr_db", "denoised_ssim"),
    "svm-eval": ("results.codes-rbf*.accuracy", "results.pixels-rbf.accuracy", "results.pca-rbf*.accuracy",
                 "results.codes-linear*.accuracy", "results.pixels-linear.accuracy"),
    "charrnn": ("held_out_nats", "val_nats", "train_nats", "held_out_accuracy", "names.new"),
}  # fmt: skip
BARE_SETTINGS = ("cell", "target", "noise_kind")  # whose value says which setting it is
COMPARED_METRICS = ("epochs", "parameters", "train_seconds", "seconds")  # besides the primary ones
LOWER_IS_BETTER = ("test_mse", "val_mse", "train_nats", "val_nats", "held_out_nats", BEST_VAL_LOSS)
HIGHER_IS_BETTER = ("test_psnr_db", "denoised_psnr_db", "denoised_ssim", "held_out_accuracy", "results.*.accuracy")
BEST = "*"  # marks the best run
SAMPLES = 5  # names of a run shown side by side

Table = tuple[list[str], list[list[Any]]]  # columns, rows


class Group(NamedTuple):
    """Runs that differ in their seed only; `label` is what tells them from other groups."""

    label: str
    records: tuple[Record, ...]


# ---------------------------------------------------------------------------------------------------------- one run


def description(record: Record, differing: Sequence[str] = ()) -> str:
    """Return the settings that name a run and `differing` ones: "lstm, many-to-one, units 64, epochs 2"."""
    if record.is_sweep:
        grid = record.config.get("grid")
        axes = [f"{key} {', '.join(map(str, values))}" for key, values in _items(grid) if isinstance(values, list)]
        return "; ".join(axes) or f"seeds {record.config.get('seeds', '?')}"
    names = dict.fromkeys([*NAMING_SETTINGS.get(record.kind, ()), *differing])
    return _values(record, [name for name in names if record.config.get(name) is not None])


def _values(record: Record, names: Iterable[str]) -> str:
    values = [(name, record.config.get(name)) for name in names]
    return ", ".join(str(value) if name in BARE_SETTINGS else f"{name} {format_cell(value)}" for name, value in values)


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def headline(record: Record, metrics: Mapping[str, Any]) -> str:
    """Return the headline metric of a run, with its name; a dash if it has none."""
    if record.is_sweep and not record.problem:
        done = metrics.get("completed", sum(point.status == "completed" for point in sweep_points(record.folder)))
        return f"{done} of {record.config.get('points', '?')} points"
    names = [*matching(PRIMARY_METRICS.get(record.kind, ()), metrics), BEST_VAL_LOSS]
    values = [(name.removeprefix("results."), metrics[name]) for name in names if is_number(metrics.get(name))]
    if record.kind == "svm-eval":  # codes next to pixels
        shown = [pair for pair in values if pair[0].startswith(("codes-rbf", "pixels-rbf"))] or values
        return ", ".join(f"{name.removesuffix('.accuracy')} {value:.4g}" for name, value in shown) or "-"
    return f"{values[0][0]} {values[0][1]:.4g}" if values else "-"


def matching(patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return the names that match the patterns, in the order of the patterns; * stands for any text."""
    names = dict.fromkeys(names)
    found = (
        fnmatch.filter(names, pattern) if "*" in pattern else [pattern] * (pattern in names) for pattern in patterns
    )
    return list(dict.fromkeys(itertools.chain.from_iterable(found)))


# ----------------------------------------------------------------------------------------------------------- tables


def list_table(records: Sequence[Record], kind: str | None, metric: str | None) -> Table:
    """Return columns and rows of `runs list`: one metric per run, or with a kind its settings that differ and more."""
    extra = [metric] if metric else []
    measured = [(record, numbers(record)) for record in records]
    if kind is None:
        differing = {name: effective_differences([r for r in records if r.kind == name]) for name in PRIMARY_METRICS}
        rows = [
            [r.name, r.kind, r.status, description(r, differing.get(r.kind, ())) or "-", *map(m.get, extra),
             headline(r, m), seconds(r)]
            for r, m in measured
        ]  # fmt: skip
        return ["run", "kind", "status", "settings", *extra, "result", "seconds"], rows
    usable = [record for record in records if not record.problem]
    settings_ = [name for name in differing_settings(usable) if name != "epochs"]
    names = list(dict.fromkeys([*extra, "epochs", *primary_metrics(records)]))
    rows = [[r.name, r.status, *map(r.config.get, settings_), *map(m.get, names), seconds(r)] for r, m in measured]
    return ["run", "status", *settings_, *names, "seconds"], rows


def effective_differences(records: Sequence[Record]) -> list[str]:
    """Return the names of the settings that differ between the runs and may change a result."""
    usable = [record for record in records if not record.problem]
    return [name for name in differing_settings(usable) if name not in WITHOUT_EFFECT]


def primary_metrics(records: Iterable[Record]) -> list[str]:
    """Return the primary metrics of the kinds of the runs that at least one run has."""
    records = list(records)
    patterns = dict.fromkeys(name for record in records for name in PRIMARY_METRICS.get(record.kind, ()))
    measured = [numbers(record) for record in records]
    known = dict.fromkeys(name for metrics in measured for name, value in metrics.items() if value is not None)
    return matching((*patterns, BEST_VAL_LOSS), known)


def names_of(records: Sequence[Record]) -> list[str]:
    """Return the runs' names; of points of several sweeps, whose names are equal, with that of the sweep."""
    names = [record.name for record in records]
    return [n if names.count(n) == 1 else record.reference for n, record in zip(names, records, strict=True)]


def side_by_side(records: Sequence[Record], *, everything: bool = False) -> Table:
    """Return columns and rows that compare a few runs, a column per run: what differs, the best value marked.

    No value is the best of runs that were evaluated on different examples.

    everything: all metrics, also those that are equal, instead of the primary ones that differ.
    """
    measured = [numbers(record) for record in records]
    facts: list[list[Any]] = [["kind", *(r.kind for r in records)], ["status", *(r.status for r in records)],
             ["data", *_data_names(records)]]  # fmt: skip
    rows: list[list[Any]] = [row for row in facts if differ(row[1:])]
    rows += [
        [f"--{name.replace('_', '-')}", *(r.config.get(name) for r in records)] for name in differing_settings(records)
    ]
    names = list(dict.fromkeys(name for metrics in measured for name in metrics))
    for name in names if everything else [*primary_metrics(records), *COMPARED_METRICS]:
        values = [metrics.get(name) for metrics in measured]
        if any(map(is_number, values)) and (everything or differ(values)):
            rows.append([name, *(mark_best(name, values) if can_rank(records, name) else values)])
    return ["", *names_of(records)], rows


def one_per_line(records: Sequence[Record], *, everything: bool = False) -> Table:
    """Return columns and rows that compare many runs, a row per run: as `side_by_side`, but primary metrics only."""
    settings_ = differing_settings(records)
    measured = [numbers(record) for record in records]
    by_name = {name: [metrics.get(name) for metrics in measured] for name in primary_metrics(records)}
    shown = {name: values for name, values in by_name.items() if everything or differ(values)}
    shown = {name: mark_best(name, v) if can_rank(records, name) else v for name, v in shown.items()}
    facts = {"status": [r.status for r in records], "data": _differing_data(records)}
    facts = {name: values for name, values in facts.items() if differ(values) or (everything and name == "status")}
    columns = {**facts, **{name: [r.config.get(name) for r in records] for name in settings_}, **shown}
    rows = [list(row) for row in zip(names_of(records), *columns.values(), strict=True)]
    return ["run", *columns], rows


def differ(values: Sequence[Any]) -> bool:
    return len({repr(value) for value in values}) > 1


def mark_best(name: str, values: Sequence[Any]) -> list[Any]:
    """Return the values of a metric, the best one marked if they differ and better is known."""
    known = [value for value in values if is_number(value) and value == value]
    better = min if matching(LOWER_IS_BETTER, [name]) else max if matching(HIGHER_IS_BETTER, [name]) else None
    if better is None or len(known) < 2 or min(known) == max(known):
        return list(values)
    best = better(known)
    return [format_cell(value) + (BEST if is_number(value) and value == best else "") for value in values]


def sample_names(records: Sequence[Record]) -> Table | None:
    """Return names that each char-RNN has sampled, side by side; None unless two runs have some."""
    sampled = dict(zip(names_of(records), map(_examples, records), strict=True))
    known = {name: examples for name, examples in sampled.items() if examples}
    if len(known) < 2:
        return None
    if len(known) > 4:
        return ["run", "novel names"], [[name, " | ".join(examples)] for name, examples in known.items()]
    count = max(map(len, known.values()))
    padded = [examples + [""] * (count - len(examples)) for examples in known.values()]
    return list(known), [list(row) for row in zip(*padded, strict=True)]


def _examples(record: Record) -> list[str]:
    names = (record.metrics or {}).get("names")
    examples = names.get("examples") if isinstance(names, dict) else None
    return [str(name) for name in examples[:SAMPLES]] if isinstance(examples, list) else []


def _data_names(records: Sequence[Record]) -> list[str]:
    """Return the names of the runs' data, with the start of their digest where others have the same name."""
    data = [(str(record.data.get("name", "-")), str(record.data_sha256)) for record in records]
    return [f"{name} {sha[:8]}" if len({s for n, s in data if n == name}) > 1 else name for name, sha in data]


def _differing_data(records: Sequence[Record]) -> list[str]:
    """Return the names of the runs' data, empty ones if they do not differ."""
    names = _data_names(records)
    return names if len({*names} - {"-"}) > 1 else [""] * len(names)


# ----------------------------------------------------------------------------------------------------------- groups


def labels(records: Sequence[Record], ignored: Sequence[str] = ()) -> list[str]:
    """Return a short label per run: its differing settings and data, or its name where those are not unique."""
    differing = [name for name in differing_settings(records) if name not in ignored]
    parts = [(_values(r, differing), data) for r, data in zip(records, _differing_data(records), strict=True)]
    texts = [", ".join(filter(None, part)) for part in parts]
    return [text if text and texts.count(text) == 1 else n for text, n in zip(texts, names_of(records), strict=True)]


def group_by_settings(records: Sequence[Record]) -> list[Group]:
    """Return the runs in groups that differ in their seed only, in the order of their first runs.

    SVM evaluations of other encoders are of other groups.
    """
    grouped: dict[str, list[Record]] = {}
    for record in records:
        values = {name: value for name, value in settings(record).items() if name not in ("seed", *WITHOUT_EFFECT)}
        data = record.data_sha256, record.facts.get("encoders")
        grouped.setdefault(repr((record.kind, data, sorted(values.items()))), []).append(record)
    names = labels([members[0] for members in grouped.values()], ("seed", *WITHOUT_EFFECT))
    if all(len(members) == 1 for members in grouped.values()):
        names = labels(records)
    if len(grouped) == 1:  # nothing differs but the seed
        names = [description(records[0]) or names[0]]
    return [Group(name, tuple(members)) for name, members in zip(names, grouped.values(), strict=True)]
