"""One writer at a time: a lock file beside the store, freed by the system when its holder dies."""

from __future__ import annotations

from pathlib import Path

from fenas_lang.lock import FileLock, Held, is_held
from fenas_lang.rules import search as rules


class WriterLock(FileLock):
    """Held until `release`; raises FEN504 where another process holds it, FEN505 where no file
    can be made beside the store."""

    def __init__(self, store: Path):
        try:
            super().__init__(_beside(store))
        except Held as error:
            reason = f"process {error.holder} writes to it"
            raise rules.STORE_BUSY.error(path=store, reason=reason) from None
        except OSError as error:
            raise rules.UNWRITABLE_STORE.error(path=store, reason=error.strerror) from None


def is_written(store: Path) -> bool:
    """Whether a process holds the writer's lock of a store now."""
    return is_held(_beside(store))


def _beside(store: Path) -> Path:
    return store.with_name(store.name + ".lock")
