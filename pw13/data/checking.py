"""Check a data folder or a corpus: every fault at once, and notes on what is valid but unusual."""

import codecs
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pw13.data import inspection
from pw13.data.images.dataset import read_folder
from pw13.data.images.idx import read_idx
from pw13.data.images.idx_folder import read_idx_folder
from pw13.data.names import NameList
from pw13.data.names.name_list import is_utf8, load_name_file, read_bytes
from pw13.data.published import FILES
from pw13.data.source import DEFAULT_PATHS, NAMED_CORPORA, describe_content, os_error
from pw13.errors import UserError

MAX_LISTED = 20  # faults listed per kind and file; of more only the count is given


class CheckResult(NamedTuple):
    """Faults, which keep pw13 from using the data, and remarks, which do not; each is a line that names a file."""

    path: str
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def check(path: Path, *, encoding: str = "utf-8", fix_accents: bool = False) -> list[CheckResult]:
    """Check an image folder, an IDX file or a corpus, or each of them in a folder of data sets.

    encoding, fix_accents: how to read a corpus.

    Raises:
        UserError: `path` does not exist or cannot be read.
        OptionError: the encoding is unknown.
    """
    if path.is_dir():
        candidates = [path.joinpath(*parts) for parts in (*DEFAULT_PATHS.values(), *NAMED_CORPORA.values())]
        data_sets = [candidate for candidate in candidates if candidate.exists()]
        idx_names = {name for file in FILES for name in (file, file.removesuffix(".gz"))}
        if data_sets and not any((path / name).exists() for name in idx_names):
            options: dict[str, Any] = {"encoding": encoding, "fix_accents": fix_accents}
            return [result for data_set in data_sets for result in check(data_set, **options)]
        return [check_folder(path)]
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    return [check_idx(path) if _is_idx(path) else check_corpus(path, encoding, fix_accents)]


def check_folder(folder: Path) -> CheckResult:
    """Check an image folder; where it has no faults, remark on duplicates and anomalies."""
    faults = read_idx_folder(folder).faults
    return CheckResult(str(folder), faults, () if faults else tuple(_image_remarks(folder)))


def check_idx(path: Path) -> CheckResult:
    """Check one IDX file."""
    try:
        array, _ = read_idx(path, 1 if "idx1" in path.name or "label" in path.name else 3)
    except UserError as error:
        return CheckResult(str(path), (str(error),), ())
    return CheckResult(str(path), (), (f"{path}: {' x '.join(map(str, array.shape))} unsigned bytes",))


def check_corpus(path: Path, encoding: str = "utf-8", fix_accents: bool = False) -> CheckResult:
    """Check a corpus, every line that is not UTF-8 included; where it has no faults, remark on anomalies.

    Raises:
        UserError: the file cannot be read.
        OptionError: the encoding is unknown.
    """
    faults = [f"{path}: {fault}" for fault in _text_faults(read_bytes(path), encoding)]
    if not faults:
        try:
            corpus = load_name_file(path, encoding=encoding, fix_accents=fix_accents)
        except UserError as error:
            faults = [str(error)]
    return CheckResult(str(path), tuple(faults), () if faults else tuple(_name_remarks(path, corpus)))


def _is_idx(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            head = file.read(32)
    except OSError as error:
        raise os_error(path, error) from None
    return path.suffix == ".gz" or "ubyte" in path.name or (describe_content(head) or "").endswith("IDX data")


def _text_faults(data: bytes, encoding: str) -> Iterator[str]:
    """Yield lines with NUL bytes and lines that are not UTF-8, with their numbers; nothing on other kinds of text."""
    content = describe_content(data) or ""
    if not is_utf8(encoding) or (content and "XML" not in content):
        return
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield "looks like UTF-16, expected UTF-8 (or use --encoding utf-16)"
        return
    lines = data.split(b"\n") if b"\0" in data or _utf8_fault(data) else []
    nul = [f"line {number:,} contains a NUL byte" for number, line in enumerate(lines, 1) if b"\0" in line]
    not_utf8 = [f"line {number:,}, {fault}" for number, line in enumerate(lines, 1) if (fault := _utf8_fault(line))]
    for faults in (nul, not_utf8):
        yield from faults[:MAX_LISTED]
        if len(faults) > MAX_LISTED:
            yield f"and {len(faults) - MAX_LISTED:,} more such lines"


def _utf8_fault(line: bytes) -> str | None:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1:,} (0x{line[error.start]:02x}) is not UTF-8"
    return None


def _image_remarks(folder: Path) -> Iterator[str]:
    facts = inspection.describe_images(read_folder(folder))
    counts = {"files without a published checksum": sum(file["known"] is None for file in facts["files"])}
    for part, name in (("train", "training"), ("test", "test")):
        counts[f"duplicate {name} images"] = facts[part]["images"] - facts[part]["distinct"]
        counts[f"constant {name} images"] = facts[part]["constant"]
    counts["test images also in training"] = facts["test_in_train"]
    counts["images with conflicting labels"] = facts["under_two_labels"]
    yield from _count_remarks(folder, counts)
    for note in facts["notes"]:
        yield f"{folder}: {note}"
    for name in FILES:
        plain = name.removesuffix(".gz")
        if (folder / name).exists() and (folder / plain).exists():
            yield f"{folder}: both {name} and {plain} exist; using {name}"


def _name_remarks(path: Path, corpus: NameList) -> Iterator[str]:
    facts = inspection.describe_names(corpus)
    odd = facts["odd"]
    counts = {
        "duplicate names": facts["repeats"],
        "garbled accents (Mac Roman decoded as Latin-1; repair with --fix-accents)": odd["mac_roman"],
        "other control characters": odd["control"] - odd["mac_roman"],
        "Unicode line separators": odd["line_ends_elsewhere"],
        "replacement characters U+FFFD (the original letters are lost)": odd["replacement"],
    }
    yield from _count_remarks(path, counts)
    for note in facts["notes"]:
        yield f"{path}: {note}"


def _count_remarks(path: Path, counts: Mapping[str, int]) -> Iterator[str]:
    return (f"{path}: {what}: {count:,}" for what, count in counts.items() if count)
