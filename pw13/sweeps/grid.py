"""A grid of settings: from the texts of `--grid` to the points of a sweep, every one checked before the first run."""

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pw13.config import fields
from pw13.errors import OptionError

MAX_POINTS = 10_000
MAX_SEEDS = 1000


class Point(NamedTuple):
    """One run of a sweep: its folder's name, the values in which it differs from the others, all its settings."""

    name: str
    values: dict[str, Any]
    settings: Any


def parse_axes(cls: type, texts: Sequence[str]) -> dict[str, list[Any]]:
    """The axes that `--grid NAME=V,V` names, in the order given: setting -> values.

    Raises:
        OptionError: no such setting of `cls`, no value, a value that its type cannot be read from, anything twice.
    """
    found: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, listed = text.partition("=")
        name, words = name.strip().replace("-", "_"), [word.strip() for word in listed.split(",")]
        if not equals or not name or not all(words):
            raise OptionError(f"--grid: expected NAME=VALUE,VALUE,..., received {text!r}")
        if name in found:
            raise OptionError(f"--grid: {name} is given twice")
        try:
            found[name] = [fields.parse(cls, name, word) for word in words]
        except OptionError as error:
            raise OptionError(f"--grid {text}: {error}") from None
        if len(set(found[name])) < len(words):
            raise OptionError(f"--grid {text}: a value stands there twice")
    return found


def grid_points(base: Any, axes: Mapping[str, Sequence[Any]], seeds: int) -> list[Point]:
    """Every combination of the axes' values over `base`, each with `seeds` seeds counted from the base's.

    Raises:
        OptionError: settings that do not go together or leave their ranges; too many points.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise OptionError(f"--seeds: expected a whole number from 1 to {MAX_SEEDS}, received {seeds}")
    if "seed" in axes and seeds > 1:
        raise OptionError("--seeds: the grid has an axis seed already")
    every = {**axes, **({} if "seed" in axes else {"seed": [base.seed + number for number in range(seeds)]})}
    count = 1
    for values in every.values():
        count *= len(values)
    if count > MAX_POINTS:
        raise OptionError(f"--grid: {count:,} runs, expected at most {MAX_POINTS:,}")
    width = len(str(count))
    return [
        _point(base, dict(zip(every, values, strict=True)), f"{number:0{width}d}")
        for number, values in enumerate(itertools.product(*every.values()), 1)
    ]


def _point(base: Any, values: dict[str, Any], number: str) -> Point:
    try:
        settings = dataclasses.replace(base, **values)
    except OptionError as error:
        raise OptionError(f"--grid: {error}") from None
    texts = [f"{name}={format_value(value)}" for name, value in values.items()]
    return Point("_".join([number, *texts])[:100], values, settings)


def format_value(value: Any) -> str:
    """A value as it can stand in a folder's name on any system."""
    words = f"{value:g}" if isinstance(value, float) else str(value)
    return re.sub(r"[^A-Za-z0-9.+-]", "-", words)
