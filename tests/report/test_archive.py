"""The zip and its manifest."""

import io
import zipfile

import pytest

from pw13.errors import UserError
from pw13.report import hand_in
from pw13.report.archive import MANIFEST, check_archive, pack

CONTENTS = {"a": b"1", "b": b"2"}


def write_zip(path, contents, packed=CONTENTS):
    """A zip of `contents` with the manifest of `packed`."""
    with zipfile.ZipFile(io.BytesIO(pack(packed))) as archive:
        manifest = archive.read(MANIFEST)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**contents, MANIFEST: manifest}.items():
            archive.writestr(name, data)
    return path


def test_a_zip_that_matches_its_manifest_is_ok(tmp_path):
    assert hand_in.check(write_zip(tmp_path / "x.zip", CONTENTS)) == ["a", "b"]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"a": b"1", "b": b"3"}, r"x\.zip: b: changed: sha256 differs from the manifest \(1 of 2 files\)"),
        ({"a": b"1"}, r"x\.zip: b: missing \(1 of 2 files\)"),
        ({**CONTENTS, "c": b""}, r"x\.zip: c: not in the manifest \(1 of 3 files\)"),
    ],
)
def test_a_changed_missing_or_added_file_is_refused(tmp_path, contents, message):
    with pytest.raises(UserError, match=message):
        hand_in.check(write_zip(tmp_path / "x.zip", contents))


def test_every_fault_is_shown(tmp_path, capfd):
    with pytest.raises(UserError, match=r"c: not in the manifest \(2 of 3 files\)"):
        hand_in.check(write_zip(tmp_path / "x.zip", {"a": b"3", "b": b"2", "c": b""}))
    assert "a: changed" in capfd.readouterr().err


def test_what_is_not_a_hand_in_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    with pytest.raises(UserError, match=r"x\.zip: cannot be read: No such file"):
        check_archive(path)
    path.write_bytes(b"not a zip")
    with pytest.raises(UserError, match="corrupt, or not a zip"):
        check_archive(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "1")
    with pytest.raises(UserError, match=r"no manifest\.sha256; expected a hand-in"):
        check_archive(path)


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_corrupt_or_encrypted_manifest_is_refused_in_one_line(tmp_path, pw13, encrypted):
    packed = bytearray(pack({"a": b"1"}))
    start = packed.index(b"PK\x03\x04", 1)
    if encrypted:  # the bit that says that a member is encrypted, here and in the directory
        for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            packed[packed.rindex(signature) + flags] |= 1
    else:
        body = start + 30 + len(MANIFEST)
        packed[body : body + 8] = b"\xff" * 8
    (tmp_path / "x.zip").write_bytes(packed)
    code, _, err = pw13("report", "--check", tmp_path / "x.zip")
    assert code == 1 and f"x.zip: corrupt {MANIFEST}: " in err and err.count("\n") == 1


def test_a_flipped_byte_is_found(tmp_path):
    path = tmp_path / "x.zip"
    packed = bytearray(pack({"a": bytes(1000), "b": b"2"}))
    packed[33] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(UserError, match=r"a: corrupt|corrupt, or not a zip"):
        hand_in.check(path)
