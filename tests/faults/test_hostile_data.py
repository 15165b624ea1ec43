"""Randomly corrupted IDX files, corpora and TOML files are refused in one line, and nothing is changed."""

import gzip
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pw13 import config
from pw13.config import fields
from tests.helpers import hostile, tally
from tests.helpers.data import FILES, make_images
from tests.helpers.hostile import FEW, MANY, attempt, examples, idx, numbers


def fresh() -> Path:
    folder = Path(f"input{next(numbers)}")
    folder.mkdir()
    return folder


# ----------------------------------------------------------------------------------------------------------- images

VALID = dict(zip(FILES, (*make_images(40, 1), *make_images(20, 2)), strict=True))


class Files(dict[str, bytes]):
    """Files by name, shown in a failed test by size and first bytes only."""

    def __repr__(self) -> str:
        return f"Files({ {name: (len(data), data[:40]) for name, data in self.items()} })"


@st.composite
def image_sets(draw: st.DrawFn) -> Files:
    """Draw the four files of a valid set, one of them corrupted."""
    files = {name: gzip.compress(idx(array), 1, mtime=0) for name, array in VALID.items()}
    name = draw(st.sampled_from(FILES))
    array, data = VALID[name], files[name]
    damage = draw(
        st.sampled_from(["none", "cut", "flip", "tail", "head", "sizes", "labels", "other", "plain", "counts"])
    )
    if damage == "cut":
        data = data[: draw(st.integers(0, len(data) - 1))]
    elif damage == "flip":
        position = draw(st.integers(0, len(data) - 1))
        data = data[:position] + bytes([data[position] ^ draw(st.integers(1, 255))]) + data[position + 1 :]
    elif damage == "tail":
        data += draw(st.binary(min_size=1, max_size=40).filter(lambda tail: tail.strip(b"\0")))
    elif damage == "head":
        data = gzip.compress(idx(array, magic=draw(st.binary(max_size=6))), mtime=0)
    elif damage == "sizes":
        sizes = draw(st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 60), min_size=1, max_size=4))
        data = gzip.compress(idx(array, sizes=tuple(sizes)), mtime=0)
    elif damage == "labels":
        name = draw(st.sampled_from([FILES[1], FILES[3]]))
        labels = draw(st.lists(st.integers(0, 255) | st.integers(0, 9), min_size=1, max_size=60))
        data = gzip.compress(idx(np.array(labels, np.uint8)), mtime=0)
    elif damage == "other":
        data = draw(
            st.sampled_from(
                [b"", b"<!DOCTYPE html><html></html>", b"PK\3\4", b"\x89PNG\r\n", b"\x1f\x8b", b"\0\0\x08\3"]
            )
        )
    elif damage == "plain":
        data = idx(array)
    elif damage == "counts":
        data = gzip.compress(idx(array[: draw(st.integers(0, len(array) - 1))]), mtime=0)
    return Files({**files, name: data})


def check_images(pw13, files: dict[str, bytes]) -> None:
    """Check that a corrupt set exits with 1, and a valid one with 2, at the invalid option."""
    folder, runs = fresh(), Path("runs")
    runs.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    code = 2 if hostile.is_valid_set(files) else 1
    done = attempt(pw13, folder, {code}, "svm-eval", "--limit", 1, "--data", folder, "--runs-dir", runs, runs=runs)
    assert code == 2 or folder.name in done.err
    tally.count("hostile inputs", "image sets")


@examples(FEW)
@given(image_sets())
def test_a_corrupt_image_set_is_refused(pw13, files):
    check_images(pw13, files)


@pytest.mark.faults
@examples(MANY)
@given(image_sets())
def test_many_corrupt_image_sets_are_refused(pw13, files):
    check_images(pw13, files)


def test_a_gzip_bomb_is_stopped_at_the_size_in_its_header(pw13):
    folder = fresh()
    for name, array in VALID.items():
        (folder / name).write_bytes(gzip.compress(idx(array), 1, mtime=0))
    zeros = gzip.compress(bytes(2**24), 9, mtime=0)  # members after one another unpack to 2 GiB, from 2 MB
    (folder / FILES[0]).write_bytes(gzip.compress(idx(VALID[FILES[0]]), mtime=0) + zeros * 128)
    assert (folder / FILES[0]).stat().st_size < 2.5e6
    done = attempt(pw13, folder, {1}, "svm-eval", "--limit", 1, "--data", folder)
    assert FILES[0] in done.err and "more than that" in done.err


# ------------------------------------------------------------------------------------------------------------ names

