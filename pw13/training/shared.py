"""What the runs of one process share: functions of the same data and settings, which are then compiled once.

A sweep's points mostly differ in numbers that the compiled functions take as inputs, such as the learning rate.
"""

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from pw13.system.cache import digest

T = TypeVar("T")

# Settings that no function made here depends on: they choose the data, are inputs of the compiled chunk, or say when to
# stop and what to write.
FREE = frozenset({
    "seed", "split_seed", "limit", "validation_share", "hold_out", "encoding", "fix_accents", "fixed_noise",
    "learning_rate", "epochs", "patience", "schedule", "clip_norm", "checkpoint_every", "tensorboard", "sample_every",
})  # fmt: skip
MAX_KEPT = 32  # results in a process, each with its data and compiled functions

_kept: OrderedDict[Any, Any] = OrderedDict()


def shared(make: Callable[..., T], config: Any, *arrays: Any) -> T:
    """Return `make(config, *arrays)`, the same object for equal arrays and for settings that differ in `FREE` alone.

    `make` gets the settings with those in `FREE` at their defaults.
    """
    settings = _without_free(config)
    key = make, settings, digest(*arrays)
    if key not in _kept:
        _kept[key] = make(settings, *arrays)
    _kept.move_to_end(key)
    while len(_kept) > MAX_KEPT:
        _kept.popitem(last=False)
    result: T = _kept[key]
    return result


def _without_free(config: Any) -> Any:
    defaults = {field.name: field.default for field in dataclasses.fields(config) if field.name in FREE}
    return dataclasses.replace(config, **defaults)
