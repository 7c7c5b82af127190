"""Run a program of someone else's: text in, text out, in bounded time and space."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

MOST = 1_000_000
"""So many bytes a program may print."""
TAIL = 4000
"""So many bytes of what it complains of are kept."""
CHUNK = 65536
JOIN_SECONDS = 1.0


@dataclass(frozen=True)
class Output:
    """What a program printed; or why that is nothing, and the end of what it complained of."""

    text: str
    failure: str = ""
    log: str = ""


def run(command: Sequence[str], given: str, seconds: float) -> Output:
    """Give a program a text and take its answer; whatever goes wrong is an output that says so.

    The program is the first of a session of its own, and ends with all that it started.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return Output("", f"it cannot be run: {error.strerror}")
    try:
        return _attended(process, given.encode(), seconds)
    finally:
        _end(process)


def _attended(process: subprocess.Popen[bytes], given: bytes, seconds: float) -> Output:
    assert process.stdin and process.stdout and process.stderr
    said, complained = bytearray(), bytearray()
    threads = [
        _thread(_write, process.stdin, given),
        _thread(_read, process.stdout, said, lambda: _end(process) if len(said) > MOST else None),
        _thread(_read, process.stderr, complained, lambda: _shorten(complained)),
    ]
    late = False
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        late = True
    _end(process)
    for thread in threads:
        thread.join(JOIN_SECONDS)
    log = bytes(complained[-TAIL:]).decode(errors="replace")
    failure = "time limit" if late else _failure(process.returncode, said)
    return Output("", failure, log) if failure else Output(said.decode(), "", log)


def _failure(status: int, said: bytearray) -> str:
    """Why there is no answer; empty where there is one."""
    if len(said) > MOST:
        return f"it printed more than {MOST:,} bytes"
    if status:
        return f"it ended with status {status}" if status > 0 else f"signal {-status} killed it"
    try:
        return "" if said.decode().strip() else "it printed nothing"
    except UnicodeDecodeError:
        return "what it printed is not UTF-8"


def _thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def _write(stream: IO[bytes], given: bytes) -> None:
    """A program need not read what it is given."""
    with contextlib.suppress(OSError), stream:
        stream.write(given)


def _read(stream: IO[bytes], kept: bytearray, then: Callable[[], object]) -> None:
    with stream:
        while len(kept) <= MOST and (chunk := os.read(stream.fileno(), CHUNK)):
            kept += chunk
            then()


def _shorten(kept: bytearray) -> None:
    del kept[:-TAIL]


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
