"""The appendix: every run with its settings, data, machine and versions."""

from pw13 import config
from pw13.config import fields
from pw13.report.commentary.phrasing import format_number
from pw13.report.document import Block, Text, table
from pw13.report.portable import runs_used
from pw13.report.run_selection import RunSelection
from pw13.report.sections.overview import data_name
from pw13.runs.record import Record


def provenance(selection: RunSelection) -> list[Block]:
    """Return every run with seed, settings, data and versions, so that each number can be traced and reproduced."""
    runs = [
        (
            run.reference,
            format_number(run.config.get("seed")),
            _changed_settings(run),
            str(run.data.get("sha256", "–"))[:16],
            str(run.facts.get("git_commit") or "–")[:12],
        )
        for run in selection.records
    ]
    sources = {str(run.data_sha256): data_name(run) for run in selection.records if run.data}
    lines = dict.fromkeys(_machine(run) for run in selection.records)
    # runs without TensorFlow, as of svm-eval, say nothing of oneDNN
    machines = [line for line in lines if not any(other.startswith(f"{line}, oneDNN") for other in lines)]
    versions = dict.fromkeys(_versions(run) for run in selection.records)
    return [
        Text(
            f"This report uses {selection.origin}. Every number is read from the folders of these runs, or computed "
            "from their losses, networks and data; every auto-generated comment is computed from these numbers. "
            "Settings that are not listed have their default values."
        ),
        table("Runs.", ("run", "seed", "settings", "data (sha256)", "commit"), runs),
        table("Data.", ("name", "sha256"), [(name, sha256) for sha256, name in sources.items()]),
        *(Text(f"{text}.", "note") for text in [*machines, *versions]),
    ]


def _changed_settings(run: Record) -> str:
    """Return the settings that differ from their defaults."""
    kind = config.KINDS.get(run.kind)
    defaults = fields.as_dict(kind()) if kind else {}
    changed = [
        f"{key} {value}"
        for key, value in run.config.items()
        if key in defaults and value != defaults[key] and key != "seed"
    ]
    if run.kind == "charrnn":
        changed += [f"init_from {start}" for start in runs_used(run)]
    return ", ".join(changed) or "defaults"


def _versions(run: Record) -> str:
    versions = (run.facts.get("versions") or {}).items()
    return f"Versions: {', '.join(f'{name} {version}' for name, version in versions)}"


def _machine(run: Record) -> str:
    machine = run.facts.get("machine") or {}
    one_dnn = {"True": "oneDNN on", "False": "oneDNN off"}.get(str(run.facts.get("one_dnn")), "")
    parts = [
        str(machine.get("processor", "")),
        f"{machine.get('cores', '?')} cores",
        str(machine.get("system", "")),
        one_dnn,
    ]
    return f"Machine: {', '.join(part for part in parts if part)}"
