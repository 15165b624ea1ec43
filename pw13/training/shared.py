"""What the runs of one process share: functions of the same data and settings, which are then compiled once.

A sweep's points mostly differ in numbers that the compiled functions take as inputs, such as the learning rate.
"""

import dataclasses
import gc
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
MAX_BYTES = 2**28  # of the arrays of all results of a function; the newest one is kept whatever its size

_kept: OrderedDict[Any, tuple[Any, int]] = OrderedDict()  # results and the bytes of their arrays


def shared(make: Callable[..., T], config: Any, *arrays: Any) -> T:
    """Return `make(config, *arrays)`, the same object for equal arrays and for settings that differ in `FREE` alone.

    `make` gets the settings with those in `FREE` at their defaults.
    """
    settings = _without_free(config)
    key = make, settings, digest(*arrays)
    if key not in _kept:
        size = sum(array.nbytes for array in arrays)
        _make_room(make, size)
        _kept[key] = make(settings, *arrays), size
    _kept.move_to_end(key)
    result: T = _kept[key][0]
    return result


def _make_room(make: Callable[..., Any], size: int) -> None:
    """Drop the results of `make` least recently used, until one more with arrays of `size` bytes is within bounds.

    Each function has bounds of its own, so that the text of a large corpus does not drop what evaluates it.
    """
    own = [key for key in _kept if key[0] is make]
    total, count = size + sum(_kept[key][1] for key in own), len(own)
    while own and (len(own) >= MAX_KEPT or total > MAX_BYTES):
        total -= _kept.pop(own.pop(0))[1]
    if len(own) < count:
        gc.collect()  # a loss and the functions compiled from it refer to each other


def _without_free(config: Any) -> Any:
    defaults = {field.name: field.default for field in dataclasses.fields(config) if field.name in FREE}
    return dataclasses.replace(config, **defaults)
