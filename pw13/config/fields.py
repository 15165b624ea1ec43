"""The fields of a settings record: how they are declared, checked, parsed and described."""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from pw13.errors import OptionError

T = TypeVar("T")

MAX_INT = 2**31 - 1
NO_BOUNDS = {"low": None, "high": None, "above": None}


def setting(
    default: T,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    unset: str = "",
) -> T:
    """Declare a field with its default, help text and range: from `low` to `high`, both inclusive, or above `above`.

    unset: what a default of None means, for the help text.
    """
    metadata = {"help": help, "low": low, "high": high, "above": above, "unset": unset}
    return dataclasses.field(default=default, metadata=metadata)


def flag(name: str) -> str:
    """Return the flag of a field: `code_size` -> `--code-size`, `n` -> `-n`."""
    return "--" + name.replace("_", "-") if len(name) > 1 else f"-{name}"


def typed_fields(cls: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    """Return the fields of a settings record with their types; `int | None` counts as int."""
    hints = typing.get_type_hints(cls)
    return [(field, _without_none(hints[field.name])) for field in dataclasses.fields(cls)]


def as_dict(record: Any) -> dict[str, Any]:
    """Return the settings as config.json holds them."""
    return dataclasses.asdict(record)


def from_dict(cls: type, values: Mapping[str, Any], source: str) -> Any:
    """Return a settings record of `cls` with `values`; `source` is where they come from, for the message.

    Raises:
        OptionError: an unknown key, or a value out of range.
    """
    check_values(cls, values, source)
    try:
        return cls(**values)
    except OptionError as error:
        raise OptionError(f"{source}: {error}") from None


def check(record: Any) -> None:
    """Check types and ranges of a record's fields; an integer in a float field becomes a float.

    Raises:
        OptionError: names the flag, what was expected and what was received.
    """
    for field, kind in typed_fields(type(record)):
        value = getattr(record, field.name)
        _check_value(field, kind, value)
        if kind is float and value is not None:
            object.__setattr__(record, field.name, float(value))


def check_values(cls: type, values: Mapping[str, Any], source: str) -> None:
    """Check each key and value on its own, not whether they go together.

    Raises:
        OptionError: an unknown key, or a value out of range; the message begins with `source`.
    """
    known = {field.name: (field, kind) for field, kind in typed_fields(cls)}
    for key, value in values.items():
        if key not in known:
            raise OptionError(f"{source}: unknown key {abbreviate(key)}{suggest(key, known)}")
        try:
            _check_value(*known[key], value)
        except OptionError as error:
            raise OptionError(f"{source}: {error}") from None


def parse(cls: type, key: str, text: str) -> Any:
    """Return the value of `text` for field `key` of `cls`, as `--grid` gives it.

    Raises:
        OptionError: no such setting, or text that its type cannot be read from.
    """
    known = {field.name: (field, kind) for field, kind in typed_fields(cls)}
    if key not in known:
        raise OptionError(f"no setting {key!r}{suggest(key, known) or '; settings: ' + ', '.join(known)}")
    field, kind = known[key]
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        allowed = describe_range(kind, field.metadata)
        raise OptionError(f"{flag(key)}: expected {allowed}, received {abbreviate(text)}") from None


def describe_range(kind: Any, bounds: Mapping[str, Any]) -> str:
    """Describe the values that a field takes: "an integer from 1 to 65536"."""
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text"
    text = "an integer" if kind is int else "a finite number"
    if bounds["above"] is not None:
        text += f" above {bounds['above']:g}"
    if bounds["low"] is not None:
        text += f" from {bounds['low']:g}"
    if bounds["high"] is not None and bounds["high"] != MAX_INT:
        text += f" to {bounds['high']:.16g}"
    return text


def fits(value: Any, kind: Any, bounds: Mapping[str, Any]) -> bool:
    """Return whether a value has the type of a field (an integer is a float too) and lies in its range."""
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


def abbreviate(value: Any) -> str:
    """Return the repr of a received value for a message, at most 80 characters of it."""
    try:
        text = repr(value)
    except ValueError:  # Python does not print integers of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else text[:77] + "..."


def suggest(key: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" with the known key nearest to a mistyped one, or nothing."""
    close = difflib.get_close_matches(key, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _check_value(field: dataclasses.Field[Any], kind: Any, value: Any) -> None:
    if (value is not None or field.default is not None) and not fits(value, kind, field.metadata):
        allowed = describe_range(kind, field.metadata)
        raise OptionError(f"{flag(field.name)}: expected {allowed}, received {abbreviate(value)}")


def _as_float(value: int) -> float:
    """Return the integer as a float, infinite where it is out of range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _without_none(kind: Any) -> Any:
    if isinstance(kind, types.UnionType):
        return next(part for part in typing.get_args(kind) if part is not type(None))
    return kind
