"""Names of every point of a char-RNN sweep side by side, for exercise 2g."""

import re
from pathlib import Path

import numpy as np

from pw13 import console
from pw13.inference import sampling
from pw13.inference.name_generator import load_generator
from pw13.runs.folder import Run
from pw13.runs.record import read_run
from pw13.sweeps.folder import Sweep

TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
NAMES_PER_POINT = 10

Names = dict[str, dict[str, list[str]]]  # point -> temperature -> names


def save_samples(sweep: Sweep, run: Run) -> None:
    """Put names of every complete point into names.json, and into names.md as a table."""
    points = {point.name: read_run(run.folder / point.name) for point in sweep.points}
    found = {name: sample_points(record.folder) for name, record in points.items() if record.status == "completed"}
    run.save_json("names.json", found)
    run.save_text("names.md", markdown(found))


def sample_points(folder: Path) -> dict[str, list[str]]:
    """Names at each temperature from the run in `folder`; the random numbers are the same for every run."""
    writer = load_generator(read_run(folder))
    return {
        f"{temperature:g}": [
            name.text
            for name in sampling.generate(
                writer.network,
                writer.vocab_file,
                NAMES_PER_POINT,
                sampling.SamplingOptions(temperature),
                rng=np.random.default_rng(0),
            )
        ]
        for temperature in TEMPERATURES
    }


def markdown(names: Names) -> str:
    """A table with a line a point and a column a temperature."""
    temperatures = [f"{temperature:g}" for temperature in TEMPERATURES]
    lines = [
        "| point | " + " | ".join(f"temperature {temperature}" for temperature in temperatures) + " |",
        "| --- " * (1 + len(temperatures)) + "|",
    ]
    for point, at in names.items():
        cells = ["<br>".join(escaped(name) for name in at[temperature]) for temperature in temperatures]
        lines.append("| " + " | ".join([escaped(point), *cells]) + " |")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, control characters as escapes."""
    return re.sub(r"([\\`*_{}\[\]<>#+|&~!$-])", r"\\\1", console.printable(text))
