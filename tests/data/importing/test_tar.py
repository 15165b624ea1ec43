"""Tar archives from a stream: names and sizes in every format, and refusal of corrupt archives."""

import contextlib
import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pw13.data.importing import tar
from pw13.data.importing.tar import CorruptArchive, Member, read_members

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def packed(files: dict[str, bytes], layout: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def unpacked(data: bytes, max_bytes: int = 1000) -> list[Member]:
    return list(read_members(io.BytesIO(data).read, max_bytes))


@pytest.mark.parametrize("layout", FORMATS)
def test_every_format_gives_names_and_content(layout):
    files = {"A/a.png": b"1" * 513, "e": b"", "d" * 90 + "/" + "f" * 90: b"2", "é/ü.png": b"3" * 512}
    assert unpacked(packed(files, layout)) == [Member(name, "file", len(data), data) for name, data in files.items()]


@pytest.mark.parametrize("layout", FORMATS)
def test_links_folders_and_devices_have_no_content(layout):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        for name, kind in (
            ("s", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("d", tarfile.DIRTYPE),
            ("f", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert [(m.name.rstrip("/"), m.kind, m.data) for m in unpacked(buffer.getvalue())] == [
        ("s", "link", None),
        ("h", "link", None),
        ("d", "folder", None),
        ("f", "other", None),
    ]


def test_a_large_file_is_skipped_and_the_next_is_read():
    members = unpacked(packed({"large": b"x" * 5000, "small": b"y"}), max_bytes=1000)
    assert members == [Member("large", "file", 5000, None), Member("small", "file", 1, b"y")]


def test_long_names_of_gnu_tar_are_read():
    name = "A/" + "n" * 300 + ".png"
    assert [m.name for m in unpacked(packed({name: b"1", "B/x": b"2"}, tarfile.GNU_FORMAT))] == [name, "B/x"]


def test_an_oversized_header_is_refused():
    data = bytearray(packed({"n" * 300: b"1"}, tarfile.GNU_FORMAT))
    data[124:136] = b"77777777777\0"  # the long name would have 8 GiB
    data[148:156] = b" " * 8
    data[148:156] = f"{sum(data[:512]):06o}\0 ".encode()
    with pytest.raises(CorruptArchive, match="header of 8,589,934,591 bytes"):
        unpacked(bytes(data))


def test_a_sparse_file_is_skipped_with_its_map():
    header = bytearray(packed({"sparse": b"x"})[:512])
    header[156:157], header[482], header[148:156] = b"S", 1, b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    maps = bytearray(1024)
    maps[504] = 1  # the first block of the map says that a second follows
    data = bytes(header) + bytes(maps) + b"x" * 512 + packed({"B/x": b"2"})
    assert unpacked(data) == [Member("sparse", "other", 1, None), Member("B/x", "file", 1, b"2")]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ends before its end-of-archive marker"),
        (b"not a tar archive" * 60, "checksum|number"),
        (packed({"a": b"x" * 600})[:900], "ends before"),
        (packed({"a": b"x" * 600})[:1536], "ends before"),
        (packed({"a": b"x"}).replace(b"ustar", b"usTar", 1), "checksum"),
    ],
)
def test_corrupt_archives_are_refused(data, words):
    with pytest.raises(CorruptArchive, match=words):
        unpacked(data)


@pytest.mark.parametrize("content", [b"9 path=", b"99 path=x\n", b"x path=x\n", b"1 \n", b"10 size=x\n", b"0 a=b\n"])
def test_malformed_pax_records_are_refused(content):
    with pytest.raises(CorruptArchive):
        tar._pax_size(tar._records(content), 0)


def test_pax_sizes_and_gnu_base_256_are_parsed():
    assert tar._pax_size(tar._records(b"12 size=123\n"), 5) == 123
    assert tar._number(b"\x80" + bytes(9) + b"\x01\x00") == 256


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=200),
        st.binary(max_size=1200),
        max_size=4,
    ),
    st.sampled_from(FORMATS[1:]),
)
def test_archives_of_the_standard_library_survive_a_round_trip(files, layout):
    assert {m.name: m.data for m in unpacked(packed(files, layout), 2000)} == files


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 4000), st.integers(1, 255))
def test_any_truncation_or_flipped_byte_is_read_or_refused(cut, place, change):
    data = bytearray(packed({"A/" + "n" * 120: b"1" * 700, "B/x": b"2"}))
    data[place % len(data)] ^= change
    members = []
    with contextlib.suppress(CorruptArchive):
        members = unpacked(bytes(data[: len(data) - cut]))
    assert sum(len(member.data) for member in members) <= len(data)
