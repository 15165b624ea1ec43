"""Replacements for `FileOps` that fail, truncate, die, or log every operation."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from pw13.system.files import FileOps

OPERATIONS = ("write", "fsync", "rename", "unlink", "mkdir")


class Died(BaseException):
    """The death of a process; no handler of pw13 may catch it."""


def lack_sync_and_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file system have no sync, and rename neither folders nor onto an existing file, as some shares."""
    replace = os.replace

    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    def rename(source: Path, target: Path) -> None:
        if Path(source).is_dir() or Path(target).exists():
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", rename)


class FaultyDisk(FileOps):
    """Raises `fault` at the n-th `operation`; a write is truncated to half of its bytes."""

    def __init__(self, operation: str, number: int, fault: BaseException):
        self.operation, self.number, self.fault = operation, number, fault
        self.seen = 0

    @property
    def happened(self) -> bool:
        return self.seen >= self.number

    def _hit(self, operation: str) -> bool:
        self.seen += operation == self.operation
        return operation == self.operation and self.seen == self.number

    def write(self, file: BinaryIO, data: bytes) -> None:
        if self._hit("write"):
            file.write(data[: len(data) // 2])
            raise self.fault
        super().write(file, data)

    def fsync(self, descriptor: int) -> None:
        if self._hit("fsync"):
            raise self.fault
        super().fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        if self._hit("rename"):
            raise self.fault
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        if self._hit("unlink"):
            raise self.fault
        super().unlink(path)

    def mkdir(self, path: Path) -> None:
        if self._hit("mkdir"):
            raise self.fault
        super().mkdir(path)


class LoggedDisk(FileOps):
    """Logs every operation with its file."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []

    def names(self) -> list[str]:
        return [name for name, _ in self.log]

    def write(self, file: BinaryIO, data: bytes) -> None:
        self.log.append(("write", file.name if isinstance(file.name, str) else os.fspath(file.name)))
        super().write(file, data)

    def fsync(self, descriptor: int) -> None:
        self.log.append(("fsync", str(Path(f"/proc/self/fd/{descriptor}").readlink())))
        super().fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self.log.append(("rename", f"{source}\0{target}"))
        super().rename(source, target)

    def check(self) -> None:
        """Check that a file is synced between its last write and its rename, and its folder right after."""
        renames = [i for i, (name, _) in enumerate(self.log) if name == "rename"]
        assert renames
        for i in renames:
            source, target = self.log[i][1].split("\0")
            earlier = [name for name, path in self.log[:i] if path == source]
            if earlier:  # a file; the files of a renamed folder are synced one by one
                assert earlier[-1] == "fsync", f"{target} was renamed without an fsync"
            assert self.log[i + 1] == ("fsync", str(Path(target).parent)), f"the folder of {target} was not synced"
