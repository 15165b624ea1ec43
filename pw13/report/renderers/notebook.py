"""Render the report as a notebook: Keras code that trains small models, between the items of the report."""

import json
import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pw13 import config
from pw13.report import hand_in_data
from pw13.report.document import Document
from pw13.report.renderers.markdown import item_cells
from pw13.report.renderers.notebook_execution import KERNEL
from pw13.report.run_selection import RunSelection, metric
from pw13.runs import comparison
from pw13.runs.record import Record, settings_of
from pw13.system import files

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOISY = {  # noise kind: docstring and value of the notebook's `noisy`
    "gaussian": (
        "Return copies with Gaussian noise, clipped to [0, 1].",
        'np.clip(x + rng.normal(0, {level}, x.shape).astype("float32"), 0, 1)',
    ),
    "salt-pepper": (
        "Return copies with a fraction of the pixels set to black or white.",
        'np.where(rng.random(x.shape) < {level}, rng.integers(0, 2, x.shape), x).astype("float32")',
    ),
    "masking": (
        "Return copies with a fraction of the pixels set to black.",
        'np.where(rng.random(x.shape) < {level}, 0, x).astype("float32")',
    ),
}

REPAIR = r"""
    if any("\x80" <= character <= "\x9f" for name in names for character in name):  # Mac Roman decoded as Latin-1
        names = [name.encode("latin-1").decode("mac_roman") if max(name) <= "\xff" else name for name in names]
"""  # as --fix-accents


def notebook(document: Document, selection: RunSelection) -> "NotebookNode":
    """Return the notebook, not executed; its cells are numbered.

    Code that reads images or names is in it only if a run of the report has read such, code of the denoiser only if one
    was trained on these images: it takes no sides but multiples of 4.
    """
    from nbformat import v4

    new_notebook: Callable[..., NotebookNode] = v4.new_notebook
    values, cells = _values(selection), []
    without = {
        "images": hand_in_data.image_run(selection) is None,
        "denoiser": not hand_in_data.has_denoiser(selection),
        "names": hand_in_data.names_run(selection) is None,
    }
    parts = [part for part in read_template() if part[0] != "code" or not without.get(part[1])]
    with_code = {name for (kind, name, _), (after, *_) in pairwise(parts) if (kind, after) == ("open", "code")}
    for kind, name, body in parts:
        if kind in ("report", "open", "rest"):
            text, attachments = item_cells(document, name, kind, with_code=name in with_code)
            if text:
                cells.append(_new_cell("markdown", text, attachments))
        else:
            cells.append(_new_cell(kind, fill_template(body, values) if kind == "code" else body))
    for index, cell in enumerate(cells, 1):
        cell["id"] = f"cell-{index:03d}"
    return new_notebook(cells=cells, metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}})


def read_template() -> list[tuple[str, str, str]]:
    """Return the parts of notebook_cells.txt: kind (report, open, rest, markdown, code), name, lines.

    The name of code is what it needs: images, images that a denoiser was trained on, or names.
    """
    text = (Path(__file__).parent / "notebook_cells.txt").read_text("utf-8")
    parts = re.split(r"^%% (\w+) ?(.*)\n", text, flags=re.MULTILINE)[1:]
    return [(parts[i], parts[i + 1], parts[i + 2].strip("\n")) for i in range(0, len(parts), 3)]


def fill_template(code: str, values: dict[str, str]) -> str:
    """Replace each {{name}} by its value, and repeat a line with {{lower}} for each layer below the last."""
    lower = int(values["layers"]) - 1
    code = re.sub(r"^(.*)\{\{lower\}\}(.*\n)", lambda line: (line[1] + line[2]) * lower, code, flags=re.MULTILINE)
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], code)


def _new_cell(kind: str, text: str, attachments: dict[str, dict[str, str]] | None = None) -> "NotebookNode":
    from nbformat import v4

    new_cell: Callable[..., NotebookNode] = v4.new_code_cell if kind == "code" else v4.new_markdown_cell
    return new_cell(text, attachments=attachments) if attachments else new_cell(text)


def _values(selection: RunSelection) -> dict[str, str]:
    """Return the values of the template: settings of the runs, how to read their data, and the facts to check.

    They become code that is executed, so text is quoted as Python and settings are checked.

    Raises:
        UserError: the settings of a run do not fit this version.
    """
    many = {series.value: series.first for series in selection.series(selection.baseline_rnn, "target")}
    runs = {
        "dense-ae": selection.dense,
        "conv-dae": selection.conv,
        "charrnn": selection.baseline_rnn,
        "many-to-many": many.get("many-to-many"),
    }
    dense, conv = (_settings(runs[kind], kind) for kind in ("dense-ae", "conv-dae"))
    rnn = _settings(hand_in_data.names_run(selection), "charrnn")
    noisy_docstring, noisy = NOISY[conv.noise_kind]
    images, names = hand_in_data.image_facts(selection), hand_in_data.names_facts(selection)
    return {
        "runs": "RUNS = " + run_facts(runs),
        "names_file": repr(f"data/{hand_in_data.names_file(selection)}"),
        "hashed": "array.tobytes()" if images.get("kind") == "builtin" else "raw",
        "encoding": repr("utf-8" if names.get("kind") == "builtin" else rnn.encoding),
        "repair": REPAIR.rstrip() if rnn.fix_accents else "",
        "code_size": str(dense.code_size),
        "activation": dense.activation,
        "loss": "binary_crossentropy" if dense.loss == "bce" else "mse",
        "noisy_docstring": noisy_docstring,
        "noisy": noisy.format(level=f"{conv.noise:g}"),
        "length": str(rnn.length),
        "skip": str(rnn.skip),
        "units": str(rnn.units),
        "layers": str(rnn.layers),
    }


def _settings(record: Record | None, kind: str) -> Any:
    """Return the settings of a run, or the defaults without one."""
    return settings_of(record) if record else config.KINDS[kind]()


def run_facts(runs: dict[str, Record | None]) -> str:
    """Return a dictionary of name, parameters, data and losses of each run by kind, as Python source.

    A number that is not finite, of a run that diverged or whose files were edited, is None; so are the parameters of a
    network that was trained further from another.
    """
    lines = []
    for kind, record in runs.items():
        history = comparison.history(record.folder) if record else []
        # a network that was trained further has characters that the data, and so the notebook's network, may lack
        further = bool(record and record.config.get("init_from"))
        parameters = None if further else metric(record, "parameters")
        sha256 = hand_in_data.checked_sha256(record)
        facts = {
            "name": record.reference if record else None,
            "parameters": int(parameters) if parameters and math.isfinite(parameters) else None,
            "data": sha256 if isinstance(sha256, str) else None,
            **{key: [_rounded(row[key]) for row in history if key in row] for key in ("loss", "val_loss")},
        }
        entries = ",\n        ".join(f"{json.dumps(key)}: {value!r}" for key, value in facts.items())
        lines.append(f"    {json.dumps(kind)}: {{\n        {entries},\n    }},\n")
    return "{\n" + "".join(lines) + "}"


def _rounded(loss: float) -> float | None:
    return float(f"{loss:.4g}") if math.isfinite(loss) else None


def to_bytes(cells: "NotebookNode") -> bytes:
    """Return the content of the .ipynb file."""
    import nbformat

    writes: Callable[..., str] = nbformat.writes
    nbformat.validate(cells)
    return files.to_utf8(writes(cells) + "\n")
