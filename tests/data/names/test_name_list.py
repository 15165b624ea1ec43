"""Corpora: what a name is, what is refused, and the repair of accents."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pw13.data.names.name_list import load_names, split_names
from pw13.errors import OptionError, UserError


def load(data: bytes, **options):
    Path("names.txt").write_bytes(data)
    return load_names("names.txt", **options)


def test_names_keep_file_order_and_duplicates():
    corpus = load(b"Nimbo\nArbo Labs\nNimbo\n")
    assert corpus.names == ("Nimbo", "Arbo Labs", "Nimbo")
    assert corpus.notes == ()
    assert corpus.source.kind == "file" and corpus.source.path == "names.txt"
    assert corpus.source.sha256 == hashlib.sha256(b"Nimbo\nArbo Labs\nNimbo\n").hexdigest()


def test_byte_order_mark_carriage_returns_and_blank_lines_are_ignored():
    corpus = load(b"\xef\xbb\xbfNimbo\r\n\r\n \t\r\nArbo\r\nlast")
    assert corpus.names == ("Nimbo", "Arbo", "last")
    assert corpus.notes == ("ignored: 1 byte order mark, 4 carriage returns, 2 blank lines",)


def test_only_the_newline_ends_a_name():
    names = ("M\x85belwerk", "Tri\u2028Line", "a\x0bb\x0cc\x1cd", '"Vador, Inc."', "None", "NA", "1984", " x ", "\x85")
    assert load("\n".join(names).encode()).names == names


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "contains no names (the file is empty)"),
        (b"\n \n\t\n\r\n", "contains no names"),
        (b"\xef\xbb\xbf", "contains no names"),
        (b"Nimbo\nCaf\xe9\n", "line 2, byte 4 (0xe9) is not UTF-8"),
        ("Nimbo\n".encode("utf-16"), "looks like UTF-16"),
        (b"Nimbo\nAr\0bo\n", "line 2 contains a NUL byte"),
        (b"<!DOCTYPE html>\n<html>", "web page"),
        (b"Nimbo\rArbo\r", "carriage returns only"),
        (b"\xed\xa0\x80\n", "line 1, byte 1 (0xed) is not UTF-8"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "is a Git LFS pointer, not the data itself"),
        (b"/annex/objects/SHA256E-s3318294--0.csv\n", "git-annex pointer"),
        (b"\x1f\x8b\x08\0", "looks like gzip data"),
        (b"PK\3\4\x14\0", "zip archive or an Office document"),
        (b"{\\rtf1\\ansi Nimbo}", "RTF document"),
        (b"%PDF-1.7\n", "PDF document"),
    ],
)
def test_invalid_corpora_are_refused(data, words):
    with pytest.raises(UserError) as error:
        load(data)
    assert str(error.value).startswith("names.txt: ") and words in str(error.value)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [(rb"a\nHalf \ud800", "unicode_escape"), (b"+2AA-", "utf-7"), (rb"\udfff", "raw_unicode_escape")],
)
def test_half_characters_are_refused(data, encoding):
    with pytest.raises(UserError, match=r"names\.txt: line \d contains half a character \(U\+D"):
        load(data, encoding=encoding)


def test_names_that_only_begin_like_other_files_are_names():
    names = ("PAR1 Systems", "Bzhouse", "<xml>", "Gif89 Labs", "PK")
    for name in names:
        assert load(f"{name}\n".encode()).names == (name,)


@pytest.mark.parametrize(("names", "said"), [(("Ab ", "Cd"), "1 name has"), (("Ab ", "\tCd", "E f"), "2 names have")])
def test_names_with_a_space_at_an_edge_are_kept_and_noted(names, said):
    corpus = load("\r\n".join((*names, "")).encode())
    assert corpus.names == names
    assert corpus.notes[1:] == (f"{said} a space at an edge; sampled names with one are not counted as whole",)


def test_a_space_at_the_edge_of_few_names_is_not_noted():
    names = [f"Nimbo {number}" for number in range(999)]
    assert split_names("\n".join([*names, "Arbo "])) == ((*names, "Arbo "), ())
    assert split_names("\n".join([*names, "Arbo ", " Arbo"]))[1] != ()


def test_byte_order_marks_of_joined_files_are_ignored():
    corpus = load("\ufeffNimbo\n\ufeffArbo\r\n\ufeff\nmid\ufeffdle\n".encode())
    assert corpus.names == ("Nimbo", "Arbo", "mid\ufeffdle")
    assert corpus.notes == ("ignored: 3 byte order marks, 1 carriage return, 1 blank line",)


def test_joiners_belong_to_names():
    names = ("علی\u200cرضا", "👩\u200d💻 Labs")
    assert load("\n".join(names).encode()).names == names


def test_a_folder_and_a_missing_file_are_refused():
    with pytest.raises(UserError, match="is a folder"):
        load_names(".")
    with pytest.raises(UserError, match="nothing: no such file"):
        load_names("nothing")


@pytest.mark.parametrize("encoding", ["foo", "rot13", "base64", "ut\0f"])
def test_an_unknown_encoding_is_an_option_error(encoding):
    with pytest.raises(OptionError, match="--encoding: unknown encoding"):
        load(b"Nimbo\n", encoding=encoding)
    with pytest.raises(OptionError, match="--encoding: unknown encoding"):
        load_names("builtin", encoding=encoding)


def test_other_encodings_are_read():
    assert load(b"Caf\xe9\n", encoding="latin-1").names == ("Café",)
    assert load("Café\n".encode("utf-16"), encoding="utf-16").names == ("Café",)
    assert load("Szolgáltató\n".encode("mac_roman"), encoding="mac_roman").names == ("Szolgáltató",)


def test_accents_are_repaired_and_counted():
    corpus = load("Szolg\x87ltat\x97\nArbyÕs\nNimbo\nЖук\n".encode(), fix_accents=True)
    assert corpus.names == ("Szolgáltató", "Arby’s", "Nimbo", "Жук")
    assert corpus.notes == ("accents repaired (Mac Roman decoded as Latin-1): 3 characters in 2 names",)


def test_correct_accents_are_kept():
    corpus = load("Café\nMüller\n".encode(), fix_accents=True)
    assert corpus.names == ("Café", "Müller")
    assert "nothing to repair" in corpus.notes[0]


def test_default_paths_are_tried_in_order(monkeypatch):
    Path("data/startup-names").mkdir(parents=True)
    Path("data/startup-names/companies.csv").write_text("Nimbo\n")
    assert load_names(None).source.path == str(Path("data/startup-names/companies.csv"))
    Path("other/startup-names").mkdir(parents=True)
    Path("other/startup-names/companies.csv").write_text("Arbo\n")
    monkeypatch.setenv("PW13_DATA_DIR", "other")
    assert load_names(None).names == ("Arbo",)
    monkeypatch.setenv("PW13_DATA_DIR", "data")
    assert load_names(None).names == ("Nimbo",)
    monkeypatch.setenv("PW13_DATA_DIR", "nowhere")
    with pytest.raises(UserError, match="PW13_DATA_DIR: nowhere: no such folder"):
        load_names(None)


def test_an_empty_folder_is_no_data_set_and_a_home_folder_may_be_short(monkeypatch, tmp_path):
    Path("data/startup-names/.pw13-left").mkdir(parents=True)
    assert load_names(None).source.kind == "builtin"
    (tmp_path / "home/sets/startup-names").mkdir(parents=True)
    (tmp_path / "home/sets/startup-names/companies.csv").write_text("Nimbo\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("PW13_DATA_DIR", "~/sets")
    assert load_names(None).names == ("Nimbo",)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_split_names_keeps_every_character(text):
    names, _ = split_names(text)
    assert all("\n" not in name and not name.endswith("\r") and name.strip(" \t") for name in names)
    assert "".join(names).replace("\r", "").replace(" ", "").replace("\t", "") == (
        text.removeprefix("\ufeff").replace("\n", "").replace("\r", "").replace(" ", "").replace("\t", "")
    )


@pytest.mark.slow
def test_the_real_corpus_is_recognized(real_data):
    corpus = load_names(None)
    text = "".join(name + "\n" for name in corpus.names)
    assert (len(corpus.names), len(text), len(set(text))) == (172_486, 2_567_986, 150)
    assert corpus.source.name == "startup names (known by sha256)" and corpus.notes == ()
    repaired = load_names(None, fix_accents=True)
    assert repaired.names[1:] != corpus.names[1:] and len(repaired.names) == 172_486
    assert "".join(repaired.names) == "".join(corpus.names).encode("latin-1").decode("mac_roman")
