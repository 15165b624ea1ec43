"""The data of a hand-in: what its notebook reads, and the built-in sets as files, which only pw13 can render."""

import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pw13
from pw13.data.images.idx import write_idx
from pw13.data.published import FILES
from pw13.errors import UserError
from pw13.report.run_selection import RunSelection
from pw13.runs.record import Record

TRAIN_IMAGES = "train-images-idx3-ubyte"
NOTICE = "NOTICE"


def facts(record: Record | None) -> dict[str, Any]:
    """Return what a run recorded of its data."""
    return record.data if record else {}


def image_run(selection: RunSelection) -> Record | None:
    """Return the run whose images the notebook reads."""
    return selection.dense or selection.conv or selection.svm


def has_denoiser(selection: RunSelection) -> bool:
    """Return whether a denoiser was trained on the images that the notebook reads."""
    return selection.conv is not None and facts(selection.conv).get("sha256") == image_facts(selection).get("sha256")


def names_run(selection: RunSelection) -> Record | None:
    """Return the run whose names the notebook reads: the SimpleRNN of 2e, else the newest char-RNN."""
    return selection.baseline_rnn or next(reversed(selection.of_kind("charrnn")), None)


def image_facts(selection: RunSelection) -> dict[str, Any]:
    return facts(image_run(selection))


def names_facts(selection: RunSelection) -> dict[str, Any]:
    return facts(names_run(selection))


def is_builtin(selection: RunSelection) -> bool:
    """Return whether any data of the runs are built in."""
    return "builtin" in (image_facts(selection).get("kind"), names_facts(selection).get("kind"))


def names_file(selection: RunSelection) -> str:
    """Return the name of the file of names that the notebook reads from the folder `data`."""
    data = names_facts(selection)
    return "names.txt" if data.get("kind") == "builtin" else Path(str(data.get("path", "companies.csv"))).name


def checked_sha256(record: Record | None) -> str | None:
    """Return the sha256 by which the notebook knows the data of a run: of the training images, or of the names."""
    data = facts(record)
    if record is None or record.kind == "charrnn":
        return data.get("sha256")
    digests = data.get("files")
    found = [value for name, value in digests.items() if TRAIN_IMAGES in name] if isinstance(digests, dict) else []
    return found[0] if found else None


def files(selection: RunSelection) -> dict[str, bytes]:
    """Return the built-in data that the runs used as files by their names in the zip, with NOTICE; {} without any."""
    from pw13.data.builtin import datasets

    contents: dict[str, bytes] = {}
    if image_facts(selection).get("kind") == "builtin":
        contents |= letter_files(datasets.letters())
    if names_facts(selection).get("kind") == "builtin":
        contents["data/names.txt"] = datasets.names().encode()
    return contents | {NOTICE: notice()} if contents else {}


def letter_files(arrays: Any) -> dict[str, bytes]:
    """Return the four IDX files of an image set."""
    with tempfile.TemporaryDirectory(prefix="pw13-data-") as scratch:
        for name, array in zip(FILES, arrays, strict=True):
            write_idx(Path(scratch, name), array.shape, [array.astype("uint8")])
        return {f"data/{name}": Path(scratch, name).read_bytes() for name in FILES}


def notice() -> bytes:
    """Return the file that says whose typefaces and names the built-in data are made of.

    Raises:
        UserError: the installation lacks it.
    """
    beside = Path(pw13.__file__).parents[1] / NOTICE
    listed = [] if beside.is_file() else metadata.files("pw13") or []
    paths = [beside, *(Path(str(file.locate())) for file in listed if file.name == NOTICE)]
    for path in paths:
        if path.is_file():
            return path.read_bytes()
    raise UserError("NOTICE of pw13 is missing; reinstall pw13")


def environment(selection: RunSelection) -> dict[str, str]:
    """Return the variables by which the notebook finds data of the runs that are not beside it."""
    images, names = image_facts(selection), names_facts(selection)
    places = {}
    if images.get("kind") == "folder":
        places["IMAGES_DIR"] = str(images.get("path"))
    if names.get("kind") == "file":
        places["NAMES_FILE"] = str(names.get("path"))
    return places
