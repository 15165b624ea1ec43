"""Join HTML, CSS, JavaScript and contents to one page that needs nothing else."""

import base64
import functools
import hashlib
import json
from pathlib import Path
from typing import Any

from pw13.errors import UserError
from pw13.explore import runs
from pw13.explore.contents import Chosen, contents
from pw13.system import files

FOLDER = Path(__file__).parent / "page"
SCRIPTS = (  # in the order of use
    "strings.js", "dom.js", "arrays.js", "threefry.js", "dense.js", "conv.js", "rnn.js", "sampling.js", "known.js",
    "noise.js", "charts.js", "pictures.js", "codes_map.js", "codes_view.js", "noise_view.js", "names_controls.js",
    "names_view.js", "sweeps.js", "runs_view.js", "svm_view.js", "main.js",
)  # fmt: skip


def write_page(path: Path, chosen: Chosen, runs_dir: Path) -> None:
    """Write the page as one file.

    Raises:
        UserError: a named run is damaged, or the file cannot be written.
    """
    data = files.to_utf8(render(contents(chosen, runs.rows(runs_dir), served=False, runs_dir=runs_dir)))
    try:
        files.write_atomic(path, data)
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None


def render(content: dict[str, Any]) -> str:
    """Return the page; its Content-Security-Policy allows its own style and script only."""
    style, script = _style(), _script()
    policy = security_policy(style, script, served=content["served"])
    html = (FOLDER / "index.html").read_text("utf-8")
    for name, text in (("POLICY", policy), ("STYLE", style), ("SCRIPT", script), ("CONTENTS", embed(content))):
        before, after = html.split(f"[[{name}]]")
        html = before + text + after
    return html


def security_policy(style: str, script: str, *, served: bool) -> str:
    """Return a policy that allows this style and script, by their hashes, and requests to the page's server only."""
    sources = {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "script-src": f"'{_hash(script)}'",
        "style-src": f"'{_hash(style)}'",
        "img-src": "data: 'self'" if served else "data:",
        **({"connect-src": "'self'"} if served else {}),
    }
    return "; ".join(f"{name} {value}" for name, value in sources.items())


def embed(value: Any) -> str:
    """Return JSON that cannot end its script element: every `<` is escaped."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c")


@functools.cache
def _style() -> str:
    return (FOLDER / "style.css").read_text("utf-8")


@functools.cache
def _script() -> str:
    parts = [(FOLDER / name).read_text("utf-8") for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "\n})();\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
