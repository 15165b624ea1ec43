"""Whole commands on more and more data: seconds, peak memory, and the exponents that they grow with."""

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest import mock

import numpy as np

from bench import commands, make_images, make_names
from bench.table import markdown

COLUMNS = ("command", "examples", "seconds", "peak MiB")


class Subject(NamedTuple):
    """What grows: `make(folder, size)` writes data, which the commands by title read from `{data}`."""

    name: str
    sizes: tuple[int, ...]
    make: Callable[[Path, int], None]
    commands: dict[str, str]


def make_image_set(folder: Path, size: int) -> None:
    """Write a set of images with a tenth as many test images."""
    make_images.make(folder, size, size // 10)


SUBJECTS = (
    Subject(
        "images",
        (5_000, 10_000, 20_000),
        make_image_set,
        {
            "train-dense-ae, 3 epochs": "train-dense-ae --epochs 3 --data {data} --runs-dir {runs}",
            "svm-eval": "svm-eval --data {data} --runs-dir {runs}",
        },
    ),
    Subject(
        "names",
        (25_000, 50_000, 100_000),
        make_names.make,
        {
            "train-charrnn, 1 epoch": "train-charrnn --epochs 1 --corpus {data} --runs-dir {runs}",
            "generate -n 10": "generate -n 10 --runs-dir {runs}",
            "generate -n 10 --only-new": "generate -n 10 --only-new --runs-dir {runs}",
            "score Zimble": "score Zimble --runs-dir {runs}",
        },
    ),
)


def section(tiny: bool, sizes: Sequence[int] = ()) -> str:
    """Run each command on data of each size, by default those of its subject, and return Markdown."""
    text = "### growth\n\nGenerated data, nothing cached. A quantity that doubles with the data has exponent 1."
    for subject in SUBJECTS:
        measured = tuple(sizes) or tuple(size // 20 if tiny else size for size in subject.sizes)
        text += f"\n\n{markdown(COLUMNS, rows(subject, measured))}"
    return text


def rows(subject: Subject, sizes: Sequence[int]) -> list[tuple[str, ...]]:
    """Return a row per command and size, and one per command with the exponents; each size with an empty cache."""
    results: dict[str, list[tuple[float, float]]] = {title: [] for title in subject.commands}
    for size in sizes:
        with TemporaryDirectory() as folder, mock.patch.dict(os.environ, PW13_CACHE_DIR=str(Path(folder, "cache"))):
            places = {"data": str(Path(folder, "data")), "runs": str(Path(folder, "runs"))}
            subject.make(Path(folder, "data"), size)
            for title, words in subject.commands.items():
                command = [*commands.PW13, *(word.format(**places) for word in words.split()), "--quiet"]
                seconds, peak, _ = commands.run(command)
                results[title].append((seconds, peak))
    lines: list[tuple[str, ...]] = []
    for title, measured in results.items():
        lines += [(title, f"{n:,}", f"{s:.1f}", f"{mib:,.0f}") for n, (s, mib) in zip(sizes, measured, strict=True)]
        powers = [f"{exponent(sizes, values):.2f}" for values in zip(*measured, strict=True)]
        lines.append((f"{title}: exponent", "", *powers))
    return lines


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the slope of the straight line nearest to the logarithms; nan for fewer than two sizes."""
    if len(sizes) < 2:
        return math.nan
    return round(float(np.polyfit(np.log(sizes), np.log(values), 1)[0]), 3) + 0.0  # no negative zero
