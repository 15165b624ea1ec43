"""A grid of settings: from the values of `--grid` to the points of a sweep, all checked before the first run."""

import dataclasses
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pw13.config import fields
from pw13.errors import OptionError

MAX_POINTS = 10_000
MAX_SEEDS = 1000


class Point(NamedTuple):
    """One run of a sweep: the name of its folder, its values on the axes, all its settings."""

    name: str
    values: dict[str, Any]
    settings: Any


def parse_axes(cls: type, texts: Sequence[str]) -> dict[str, list[Any]]:
    """Parse the texts of `--grid NAME=V,V` to axes, in the order given: setting -> values.

    Raises:
        OptionError: an unknown setting of `cls`, a missing or invalid value, a duplicate.
    """
    axes: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        name, words = name.strip().replace("-", "_"), [word.strip() for word in values.split(",")]
        if not equals or not name or not all(words):
            raise OptionError(f"--grid: expected NAME=VALUE,VALUE,..., received {text!r}")
        if name in axes:
            raise OptionError(f"--grid: duplicate setting {name}")
        try:
            axes[name] = [fields.parse(cls, name, word) for word in words]
        except OptionError as error:
            raise OptionError(f"--grid {text}: {error}") from None
        if len(set(axes[name])) < len(words):
            raise OptionError(f"--grid {text}: duplicate value")
    return axes


def grid_points(base: Any, axes: Mapping[str, Sequence[Any]], seeds: int) -> list[Point]:
    """Return every combination of the values of `axes`, each with `seeds` seeds, counting up from that of `base`.

    Raises:
        OptionError: settings that are out of range or incompatible; too many points.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise OptionError(f"--seeds: expected an integer from 1 to {MAX_SEEDS}, received {seeds}")
    if "seed" in axes and seeds > 1:
        raise OptionError("--seeds: the grid already sweeps seed")
    all_axes = {**axes, **({} if "seed" in axes else {"seed": [base.seed + number for number in range(seeds)]})}
    count = math.prod(len(values) for values in all_axes.values())
    if count > MAX_POINTS:
        raise OptionError(f"--grid: {count:,} runs, expected at most {MAX_POINTS:,}")
    width = len(str(count))
    return [
        _point(base, dict(zip(all_axes, values, strict=True)), f"{number:0{width}d}")
        for number, values in enumerate(itertools.product(*all_axes.values()), 1)
    ]


def _point(base: Any, values: dict[str, Any], number: str) -> Point:
    try:
        settings = dataclasses.replace(base, **values)
    except OptionError as error:
        raise OptionError(f"--grid: {error}") from None
    texts = [f"{name}={format_value(value)}" for name, value in values.items()]
    return Point("_".join([number, *texts])[:100], values, settings)


def format_value(value: Any) -> str:
    """Format a value for a folder name that is valid on any system."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return re.sub(r"[^A-Za-z0-9.+-]", "-", text)
