"""pw13's `charrnn_names` beside makemore's own models: the same names, the same split, the same seconds of training.

makemore is the user's own checkout; each of its models trains in a process that imports its `makemore.py`.
"""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.commands import PW13
from bench.table import markdown
from bench.worker import environment
from pw13.config import presets
from pw13.config.settings import CharRNN
from pw13.data.names import load_names, prepare_dataset
from pw13.system.installation import install_hint

MODELS = {"transformer": "makemore Transformer", "gru": "makemore GRU", "rnn": "makemore RNN"}
COLUMNS = ("model", "parameters", "steps", "seconds", "validation", "held-out")
NOTE = """\
Nats per character, the end of a name included, on pw13's split by distinct name; each model as it was best on
validation names. makemore's own split is by line: names that stand in the file twice are in its training and in its
test set.
"""


def missing(folder: Path) -> str:
    """Return why the comparison cannot run, or nothing."""
    if absent := [name for name in ("makemore.py", "names.txt") if not (folder / name).is_file()]:
        return f"{folder}: expected a checkout of makemore, found no {absent[0]}"
    for module, library, extra in (("torch", "PyTorch", "bench"), ("tensorboard", "TensorBoard", "tensorboard")):
        if importlib.util.find_spec(module) is None:
            return f"makemore needs {library}, which is not installed ({install_hint(extra)})"
    return ""


CONFIG = "charrnn_names"


def section(folder: Path, config: str = CONFIG) -> str:
    """Train pw13 with a preset, then makemore's models for as many seconds, and return the Markdown."""
    corpus = folder / "names.txt"
    own = train_pw13(corpus, config)
    rows = [figures(f"pw13 --config {config}", own)]
    for model, label in MODELS.items():
        rows.append(figures(label, train_makemore(folder, corpus, model, own["seconds"], config)))
    return f"### makemore's names\n\n{NOTE}\n{markdown(COLUMNS, rows)}"


def train_pw13(corpus: Path, config: str) -> dict[str, Any]:
    """Train the char-RNN by its command and return its figures; seconds of training, compilation included."""
    with TemporaryDirectory() as folder:
        places = ["--corpus", str(corpus), "--runs-dir", folder]
        metrics = run([*PW13, "train-charrnn", "--config", config, *places, "--json", "--quiet"])
    return {
        "parameters": metrics["parameters"],
        "steps": None,
        "seconds": metrics["train_seconds"],
        "validation": metrics["val_nats"],
        "held_out": metrics["held_out_nats"],
    }


def train_makemore(folder: Path, corpus: Path, model: str, seconds: float, config: str) -> dict[str, Any]:
    """Train one of makemore's models on pw13's split and return its figures."""
    settings = CharRNN(**presets.read_config(config)["charrnn"])
    split = prepare_dataset(load_names(str(corpus)).names, settings).split
    command = [sys.executable, "-m", "bench.train_makemore", str(folder), model, str(seconds)]
    facts = run(command, json.dumps(split._asdict()))
    return {**facts, "seconds": seconds}


def run(command: list[str], text: str = "") -> dict[str, Any]:
    """Run a command with `text` as its input and return the JSON that it prints."""
    done = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True, env=environment("pw13")
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def figures(label: str, facts: dict[str, Any]) -> tuple[str, ...]:
    """Return a table row."""
    steps = "" if facts["steps"] is None else f"{facts['steps']:,}"
    loss = (f"{facts[name]:.3f}" for name in ("validation", "held_out"))
    return label, f"{facts['parameters']:,}", steps, f"{facts['seconds']:.0f}", *loss
