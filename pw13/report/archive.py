"""The hand-in zip: written with a sha256 manifest, and verified against it."""

import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pw13.errors import UserError

MANIFEST = "manifest.sha256"
FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # timestamp of every file, so that equal content gives equal bytes
MAX_MEMBER_BYTES = 2**30  # uncompressed
# What reading a corrupt, encrypted or foreign member raises.
DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError, ValueError)


class Fault(NamedTuple):
    """A file of a zip that does not match the manifest."""

    name: str
    problem: str


def pack(contents: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files, sorted by name, and their manifest (in the format of `sha256sum --check`)."""
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(contents.items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in [*sorted(contents.items()), (MANIFEST, lines.encode())]:
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def check_archive(path: Path) -> tuple[list[str], list[Fault]]:
    """Return the files of a hand-in that match its manifest, and the faults of the others.

    Raises:
        UserError: not a zip, unreadable, or without a manifest.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if MANIFEST not in names:
                raise UserError(f"{path}: no {MANIFEST}; expected a hand-in written by pw13 report")
            listed = _read_manifest(archive, path)
            faults = [Fault(name, "not in the manifest") for name in names if name not in listed and name != MANIFEST]
            faults += [Fault(name, "duplicate name") for name in sorted({n for n in names if names.count(n) > 1})]
            faults += [Fault(name, "missing") for name in listed if name not in names]
            present = [name for name in listed if name in names]
            faults += [fault for name in present if (fault := _check_member(archive, name, listed[name]))]
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    except zipfile.BadZipFile:
        raise UserError(f"{path}: corrupt, or not a zip") from None
    faulty = {fault.name for fault in faults}
    return [name for name in present if name not in faulty], faults


def _read_manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, str]:
    """Return the sha256 of each name.

    Raises:
        UserError: the manifest is corrupt, encrypted or too large.
    """
    size = archive.getinfo(MANIFEST).file_size
    if size > MAX_MEMBER_BYTES:
        raise UserError(f"{path}: {MANIFEST}: {size:,} bytes uncompressed, expected at most {MAX_MEMBER_BYTES:,}")
    try:
        pairs = [line.split("  ", 1) for line in archive.read(MANIFEST).decode().split("\n") if line]
        return {name: sha256 for sha256, name in pairs}
    except DAMAGE as error:
        raise UserError(f"{path}: corrupt {MANIFEST}: {error}") from None


def _check_member(archive: zipfile.ZipFile, name: str, sha256: str) -> Fault | None:
    size = archive.getinfo(name).file_size
    if size > MAX_MEMBER_BYTES:
        return Fault(name, f"{size:,} bytes uncompressed, expected at most {MAX_MEMBER_BYTES:,}")
    try:
        digest = hashlib.sha256(archive.read(name)).hexdigest()
    except DAMAGE as error:
        return Fault(name, f"corrupt: {error}")
    return None if digest == sha256 else Fault(name, "changed: sha256 differs from the manifest")
