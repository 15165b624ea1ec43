"""Which runs can be compared: same data, same settings but for one, and any seed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.runs.comparison import WITHOUT_EFFECT
from pw13.runs.record import DATA_PATH_KEYS, Record

# Settings that the report compares, by kind.
COMPARED_SETTINGS = {"dense-ae": ("code_size",), "charrnn": ("epochs", "units", "cell", "target")}
DEPENDENT_SETTINGS = {"target": ("carry_state",)}  # may differ with a compared one


def effective_settings(record: Record, ignored: Sequence[str] = ()) -> dict[str, Any]:
    """Return the settings that affect a result; data paths, checkpoint intervals and the like do not."""
    excluded = {*ignored, *DATA_PATH_KEYS, *WITHOUT_EFFECT, "kind"} - {"init_from"}
    return {key: value for key, value in (_defaults(record) | record.config).items() if key not in excluded}


def _defaults(record: Record) -> dict[str, Any]:
    """Return the settings that a run of an older version lacks; 0.1.0 had one seed for both."""
    kind = config.KINDS.get(record.kind)
    defaults = fields.as_dict(kind()) if kind else {}
    return {**defaults, "split_seed": record.config.get("seed")} if "split_seed" in defaults else defaults


def same_data(one: Record, other: Record) -> bool:
    return bool(one.data_sha256 == other.data_sha256)


def is_comparable(record: Record, base: Record, key: str) -> bool:
    """Return whether a run differs from `base` only in setting `key` and seed."""
    ignored = (key, "seed", *DEPENDENT_SETTINGS.get(key, ()))
    return (
        record.kind == base.kind
        and same_data(record, base)
        and effective_settings(record, ignored) == effective_settings(base, ignored)
    )


def count_comparisons(records: Iterable[Record]) -> Counter[str]:
    """Return, by the reference of each run, how many other values of compared settings it can be compared with."""
    groups: dict[Any, list[tuple[str, Any]]] = {}
    for record in records:
        for key in COMPARED_SETTINGS.get(record.kind, ()):
            shared = effective_settings(record, (key, "seed", *DEPENDENT_SETTINGS.get(key, ())))
            group = (record.kind, key, record.data_sha256, repr(sorted(shared.items())))
            groups.setdefault(group, []).append((record.reference, record.config.get(key)))
    counts: Counter[str] = Counter()
    for members in groups.values():
        values = {repr(value) for _, value in members}
        counts.update({name: len(values) - 1 for name, _ in members})
    return counts


def further_values(base: Record, records: Sequence[Record], candidates: Sequence[Record]) -> list[Record]:
    """Return the candidates that compare with `base` at a value of a setting that `records` lack, the last of each."""
    found: dict[tuple[str, Any], Record] = {}
    for key in COMPARED_SETTINGS.get(base.kind, ()):
        known = {record.config.get(key) for record in records if is_comparable(record, base, key)}
        for record in candidates:
            value = record.config.get(key)
            if value not in known and is_comparable(record, base, key):
                found[key, value] = record
    return list(found.values())
