"""Resume states and model weights as arrays, read and written without Keras.

A resume state is an `.npz` file of plain arrays with a manifest: format version, facts of the training, and a sha256
of each array. A `.keras` file is read as what it is, a zip with an HDF5 file of arrays; nothing in it is ever run.
"""

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pw13.errors import UserError
from pw13.system import files

FORMAT = 2
STATES_KEPT = 2  # resume states that stay on disk: the newest, and one before it should the newest be damaged
STATE_NAME = re.compile(r"state-(\d+)-(\d+)\.npz")


class OtherFormatError(UserError):
    """A resume state that another version of pw13 wrote: whole, and not for this one to read."""


class ResumeState(NamedTuple):
    """All that the rest of a training depends on: arrays by name, and facts that JSON can hold."""

    arrays: dict[str, np.ndarray]
    facts: dict[str, Any]


def save(folder: Path, state: ResumeState) -> None:
    """Write `state` whole, then drop all but the last two. Named by epoch and step, so that order is plain.

    Raises:
        OSError: the disk is full or not writable; earlier states are untouched.
    """
    digests = {name: _digest(array) for name, array in state.arrays.items()}
    manifest = {"format": FORMAT, "facts": state.facts, "sha256": digests}
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(manifest, allow_nan=False).encode(), np.uint8)
    np.savez(buffer, manifest=text, **state.arrays)  # type: ignore[arg-type]
    if not folder.is_dir():
        files.file_ops.mkdir(folder)
    name = f"state-{state.facts['epoch']:06d}-{state.facts['step']:08d}.npz"
    files.write_atomic(folder / name, buffer.getvalue())
    for old in states(folder)[:-STATES_KEPT]:
        files.file_ops.unlink(old)


def states(folder: Path) -> list[Path]:
    """The resume states in `folder`, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if STATE_NAME.fullmatch(path.name))


def load(folder: Path) -> ResumeState | None:
    """The newest whole resume state in `folder`; None where there is none.

    A damaged one is passed over for the one before it: going on from either ends with the same weights.

    Raises:
        UserError: all are damaged, or the newest is of another format version.
    """
    problem = None
    for path in reversed(states(folder)):
        try:
            return read_state(path)
        except OtherFormatError:
            raise
        except UserError as error:
            problem = problem or error
    if problem:
        raise problem
    return None


def read_state(path: Path) -> ResumeState:
    """The resume state in one file, every array checked against its sha256.

    Raises:
        UserError: damaged, or of another format version; the message names the file.
    """
    files.check_inside(path, below=2)
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            manifest = json.loads(archive["manifest"].tobytes())
            if manifest["format"] != FORMAT:
                raise OtherFormatError(f"{path}: state of format {manifest['format']}, this pw13 reads format {FORMAT}")
            arrays = {name: archive[name] for name in manifest["sha256"]}
    except UserError:
        raise
    except Exception:  # a damaged zip archive or header makes the reader raise almost anything
        raise UserError(f"{path}: damaged: not a whole resume state") from None
    for name, array in arrays.items():
        if _digest(array) != manifest["sha256"][name]:
            raise UserError(f"{path}: damaged: {name} does not match its sha256")
    return ResumeState(arrays, manifest["facts"])


def _digest(array: np.ndarray) -> str:
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()
