"""The document as a notebook: Keras code that trains small models, with the document's items between its cells."""

import base64
import html
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pw13 import config
from pw13.data.source import default_place
from pw13.errors import UserError
from pw13.report.document import Block, Document, Figure, Item
from pw13.report.evidence import Evidence, number
from pw13.runs import Record

SPECIAL = re.compile(r"([\\`*_{}\[\]#|$~])")  # what Markdown and MathJax read as markup
CELL_TIMEOUT = 600  # seconds
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


# --------------------------------------------------------------------------------------------------------- the cells


def notebook(document: Document, found: Evidence) -> Any:
    """The notebook, not executed; ids of cells are counters."""
    import nbformat

    values, cells = _values(found), []
    for kind, name, body in template():
        if kind in ("report", "open", "rest"):
            text, attachments = reported(document, name, kind)
            cells += [_markdown(text, attachments)] if text else []
        elif kind == "code":
            cells.append(nbformat.v4.new_code_cell(filled(body, values)))
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


def filled(code: str, values: dict[str, str]) -> str:
    """`code` with each {{name}} as its value."""
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], code)


def _markdown(text: str, attachments: dict[str, dict[str, str]]) -> Any:
    import nbformat

    cell = nbformat.v4.new_markdown_cell(text)
    if attachments:
        cell["attachments"] = attachments
    return cell


def _values(found: Evidence) -> dict[str, str]:
    """What the code takes from the runs: settings, places of data, and the numbers that it is checked against."""
    dense, conv, simple = (_settings(record, kind) for record, kind in _chief(found))
    reading = {key: simple[key] for key in ("encoding", "fix_accents") if simple[key] != getattr(config.CharRNN(), key)}
    options = "".join(f", {key}={value!r}" for key, value in reading.items())
    return {
        "numbers": "RUNS = " + numbers({kind: record for record, kind in _chief(found)}),
        "data": place(found.dense or found.conv or found.svm, "notmnist"),
        "corpus": place(found.simple, "startup-names", "companies.csv") + options,
        "code_size": str(dense["code_size"]),
        "activation": dense["activation"],
        "noise": f"{conv['noise']:g}",
        "length": str(simple["length"]),
        "skip": str(simple["skip"]),
        "units": str(simple["units"]),
    }


def _chief(found: Evidence) -> list[tuple[Record | None, str]]:
    return [(found.dense, "dense-ae"), (found.conv, "conv-dae"), (found.simple, "charrnn")]


def _settings(record: Record | None, kind: str) -> dict[str, Any]:
    """The settings of a run, over the defaults where it lacks one or is not there."""
    return {**config.as_dict(config.KINDS[kind]()), **(record.config if record else {})}


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


def place(record: Record | None, *parts: str) -> str:
    """The argument that loads a run's data again: "builtin", a path, or nothing where they lie in the default place."""
    data = (record.facts.get("data") or {}) if record else {}
    if data.get("kind") == "builtin":
        return '"builtin"'
    default = default_place(*parts)
    if not data or (default is not None and default.resolve() == Path(str(data.get("path"))).resolve()):
        return "None"
    return repr(str(data["path"]))


# ------------------------------------------------------------------------------------------------ document as Markdown


def reported(document: Document, name: str, part: str = "report") -> tuple[str, dict[str, dict[str, str]]]:
    """Markdown and attachments of the title, of a chapter's own blocks (by its title), or of an item (by its key).

    An item's `part` "open" is its heading and what stands before any figure or number, "rest" all else: between the two
    stands its code.
    """
    if name == "title":
        return title(document), {}
    for chapter in document.chapters:
        if chapter.title == name:
            return _shown([f"# {chapter.title}"], chapter.blocks)
        for item in chapter.items:
            if item.key == name:
                return _of_item(item, part)
    raise KeyError(name)


def _of_item(item: Item, part: str) -> tuple[str, dict[str, dict[str, str]]]:
    blocks = [block for block in item.blocks if not (block.kind == "verbatim" and block.caption == "summary()")]
    place = next((i for i, block in enumerate(blocks) if block.kind != "text" or block.role != "plain"), len(blocks))
    heading = [f"## {escaped(item.label)} {escaped(item.title)}"]
    if part == "rest":
        return _shown([], blocks[place:])
    return _shown(heading, blocks[:place] if part == "open" else blocks)


