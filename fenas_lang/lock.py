"""One process at a time: a file that is locked, freed by the system when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO


class Held(Exception):
    """Another process has the lock; `holder` is its number, or `?`."""

    def __init__(self, holder: str):
        super().__init__(f"process {holder} holds it")
        self.holder = holder


class FileLock:
    """Held until `release`; raises Held, and OSError where no file can be made there."""

    def __init__(self, path: Path):
        self.path = path
        self._file = self._acquire()

    def _acquire(self) -> IO[str]:
        while True:
            file = self.path.open("a+")
            if not _try_lock(file):
                file.seek(0)
                holder = file.read().strip() or "?"
                file.close()
                raise Held(holder)
            if self._is_current(file):
                self._sign(file)
                return file
            file.close()

    def _sign(self, file: IO[str]) -> None:
        """Say who holds it, which on a full disk is left out."""
        file.truncate(0)
        with contextlib.suppress(OSError):
            os.write(file.fileno(), str(os.getpid()).encode())

    def _is_current(self, file: IO[str]) -> bool:
        """Whether the locked file is still the one of this name (its last holder removes it)."""
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Free the lock and remove its file."""
        if sys.platform != "win32":
            self.path.unlink(missing_ok=True)
        self._file.close()


def is_held(path: Path) -> bool:
    """Whether a process holds the lock now."""
    try:
        with path.open("r") as file:
            return not _try_lock(file)
    except OSError:
        return False


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
