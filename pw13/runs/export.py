"""Runs as flat rows, for other programs: one row per run."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from pw13.runs.comparison import numbers, seconds, settings
from pw13.runs.record import Record


def flat_rows(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return a row per run, all with the same columns: facts, settings as `config.NAME`, metrics by their names.

    Text, numbers and None only: curves, and lists of numbers or names, are left to metrics.json.
    """
    rows = [_row(record) for record in records]
    columns = dict.fromkeys(column for row in rows for column in row)
    return [{column: row.get(column) for column in columns} for row in rows]


def _row(record: Record) -> dict[str, Any]:
    data = record.data
    facts = {
        "run": record.reference,
        "kind": record.kind,
        "status": record.status,
        "started": record.facts.get("started"),
        "seconds": seconds(record),
        "data": data.get("name"),
        "data_sha256": data.get("sha256"),
    }
    values = {f"config.{name}": value for name, value in settings(record).items()}
    metrics = {name: value for name, value in numbers(record).items() if name not in facts}
    return {name: value for name, value in (facts | values | metrics).items() if _is_scalar(value)}


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float, bool))


def to_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as CSV (RFC 4180, but for "\\n" at the ends of lines): None is an empty field."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()