LINES = st.text(st.characters(codec="utf-8"), max_size=12).map(lambda text: text.encode())
ODD = st.sampled_from(
    [b"\xff", b"\xc3", b"\0", b"\r", b"\x85", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"", b" "]
)


@st.composite
def corpora(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(LINES | ODD | st.just(b"Nimbo Labs"), max_size=12))
    start = draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"<html>", b"\x1f\x8b"]))
    return start + draw(st.sampled_from([b"\n", b"\r\n", b"\r"])).join(lines)


def is_valid_corpus(data: bytes) -> bool:
    """Return whether bytes are a valid corpus: UTF-8 without NUL, a nonempty line, LF or CRLF line ends.

    A mark of the byte order is no character of a name, also at the start of a line inside the file.
    """
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return False
    named = any(line.lstrip("\ufeff").rstrip("\r").strip(" \t") for line in text.split("\n"))
    web_page = text.lstrip(" \t\r\n").lower().startswith(("<html", "<!doctype"))
    return named and "\0" not in text and not web_page and ("\n" in text or "\r" not in text)


def check_corpus(pw13, data: bytes) -> None:
    folder = fresh()
    (folder / "names.txt").write_bytes(data)
    valid = is_valid_corpus(data)
    done = attempt(pw13, folder, {0 if valid else 1}, "data", "check", folder / "names.txt")
    assert valid or "names.txt" in done.out + done.err
    tally.count("hostile inputs", "corpora")


@examples(FEW)
@given(corpora())
def test_a_corrupt_corpus_is_refused(pw13, data):
    check_corpus(pw13, data)


@pytest.mark.faults
@examples(MANY)
@given(corpora())
def test_many_corrupt_corpora_are_refused(pw13, data):
    check_corpus(pw13, data)


# ------------------------------------------------------------------------------------------------------- TOML files

KEYS = st.sampled_from(
    ["epochs", "code_size", "loss", "seed", "limit", "learning_rate", "temp", "units", "data", "typo", "json"]
)
VALUES = st.sampled_from(
    [
        "1",
        "0",
        "-1",
        "1.5",
        "1" * 5000,
        '"a\\u0000b"',
        "2026-13-41",
        "nan",
        "inf",
        "1e400",
        "99999999999999999999",
        '"mse"',
        '"bce"',
        "true",
        "[1]",
        "{a = 1}",
    ]
) | st.text(st.characters(codec="utf-8"), max_size=8)
TABLES = st.sampled_from(["dense-ae", "conv-dae", "charrnn", "svm-eval", "other", "dense-ae.deeper"])


@st.composite
def tomls(draw: st.DrawFn) -> bytes:
    pairs = st.lists(st.tuples(KEYS, VALUES), max_size=3)
    tables = [(None, draw(pairs)), *draw(st.lists(st.tuples(TABLES, pairs), max_size=2))]
    lines = [
        part for name, table in tables for part in ([f"[{name}]"] if name else []) + [f"{k} = {v}" for k, v in table]
    ]
    data = "\n".join(lines).encode()
    return data + draw(
        st.sampled_from([b"", b"", b"", b"\n[[", b"\xff", b"\n# \xe2\x80\xa8", b"\n" + b"a=" + b"[" * 5000])
    )


def is_valid_toml(data: bytes) -> bool:
    """Return whether a TOML file holds only known tables, keys and valid values."""
    try:
        content = tomllib.loads(data.decode())
        for key, value in content.items():
            if key in config.KINDS:
                fields.check_values(config.KINDS[key], value, "x")
                if key == "svm-eval":
                    config.SvmEval(**value)
            elif type(value) is not config.SHARED[key] or value == "" or (isinstance(value, str) and "\0" in value):
                return False
        return True
    except Exception:
        return False


def check_toml(pw13, data: bytes) -> None:
    """Check that an invalid file is named, and a valid one gets as far as the missing data folder."""
    folder = fresh()
    (folder / "settings.toml").write_bytes(data)
    command = "svm-eval", "--config", folder / "settings.toml", "--data", "nowhere", "--runs-dir", "none"
    done = attempt(pw13, folder, {1, 2}, *command)
    if is_valid_toml(data):
        assert done.code == 1 and "nowhere" in done.err
    else:
        assert "settings.toml" in done.err or "--" in done.err
    tally.count("hostile inputs", "TOML files")


@examples(FEW)
@given(tomls())
def test_a_corrupt_toml_file_is_refused(pw13, data):
    check_toml(pw13, data)


@pytest.mark.faults
@examples(MANY)
@given(tomls())
def test_many_corrupt_toml_files_are_refused(pw13, data):
    check_toml(pw13, data)
