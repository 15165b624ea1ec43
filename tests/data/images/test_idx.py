"""IDX files: exact bytes in both directions, and a refusal of everything else."""

import gzip
import hashlib
import struct
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pw13.data.images import idx
from pw13.data.images.idx import read_idx, write_idx
from pw13.errors import UserError
from tests.helpers.disks import lack_sync_and_replace

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
HEADER = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 3, 4)
compress = partial(gzip.compress, mtime=0)
GZ = compress(HEADER + IMAGES.tobytes())


def refused(data: bytes, *words: str, name: str = "images.gz", dimensions: int = 3) -> None:
    path = Path(name)
    path.write_bytes(data)
    with pytest.raises(UserError) as error:
        read_idx(path, dimensions)
    message = str(error.value)
    assert message.startswith(name) and "\n" not in message
    for word in words:
        assert word in message


def test_written_files_are_header_and_values():
    write_idx(Path("plain"), IMAGES.shape, [IMAGES])
    assert Path("plain").read_bytes() == HEADER + IMAGES.tobytes()
    write_idx(Path("packed.gz"), IMAGES.shape, [IMAGES[:1], IMAGES[1:]])
    assert gzip.decompress(Path("packed.gz").read_bytes()) == HEADER + IMAGES.tobytes()


def test_a_file_system_without_sync_and_replace_takes_idx_files(monkeypatch):
    lack_sync_and_replace(monkeypatch)
    for images in (IMAGES, IMAGES + 1):
        write_idx(Path("images"), images.shape, [images])
        assert read_idx(Path("images"), 3)[0].tolist() == images.tolist()


def test_written_bytes_do_not_depend_on_the_time(monkeypatch):
    for name, now in (("a.gz", 1e9), ("b.gz", 2e9)):
        monkeypatch.setattr("time.time", lambda now=now: now)
        write_idx(Path(name), IMAGES.shape, [IMAGES])
    assert Path("a.gz").read_bytes() == Path("b.gz").read_bytes()


def test_reading_returns_the_array_and_the_sha256():
    Path("images.gz").write_bytes(GZ)
    array, digest = read_idx(Path("images.gz"), 3)
    assert array.dtype == np.uint8 and np.array_equal(array, IMAGES)
    assert digest == hashlib.sha256(GZ).hexdigest()


def test_plain_files_and_several_gzip_members_are_read():
    Path("plain").write_bytes(HEADER + IMAGES.tobytes())
    assert np.array_equal(read_idx(Path("plain"), 3)[0], IMAGES)
    Path("two.gz").write_bytes(compress(HEADER) + compress(IMAGES.tobytes()))
    assert np.array_equal(read_idx(Path("two.gz"), 3)[0], IMAGES)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["is empty"]),
        (b"<!DOCTYPE html>\n<html></html>", ["not gzip", "web page"]),
        (b"PK\3\4rest", ["not gzip", "zip archive"]),
        (b"version https://git-lfs.github.com/spec/v1\n", ["Git LFS pointer"]),
        (HEADER + IMAGES.tobytes(), ["not gzip", "rename it to images"]),
        (GZ[: len(GZ) // 2], ["truncated or corrupt"]),
        (GZ[:-1], ["truncated or corrupt"]),
        (GZ[:1], ["not gzip"]),
        (GZ[:-8] + bytes([GZ[-8] ^ 1]) + GZ[-7:], ["corrupt", "incorrect data check"]),
        (GZ + b"x", ["trailing data"]),
        (GZ + b"\0" * 8, ["trailing data"]),
        (compress(b"\0\0"), ["not IDX data"]),
        (compress(b"\1\0\x08\3"), ["not IDX data", "01 00 08 03"]),
        (compress(b"\0\0\x0d\3"), ["0x0d (float32)", "expected 0x08"]),
        (compress(b"\0\0\x08\1"), ["1 dimensions", "expected 3", "images"]),
        (compress(HEADER[:9]), ["ends within the header"]),
        (compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", 0, 3, 4)), ["contains no images"]),
        (compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2, 0, 4)), ["images of 0x4 pixels"]),
        (compress(HEADER + IMAGES.tobytes() + b"x"), ["declares 2 images of 3x4 (24 bytes)", "more than that"]),
        (compress(HEADER + IMAGES.tobytes()[:12]), ["2 images", "(24 bytes)", "holds 1 (12 bytes)"]),
        (compress(HEADER + IMAGES.tobytes()[:13]), ["holds 1 and a part (13 bytes)"]),
    ],
)
def test_invalid_files_are_refused(data, words):
    refused(data, *words)


