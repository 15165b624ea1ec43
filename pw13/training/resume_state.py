"""Checkpoints to resume a training from, read and written without Keras.

A checkpoint is an `.npz` file of plain arrays with a manifest: format version, facts of the training, and the SHA-256
of each array.
"""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import ResumeError, UserError
from pw13.system import files

FORMAT = 3
STATES_KEPT = 2  # checkpoints on disk: the newest, and the one before in case the newest is corrupt
STATE_NAME = re.compile(r"state-(\d+)-(\d+)\.npz")


class OtherFormatError(ResumeError):
    """An intact checkpoint in the format of another version of pw13."""


class ResumeState(NamedTuple):
    """The content of a checkpoint, all that the rest of a training depends on: arrays by name, JSON facts."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def save(folder: Path, state: ResumeState) -> None:
    """Write a checkpoint atomically, named by epoch and step, then delete all but the last two.

    Raises:
        OSError: the disk is full or not writable; earlier checkpoints are untouched.
    """
    sha256 = {name: _digest(array) for name, array in state.arrays.items()}
    manifest = {"format": FORMAT, "facts": state.facts, "sha256": sha256}
    buffer = io.BytesIO()
    manifest_bytes = np.frombuffer(json.dumps(manifest, allow_nan=False).encode(), np.uint8)
    np.savez(buffer, manifest=manifest_bytes, **state.arrays)  # type: ignore[arg-type]
    if not folder.is_dir():
        files.file_ops.mkdir(folder)
    name = f"state-{state.facts['epoch']:06d}-{state.facts['step']:08d}.npz"
    files.write_atomic(folder / name, buffer.getvalue())
    for old in states(folder)[:-STATES_KEPT]:
        files.file_ops.unlink(old)


def states(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if STATE_NAME.fullmatch(path.name))


def load(folder: Path) -> ResumeState | None:
    """Read the newest intact checkpoint in `folder`; None if there is none.

    If the newest is corrupt, the one before is read: resuming from either ends with the same weights.

    Raises:
        UserError: all are corrupt.
        ResumeError: the newest has another format version.
    """
    first_error = None
    for path in reversed(states(folder)):
        try:
            return read_state(path)
        except OtherFormatError:
            raise
        except UserError as error:
            first_error = first_error or error
    if first_error:
        raise first_error
    return None


def read_state(path: Path) -> ResumeState:
    """Read one checkpoint, every array verified by its SHA-256.

    Raises:
        UserError: corrupt, or of another format version; the message names the file.
    """
    files.check_inside(path, below=2)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            manifest = json.loads(archive["manifest"].tobytes())
            if manifest["format"] != FORMAT:
                raise OtherFormatError(
                    f"{path}: checkpoint format {manifest['format']} of another pw13 version, expected {FORMAT}; "
                    f"train the run again"
                )
            facts, sha256 = manifest["facts"], manifest["sha256"]
            arrays = {name: _array(archive[name]) for name in sha256}
    except UserError:
        raise
    except Exception:  # a corrupt zip archive or header makes the reader raise almost anything
        raise UserError(f"{path}: corrupt: not a complete checkpoint") from None
    for name, array in arrays.items():
        if _digest(array) != sha256[name]:
            raise UserError(f"{path}: corrupt: {name} does not match its sha256")
    return ResumeState(arrays, facts)


def _array(value: Any) -> np.ndarray:
    """Return an array of an archive, in which a member of another kind is read as bytes."""
    if not isinstance(value, np.ndarray):
        raise ValueError("not an array")
    return value


def _digest(array: np.ndarray) -> str:
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()
