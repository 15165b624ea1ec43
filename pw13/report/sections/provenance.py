"""Where the numbers come from: every run with its settings, data, machine and versions."""

from pw13 import config
from pw13.config import fields
from pw13.report.document import Block, Text, table
from pw13.report.run_selection import RunSelection
from pw13.report.sections.blocks import format_number
from pw13.report.sections.overview import data_name
from pw13.runs.record import Record


def provenance(found: RunSelection) -> list[Block]:
    """Every run with its seed, settings, data and versions, so that each number can be traced and made again."""
    runs = [
        (
            r.name,
            format_number(r.config.get("seed")),
            _told(r),
            str((r.facts.get("data") or {}).get("sha256", "–"))[:16],
            str(r.facts.get("git_commit") or "–")[:12],
        )
        for r in found.records
    ]
    sources = {str(data.get("sha256")): data_name(r) for r in found.records if (data := r.facts.get("data"))}
    versions = dict.fromkeys(_versions(r) for r in found.records)
    machines = dict.fromkeys(_machine(r) for r in found.records)
    return [
        Text(
            f"This report uses {found.origin}. Every number is read from a run's metrics.json, config.json "
            "or history.csv; every sentence marked as a comment is computed from them. Settings that are "
            "not named have their defaults.",
            "plain",
        ),
        table("Runs.", ("run", "seed", "settings", "data (sha256)", "commit"), runs),
        table("Data.", ("name", "sha256"), [(name, sha256) for sha256, name in sources.items()]),
        *(Text(text, "note") for text in [*machines, *versions]),
    ]


def _told(record: Record) -> str:
    """The settings that differ from their defaults."""
    kind = config.KINDS.get(record.kind)
    defaults = fields.as_dict(kind()) if kind else {}
    changed = {
        key: value
        for key, value in record.config.items()
        if key in defaults and value != defaults[key] and key != "seed"
    }
    return ", ".join(f"{key} {value}" for key, value in changed.items()) or "defaults"


def _versions(record: Record) -> str:
    return (
        "Versions: "
        + ", ".join(f"{name} {version}" for name, version in (record.facts.get("versions") or {}).items())
        + "."
    )


def _machine(record: Record) -> str:
    machine = record.facts.get("machine") or {}
    one_dnn = {"True": "oneDNN on", "False": "oneDNN off"}.get(str(record.facts.get("one_dnn")), "")
    parts = [
        str(machine.get("processor", "")),
        f"{machine.get('cores', '?')} cores",
        str(machine.get("system", "")),
        one_dnn,
    ]
    return "Machine: " + ", ".join(part for part in parts if part) + "."