def test_a_gzip_file_without_gz_in_its_name_is_refused():
    refused(GZ, "gzip data, but the name does not end in .gz", "images.gz", name="images")


def test_errors_on_label_files_mention_labels():
    data = bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + b"\1\2"
    refused(data, "3 labels (3 bytes)", "holds 2 (2 bytes)", name="labels", dimensions=1)


def test_missing_files_and_folders_are_refused_with_the_system_error():
    with pytest.raises(UserError, match=r"nothing\.gz: no such file"):
        read_idx(Path("nothing.gz"), 3)
    Path("folder.gz").mkdir()
    with pytest.raises(UserError, match=r"folder\.gz: "):
        read_idx(Path("folder.gz"), 3)


def test_a_bomb_is_stopped_one_byte_after_the_declared_size(monkeypatch):
    """Try 2 MB that unpack to 2 GiB: 64 members of 32 MiB zeros."""
    unpacked, read = [], idx._GzipReader.read
    monkeypatch.setattr(idx._GzipReader, "read", lambda self, count: unpacked.append(read(self, count)) or unpacked[-1])
    Path("bomb.gz").write_bytes(compress(HEADER) + compress(bytes(1 << 25)) * 64)
    tracemalloc.start()
    with pytest.raises(UserError, match=r"declares 2 images of 3x4 \(24 bytes\), but the file holds more"):
        read_idx(Path("bomb.gz"), 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(map(len, unpacked)) == len(HEADER) + 24 + 1 and peak < 8 << 20


def test_a_declared_size_beyond_the_deflate_ratio_is_refused_before_unpacking():
    header = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1)
    refused(compress(header + bytes(1 << 20)), "declares 4,294,967,295 images", "holds at most")
    refused(header + bytes(100), "holds at most 116", name="plain")


def test_a_failed_write_leaves_nothing():
    with pytest.raises(ValueError, match="expected 24 values"):
        write_idx(Path("images.gz"), (2, 3, 4), [IMAGES[:1]])
    with pytest.raises(ValueError, match="expected uint8"):
        write_idx(Path("images.gz"), (2, 3, 4), [IMAGES.astype(np.int64)])
    assert list(Path().iterdir()) == []


@settings(max_examples=60, deadline=None)
@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=9)), st.booleans())
def test_any_array_survives_a_round_trip(tmp_path_factory, array, packed):
    path = tmp_path_factory.mktemp("idx") / ("file.gz" if packed else "file")
    write_idx(path, array.shape, [array])
    assert np.array_equal(read_idx(path, array.ndim)[0], array)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 4), min_size=0, max_size=4),
    st.binary(max_size=4),
    st.binary(max_size=64),
    st.integers(0, 8),
    st.booleans(),
)
def test_any_header_and_truncation_is_read_or_refused(tmp_path_factory, sizes, magic, values, cut, packed):
    """Nothing but a `UserError` is raised, and what is read matches the header."""
    data = (b"\0\0\x08\3"[: 4 - len(magic)] + magic) + b"".join(struct.pack(">I", size) for size in sizes) + values
    data = compress(data) if packed else data
    path = tmp_path_factory.mktemp("idx") / ("file.gz" if packed else "file")
    path.write_bytes(data[: len(data) - cut])
    try:
        array, _ = read_idx(path, 3)
    except UserError as error:
        assert str(path) in str(error)
    else:
        assert array.size > 0 and array.tobytes() == path_values(path, packed)[16:]


def path_values(path: Path, packed: bool) -> bytes:
    return gzip.decompress(path.read_bytes()) if packed else path.read_bytes()


def test_a_large_plain_file_is_mapped_and_a_packed_one_read(monkeypatch):
    monkeypatch.setattr(idx, "MAP_FROM", IMAGES.size)
    content = HEADER + IMAGES.tobytes()
    Path("plain").write_bytes(content)
    Path("images.gz").write_bytes(GZ)
    (mapped, digest), (read, _) = read_idx(Path("plain"), 3), read_idx(Path("images.gz"), 3)
    assert np.array_equal(mapped, IMAGES) and np.array_equal(read, IMAGES)
    assert type(mapped) is np.ndarray and not mapped.flags.writeable and read.flags.owndata is False
    assert digest == hashlib.sha256(content).hexdigest()
    base = mapped
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    refused(HEADER + IMAGES.tobytes()[:-1], "but the file holds 1 and a part (23 bytes)", name="plain")
    refused(HEADER + IMAGES.tobytes() + b"x", "holds more than that", name="plain")
