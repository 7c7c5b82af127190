"""Running one unit: its process, its log, and the time that it took."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fenas_lang.experiments.units import LOGS

INTERRUPTED = 130
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
MESSAGE = re.compile(r"^(?:error\[(FEN\d+)\]|fenasc): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Ended:
    """How a unit ended; `reason` is empty where it made its product."""

    name: str
    reason: str = ""
    seconds: float = 0.0
    interrupted: bool = False


@dataclass
class Processes:
    """Those that run now; closing their standard input interrupts them."""

    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    stopped: bool = False

    def run(self, name: str, words: Sequence[str], folder: Path, threads: int) -> Ended:
        """`fenasc` with these words in the folder, to its end."""
        log = folder / LOGS / f"{name}.txt"
        log.parent.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        with log.open("ab") as output:
            start = output.tell()
            output.write(f"$ fenasc {' '.join(words)}\n".encode())
            output.flush()
            process = self._start(words, folder, output, threads)
            if process is None:
                return Ended(name, "interrupted", interrupted=True)
            code, processor = _wait(process)
            self._forget(process)
        seconds = time.monotonic() - begun
        _note(folder, name, code, seconds, processor)
        if code == 0:
            return Ended(name, "", seconds)
        interrupted = self.stopped or code == INTERRUPTED
        return Ended(name, _reason(log, start, code), seconds, interrupted)

    def _start(
        self, words: Sequence[str], folder: Path, output: IO[bytes], threads: int
    ) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self.stopped:
                return None
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "fenas_lang.experiments.launch", *words],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **dict.fromkeys(THREADS, str(threads))},
                start_new_session=True,
            )
            self._running.add(process)
            return process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)
            if process.stdin is not None and not process.stdin.closed:
                process.stdin.close()

    def stop(self) -> None:
        """Interrupt all, and start no more."""
        with self._lock:
            self.stopped = True
            for process in self._running:
                if process.stdin is not None:
                    process.stdin.close()


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Exit status, and the processor seconds of the process and all that it waited for."""
    if not hasattr(os, "wait4"):
        return process.wait(), 0.0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _note(folder: Path, name: str, code: int, seconds: float, processor: float) -> None:
    told: Mapping[str, float] = {
        "exit": code,
        "seconds": round(seconds, 3),
        "processor_seconds": round(processor, 3),
    }
    with (folder / LOGS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


def _reason(log: Path, start: int, code: int) -> str:
    """The last message of the log, else its last line."""
    text = log.read_bytes()[start:].decode("utf-8", "replace")
    messages = MESSAGE.findall(text)
    if messages:
        number, words = messages[-1]
        return f"{words} ({number})" if number else str(words)
    lines = [line for line in text.splitlines()[1:] if line.strip()]
    return lines[-1].strip() if lines else f"ended with status {code}"
