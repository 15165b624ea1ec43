"""Sampled names of every point of a char-RNN sweep, side by side, for exercise 2g."""

import re

from pw13 import console
from pw13.inference import sampling
from pw13.inference.name_generator import load_generator
from pw13.runs.folder import Run
from pw13.runs.record import Record, read_run
from pw13.sweeps.folder import Sweep

TEMPERATURES = (0.5, 0.8, 1.0, 1.2)
NAMES_PER_POINT = 10

Names = dict[str, dict[str, list[str]]]  # point -> temperature -> names


def save_samples(sweep: Sweep, run: Run) -> None:
    """Write names of every completed point to names.json, and as a table to names.md."""
    records = {point.name: read_run(run.folder / point.name) for point in sweep.points}
    names = {point: sample_point(record) for point, record in records.items() if record.status == "completed"}
    run.save_json("names.json", names)
    run.save_text("names.md", markdown(names))


def sample_point(record: Record) -> dict[str, list[str]]:
    """Sample names at each temperature from a run, with the same random numbers for every run."""
    generator = load_generator(record)
    return {
        f"{temperature:g}": [
            name.text
            for name in sampling.generate(
                generator.network,
                generator.vocab_file,
                NAMES_PER_POINT,
                sampling.SamplingOptions(temperature),
                seed=0,
            )
        ]
        for temperature in TEMPERATURES
    }


def markdown(names: Names) -> str:
    """Format names as a table with a row per point and a column per temperature."""
    temperatures = [f"{temperature:g}" for temperature in TEMPERATURES]
    lines = [
        "| point | " + " | ".join(f"temperature {temperature}" for temperature in temperatures) + " |",
        "| --- " * (1 + len(temperatures)) + "|",
    ]
    for point, by_temperature in names.items():
        cells = ["<br>".join(escape(name) for name in by_temperature[temperature]) for temperature in temperatures]
        lines.append("| " + " | ".join([escape(point), *cells]) + " |")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Escape Markdown syntax and control characters."""
    return re.sub(r"([\\`*_{}\[\]<>#+|&~!$-])", r"\\\1", console.printable(text))
