"""The fields of a settings record: how one is declared, what it takes, how it is checked, read and shown."""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal

from pw13.errors import OptionError

BIG = 2**31 - 1
NO_BOUNDS = {"low": None, "high": None, "above": None}


def setting(
    default: Any, help: str, *, low: float | None = None, high: float | None = None, above: float | None = None
):
    """A field with its default, its help text and its range (`low` and `high` belong to it, `above` does not)."""
    return dataclasses.field(default=default, metadata={"help": help, "low": low, "high": high, "above": above})


def flag(name: str) -> str:
    """The flag of a field: `code_size` -> `--code-size`."""
    return "--" + name.replace("_", "-")


def check(record: Any) -> None:
    """Refuse a record whose fields have a wrong type or leave their ranges.

    Raises:
        OptionError: names the flag, what was expected and what was received.
    """
    for spec, kind in typed(type(record)):
        value = getattr(record, spec.name)
        _check_value(spec, kind, value)
        if kind is float and value is not None:
            object.__setattr__(record, spec.name, float(value))


def shown(value: Any) -> str:
    """A received value as a message shows it: its beginning, if it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else text[:77] + "..."


def typed(cls: type) -> list[tuple[dataclasses.Field, Any]]:
    """The fields of a settings record with their types; `int | None` counts as int."""
    hints = typing.get_type_hints(cls)
    return [(spec, _without_none(hints[spec.name])) for spec in dataclasses.fields(cls)]


def expected(kind: Any, bounds: Mapping[str, Any]) -> str:
    """In words what a field takes: "a whole number from 1 to 65536"."""
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text"
    words = "a whole number" if kind is int else "a finite number"
    if bounds["above"] is not None:
        words += f" above {bounds['above']:g}"
    if bounds["low"] is not None:
        words += f" from {bounds['low']:g}"
    if bounds["high"] is not None and bounds["high"] != BIG:
        words += f" to {bounds['high']:.16g}"
    return words


def parse(cls: type, key: str, text: str) -> Any:
    """The value that `text` means for field `key` of `cls`, as `--grid` gives it.

    Raises:
        OptionError: no such setting, or text that its type cannot be read from.
    """
    kinds = {spec.name: kind for spec, kind in typed(cls)}
    if key not in kinds:
        raise OptionError(f"no setting {key!r}{nearest(key, kinds)}")
    kind = kinds[key]
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        wanted = expected(kind, next(spec.metadata for spec, _ in typed(cls) if spec.name == key))
        raise OptionError(f"{flag(key)}: expected {wanted}, received {shown(text)}") from None


def check_values(cls: type, values: Mapping[str, Any], where: str) -> None:
    """Refuse keys that `cls` has not and values that do not fit their fields; whether they go together is not asked."""
    known = {spec.name: (spec, kind) for spec, kind in typed(cls)}
    for key, value in values.items():
        if key not in known:
            raise OptionError(f"{where}: unknown key {shown(key)}{nearest(key, known)}")
        try:
            _check_value(*known[key], value)
        except OptionError as error:
            raise OptionError(f"{where}: {error}") from None


def from_dict(cls: type, values: Mapping[str, Any], where: str) -> Any:
    """A settings record of `cls` from `values`, unknown keys refused; `where` names their origin in the message."""
    check_values(cls, values, where)
    try:
        return cls(**values)
    except OptionError as error:
        raise OptionError(f"{where}: {error}") from None


def _check_value(spec: dataclasses.Field, kind: Any, value: Any) -> None:
    if (value is not None or spec.default is not None) and not fits(value, kind, spec.metadata):
        raise OptionError(f"{flag(spec.name)}: expected {expected(kind, spec.metadata)}, received {shown(value)}")


def as_dict(record: Any) -> dict[str, Any]:
    """The settings as config.json holds them."""
    return dataclasses.asdict(record)


def _as_float(value: int) -> float:
    """The number as a float; infinite where it is beyond all floats."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _without_none(kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        return next(part for part in typing.get_args(kind) if part is not type(None))
    return kind


def fits(value: Any, kind: Any, bounds: Mapping[str, Any]) -> bool:
    """Whether a value has the type of a field (a whole number is a float too) and lies in its range."""
    if typing.get_origin(kind) is Literal:
        return value in typing.get_args(kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = _as_float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return False
    if kind not in (int, float):
        return True
    low, high, above = bounds["low"], bounds["high"], bounds["above"]
    return (
        (kind is int or math.isfinite(value))
        and (low is None or value >= low)
        and (high is None or value <= high)
        and (above is None or value > above)
    )


def nearest(key: str, known: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