def title(document: Document) -> str:
    lines = [f"# {escaped(document.title)}", "Practical work 13, TSM Deep Learning"]
    if document.authors:
        lines.append(escaped(", ".join(document.authors)))
    lines.append(f"Runs up to {document.date}.")
    if document.notices:
        lines.append(
            "**Before reading the numbers**\n\n" + "\n".join(f"- {escaped(text)}" for text in document.notices)
        )
    return "\n\n".join(lines)


def _shown(heading: list[str], blocks: Sequence[Block]) -> tuple[str, dict[str, dict[str, str]]]:
    attachments = {
        block.name: {"image/png": base64.b64encode(block.png).decode("ascii")}
        for block in blocks
        if isinstance(block, Figure)
    }
    return "\n\n".join([*heading, *map(markdown, blocks)]), attachments


def markdown(block: Block) -> str:
    """One block as Markdown, its text escaped."""
    if block.kind == "text":
        mark = {"comment": "*Computed from the numbers:* ", "own": "*Our comment:* "}.get(block.role)
        return f"> {mark}{escaped(block.text)}" if mark else escaped(block.text)
    if block.kind == "sources":
        return "\n".join(f"- {escaped(line)}" for line in block.lines)
    if block.kind == "figure":
        return f"![{escaped(block.alt)}](attachment:{block.name})\n\n*{escaped(block.caption)}*"
    if block.kind == "table":
        return _table(block)
    if block.kind == "verbatim":
        return f"{escaped(block.caption)}\n\n{indented(block.text)}".strip("\n")
    return f"> **Missing.** {escaped(block.what)} Make it with: `{block.command}`"


def _table(block: Any) -> str:
    lines = [[escaped(cell) for cell in row] for row in (block.columns, *block.rows)]
    lines.insert(1, ["---:" if numeric else ":---" for numeric in block.numeric])
    return f"*{escaped(block.caption)}*\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def indented(text: str) -> str:
    """A code block by indentation, which no content can end."""
    return "\n".join(f"    {line}" for line in text.split("\n"))


def escaped(text: str) -> str:
    """`text` so that Markdown, HTML and MathJax in it are shown and not read."""
    return SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split("\n")), quote=False))


# --------------------------------------------------------------------------------------------------------- executing


def executed(cells: Any, *, folder: Path) -> Any:
    """The notebook with the outputs of a fresh kernel of this Python, started in `folder`.

    What goes to standard error (start-up lines of libraries, with times) is not kept.

    Raises:
        UserError: a cell failed.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    with tempfile.TemporaryDirectory(prefix="pw13-kernel-") as scratch:
        spec = Path(scratch, "python3")
        spec.mkdir()
        start = [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
            "--HistoryManager.enabled=False",
        ]
        (spec / "kernel.json").write_text(json.dumps({"argv": start, **KERNEL}), encoding="utf-8")
        manager = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[scratch]),
            connection_file=str(Path(scratch, "connection.json")),
        )
        client = NotebookClient(
            cells, km=manager, timeout=CELL_TIMEOUT, record_timing=False, resources={"metadata": {"path": str(folder)}}
        )
        try:
            client.execute(cleanup_kc=True, stderr=subprocess.DEVNULL)
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            lines = [line for line in str(error).strip().split("\n") if line.strip()]
            raise UserError(f"the notebook could not be executed: {lines[-1] if lines else error}") from None
    for cell in cells["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = kept(cell["outputs"])
    return cells


def kept(outputs: list[Any]) -> list[Any]:
    """The outputs without standard error; pieces of standard output joined (a buffer cuts them)."""
    joined: list[Any] = []
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if joined and output.get("name") == joined[-1].get("name") == "stdout":
            joined[-1]["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def as_bytes(cells: Any) -> bytes:
    import nbformat

    nbformat.validate(cells)
    return (nbformat.writes(cells) + "\n").encode()
