"""One writer at a time: a lock file beside the store, freed by the system when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import IO

from fenas_lang.rules import search as rules


class WriterLock:
    """Held until `release`; raises FEN504 where another process holds it, FEN505 where no file
    can be made beside the store."""

    def __init__(self, store: Path):
        self.path = store.with_name(store.name + ".lock")
        self._file = self._acquire(store)

    def _acquire(self, store: Path) -> IO[str]:
        while True:
            try:
                file = self.path.open("a+")
            except OSError as error:
                raise rules.UNWRITABLE_STORE.error(path=store, reason=error.strerror) from None
            if not _try_lock(file):
                file.seek(0)
                holder = file.read().strip() or "?"
                file.close()
                raise rules.STORE_BUSY.error(path=store, reason=f"process {holder} writes to it")
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


def is_written(store: Path) -> bool:
    """Whether a process holds the writer's lock of a store now."""
    try:
        with store.with_name(store.name + ".lock").open("r") as file:
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
