"""Every fault of a data folder or a corpus at once, and remarks on what is sound but surprises."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pw13.data import inspection
from pw13.data.images.dataset import read_folder
from pw13.data.images.idx import read_idx
from pw13.data.images.idx_folder import read_idx_folder
from pw13.data.names import NameList, load_names
from pw13.data.published import FILES
from pw13.data.source import DEFAULT_PATHS, describe_content, os_error
from pw13.errors import UserError

SHOWN = 20  # faults of one kind in one file; of the others only the count is told


class Checked(NamedTuple):
    """Faults keep pw13 from using the data; remarks do not. Both are lines that name a file."""

    path: str
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def check(path: Path) -> list[Checked]:
    """What is wrong with an image folder, one IDX file or a corpus; of a folder of data sets, with each of them.

    Raises:
        UserError: there is nothing at `path`.
    """
    if path.is_dir():
        parts = [path.joinpath(*place) for place in DEFAULT_PATHS.values()]
        within = [part for part in parts if part.exists()]
        names = {name for file in FILES for name in (file, file.removesuffix(".gz"))}
        if within and not any((path / name).exists() for name in names):
            return [checked for part in within for checked in check(part)]
        return [check_folder(path)]
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    return [check_idx(path) if _is_idx(path) else check_corpus(path)]


def check_folder(folder: Path) -> Checked:
    """Faults of an image folder; remarks on copies and odd images where it has none."""
    faults = read_idx_folder(folder).faults
    return Checked(str(folder), faults, () if faults else tuple(_image_remarks(folder)))


def check_idx(path: Path) -> Checked:
    """The fault of one IDX file, if any."""
    try:
        array, _ = read_idx(path, 1 if "idx1" in path.name or "label" in path.name else 3)
    except UserError as error:
        return Checked(str(path), (str(error),), ())
    return Checked(str(path), (), (f"{path}: {' x '.join(map(str, array.shape))} unsigned bytes",))


def check_corpus(path: Path) -> Checked:
    """Faults of a corpus, every line that is not UTF-8 among them; remarks on what its names hold."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise os_error(path, error) from None
    faults = [f"{path}: {fault}" for fault in _text_faults(data)]
    if not faults:
        try:
            corpus = load_names(str(path))
        except UserError as error:
            faults = [str(error)]
    return Checked(str(path), tuple(faults), () if faults else tuple(_name_remarks(path, corpus)))


def _is_idx(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(32)
    except OSError as error:
        raise os_error(path, error) from None
    return path.suffix == ".gz" or "ubyte" in path.name or (describe_content(head) or "").endswith("IDX data")


def _text_faults(data: bytes) -> Iterator[str]:
    """Lines with zero bytes and lines that are not UTF-8, each with its number."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield "looks like UTF-16, expected UTF-8 (or --encoding utf-16)"
        return
    lines = data.split(b"\n") if b"\0" in data or not _is_utf8(data) else []
    zeros = [f"line {number:,} holds a zero byte (NUL)" for number, line in enumerate(lines, 1) if b"\0" in line]
    foreign = [f"line {number:,}, {fault}" for number, line in enumerate(lines, 1) if (fault := _not_utf8(line))]
    for faults in (zeros, foreign):
        yield from faults[:SHOWN]
        if len(faults) > SHOWN:
            yield f"and {len(faults) - SHOWN:,} more such lines"


def _is_utf8(data: bytes) -> bool:
    return _not_utf8(data) is None


def _not_utf8(line: bytes) -> str | None:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1:,} (0x{line[error.start]:02x}) is not UTF-8"
    return None


def _image_remarks(folder: Path) -> Iterator[str]:
    facts = inspection.describe_images(read_folder(folder))
    unknown = sum(file["known"] is None for file in facts["files"])
    remarks = {"no published digest is known of {:,} of the files": unknown}
    for part, words in (("train", "training"), ("test", "test")):
        repeats = facts[part]["images"] - facts[part]["distinct"]
        remarks[f"{{:,}} {words} images repeat an earlier one"] = repeats
        remarks[f"{{:,}} {words} images are one flat grey"] = facts[part]["constant"]
    remarks["{:,} test images also stand in training"] = facts["test_in_train"]
    remarks["{:,} pictures stand under two labels"] = facts["under_two_labels"]
    for words, count in remarks.items():
        if count:
            yield f"{folder}: {words.format(count)}"
    for note in facts["notes"]:
        yield f"{folder}: {note}"
    for name in FILES:
        if (folder / name).exists() and (folder / name.removesuffix(".gz")).exists():
            yield f"{folder}: {name} and {name.removesuffix('.gz')} are both there; the first is used"


def _name_remarks(path: Path, corpus: NameList) -> Iterator[str]:
    facts = inspection.describe_names(corpus)
    odd = facts["odd"]
    remarks = {
        "{:,} names repeat an earlier one": facts["repeats"],
        "{:,} damaged accents (U+0080 to U+009F: Mac Roman read as Latin-1); --fix-accents mends": odd["mac_roman"],
        "{:,} other control characters": odd["control"] - odd["mac_roman"],
        "{:,} characters that other programs take for line ends": odd["line_ends_elsewhere"],
        "{:,} replacement characters U+FFFD: letters were lost before": odd["replacement"],
        "{:,} names begin or end with a space": odd["names_with_outer_spaces"],
    }
    for words, count in remarks.items():
        if count:
            yield f"{path}: {words.format(count)}"
    for note in facts["notes"]:
        yield f"{path}: {note}"
