"""The zip that is handed in, with a manifest of sha256, and the check of one."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pw13.errors import UserError

MANIFEST = "manifest.sha256"
FIXED = (1980, 1, 1, 0, 0, 0)  # the time of every file, so that the same content gives the same bytes
MAX_MEMBER_BYTES = 2**30  # bytes a file of a hand-in may unpack to


class Fault(NamedTuple):
    """A file of a zip that is not as its manifest says."""

    name: str
    what: str


def pack(contents: Mapping[str, bytes]) -> bytes:
    """A zip of the files and their manifest (as `sha256sum --check` reads it), in the order of their names."""
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(contents.items()))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in [*sorted(contents.items()), (MANIFEST, lines.encode())]:
            info = zipfile.ZipInfo(name, FIXED)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def check_archive(path: Path) -> tuple[list[str], list[Fault]]:
    """The files of a hand-in that are as its manifest says, and the faults of the others.

    Raises:
        UserError: not a zip, not readable, or without a manifest.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if MANIFEST not in names:
                raise UserError(f"{path}: holds no {MANIFEST}; not a hand-in of pw13 report")
            listed = _manifest(archive.read(MANIFEST), path)
            faults = [Fault(name, "not in the manifest") for name in names if name not in listed and name != MANIFEST]
            faults += [Fault(name, "stands twice") for name in sorted({n for n in names if names.count(n) > 1})]
            faults += [Fault(name, "missing") for name in listed if name not in names]
            there = [name for name in listed if name in names]
            faults += [fault for name in there if (fault := _compared(archive, name, listed[name]))]
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from None
    except zipfile.BadZipFile:
        raise UserError(f"{path}: damaged, or not a zip") from None
    bad = {fault.name for fault in faults}
    return [name for name in there if name not in bad], faults


def _manifest(data: bytes, path: Path) -> dict[str, str]:
    """name -> sha256."""
    try:
        pairs = [line.split("  ", 1) for line in data.decode().split("\n") if line]
        return {name: sha256 for sha256, name in pairs}
    except ValueError:
        raise UserError(f"{path}: its {MANIFEST} is damaged") from None


def _compared(archive: zipfile.ZipFile, name: str, sha256: str) -> Fault | None:
    if archive.getinfo(name).file_size > MAX_MEMBER_BYTES:
        return Fault(name, "too large to be part of a hand-in")
    try:
        found = hashlib.sha256(archive.read(name)).hexdigest()
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        return Fault(name, f"damaged: {error}")
    return None if found == sha256 else Fault(name, "changed: another sha256 than in the manifest")
