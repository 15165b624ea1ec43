"""The document as a notebook: Keras code that trains small models, with the document's items between its cells."""

import json
import re
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.config import fields
from pw13.data.source import default_path
from pw13.report.document import Document
from pw13.report.renderers.markdown import item_cells
from pw13.report.renderers.notebook_execution import KERNEL
from pw13.report.run_selection import RunSelection, number
from pw13.runs.record import Record

NOISY = {  # kind of noise: what the notebook's `noisy` returns, in words and as code
    "gaussian": (
        "Copies with Gaussian noise, cut to the range of the pixels.",
        'np.clip(x + rng.normal(0, {level}, x.shape).astype("float32"), 0, 1)',
    ),
    "salt-pepper": (
        "Copies with a share of the pixels set to black or white.",
        'np.where(rng.random(x.shape) < {level}, rng.integers(0, 2, x.shape), x).astype("float32")',
    ),
    "masking": (
        "Copies with a share of the pixels set to black.",
        'np.where(rng.random(x.shape) < {level}, 0, x).astype("float32")',
    ),
}


def notebook(document: Document, found: RunSelection) -> Any:
    """The notebook, not executed; ids of cells are counters."""
    import nbformat

    values, cells = _values(found), []
    for kind, name, body in template():
        if kind in ("report", "open", "rest"):
            text, attachments = item_cells(document, name, kind)
            cells += [_markdown(text, attachments)] if text else []
        elif kind == "code":
            cells.append(nbformat.v4.new_code_cell(fill_template(body, values)))
        else:
            cells.append(_markdown(body, {}))
    for place, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{place:03d}"
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def template() -> list[tuple[str, str, str]]:
    """The parts of notebook_cells.txt: kind (report, markdown, code), what follows it in its line, the lines below."""
    text = (Path(__file__).parent / "notebook_cells.txt").read_text("utf-8")
    parts = re.split(r"^%% (\w+) ?(.*)\n", text, flags=re.MULTILINE)[1:]
    return [(parts[i], parts[i + 1], parts[i + 2].strip("\n")) for i in range(0, len(parts), 3)]


def fill_template(code: str, values: dict[str, str]) -> str:
    """`code` with each {{name}} as its value, and a line with {{lower}} once for each layer below the last."""
    lower = int(values["layers"]) - 1
    code = re.sub(r"^(.*)\{\{lower\}\}(.*\n)", lambda line: (line[1] + line[2]) * lower, code, flags=re.MULTILINE)
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], code)


def _markdown(text: str, attachments: dict[str, dict[str, str]]) -> Any:
    import nbformat

    cell = nbformat.v4.new_markdown_cell(text)
    if attachments:
        cell["attachments"] = attachments
    return cell


def _values(found: RunSelection) -> dict[str, str]:
    """What the code takes from the runs: settings, places of data, and the numbers that it is checked against."""
    dense, conv, simple = (_settings(record, kind) for record, kind in _headline_number(found))
    reading = {key: simple[key] for key in ("encoding", "fix_accents") if simple[key] != getattr(config.CharRNN(), key)}
    options = "".join(f", {key}={value!r}" for key, value in reading.items())
    noisy_copies, noisy = NOISY[conv["noise_kind"]]
    return {
        "numbers": "RUNS = " + numbers({kind: record for record, kind in _headline_number(found)}),
        "data": relative_path(found.dense or found.conv or found.svm, "notmnist"),
        "corpus": relative_path(found.baseline_rnn, "startup-names", "companies.csv") + options,
        "code_size": str(dense["code_size"]),
        "activation": dense["activation"],
        "noisy_copies": noisy_copies,
        "noisy": noisy.format(level=f"{conv['noise']:g}"),
        "length": str(simple["length"]),
        "skip": str(simple["skip"]),
        "units": str(simple["units"]),
        "layers": str(simple["layers"]),
    }


def _headline_number(found: RunSelection) -> list[tuple[Record | None, str]]:
    return [(found.dense, "dense-ae"), (found.conv, "conv-dae"), (found.baseline_rnn, "charrnn")]


def _settings(record: Record | None, kind: str) -> dict[str, Any]:
    """The settings of a run, over the defaults where it lacks one or is not there."""
    return {**fields.as_dict(config.KINDS[kind]()), **(record.config if record else {})}


def numbers(records: dict[str, Record | None]) -> str:
    """The dictionary that the notebook holds, as Python source."""
    lines = []
    for kind, record in records.items():
        parameters = number(record, "parameters")
        sha256 = ((record.facts.get("data") or {}).get("sha256")) if record else None
        facts = {
            "name": record.name if record else None,
            "parameters": int(parameters) if parameters else None,
            "data": sha256,
        }
        inside = ",\n        ".join(f"{json.dumps(key)}: {value!r}" for key, value in facts.items())
        lines.append(f"    {json.dumps(kind)}: {{\n        {inside},\n    }},\n")
    return "{\n" + "".join(lines) + "}"


def relative_path(record: Record | None, *parts: str) -> str:
    """The argument that loads a run's data again: "builtin", a path, or nothing where they lie in the default place."""
    data = (record.facts.get("data") or {}) if record else {}
    if data.get("kind") == "builtin":
        return '"builtin"'
    default = default_path(*parts)
    if not data or (default is not None and default.resolve() == Path(str(data.get("path"))).resolve()):
        return "None"
    return repr(str(data["path"]))


def as_bytes(cells: Any) -> bytes:
    import nbformat

    nbformat.validate(cells)
    return (nbformat.writes(cells) + "\n").encode()
