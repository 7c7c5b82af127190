"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from fenas_lang.rules import runs as rules


class Sink:
    """A file that keeps the error of a write, which a library may hide behind one of its own."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.error: OSError | None = None

    def write(self, content: bytes) -> int:
        try:
            return self._file.write(content)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._file.flush()


def write_whole(path: Path, fill: Callable[[Sink], object], hint: str | None = None) -> None:
    """Fill a new file and put it in a path's place, on the disk before anything else happens.

    Whatever fails, what the path held before is still there.  Raises FEN463 for a full disk and
    the like, with `hint`.
    """
    part = path.with_name(f"{path.name}.part")
    sink: Sink | None = None
    try:
        with part.open("wb") as file:
            sink = Sink(file)
            fill(sink)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        cause = (sink.error if sink else None) or error
        if isinstance(cause, OSError):
            reason = cause.strerror or str(cause)
            raise rules.UNWRITABLE_RUN.error(path=path, reason=reason, hint=hint) from error
        raise


def write_text(path: Path, text: str, hint: str | None = None) -> None:
    """A text as a whole file."""
    write_whole(path, lambda sink: sink.write(text.encode()), hint)


def _sync_folder(folder: Path) -> None:
    """Make a rename last; where folders cannot be opened (Windows), the system sees to it."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
