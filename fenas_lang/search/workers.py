"""A pool of worker processes that train cells, each with its own interpreter and one job at a time.

The processes are started as programs (`child.py`), not forked and not through `multiprocessing`,
which would run the user's script again in every worker: a search may be started from a script
without a main guard, and from a notebook.  Each is the first of a session of its own: a Ctrl-C
reaches only the search, and what a task has started ends with its worker.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from fenas_lang.diagnostics import FenError
from fenas_lang.rules import search as rules
from fenas_lang.search.messages import Job, Ready, Refused, Setup
from fenas_lang.search.trial import Measured

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
LOG_TAIL = 4000
"""So many bytes of what a dead worker printed are kept."""
TIME_LIMIT = "time limit"
GRACE = 2.0
"""Seconds that a task has beyond its limit to end by itself, before its worker is killed."""


@dataclass(frozen=True)
class Done:
    """A job and what came of it; `killed` where the wall clock, not the cell, decided."""

    job: Job
    measured: Measured
    killed: bool = False


class Workers(Protocol):
    """What trains for a search, which does not know where."""

    wake: Callable[[], bool]
    """Asked four times a second whether to stop waiting."""

    def open(self) -> Ready | None:
        """Begin; None if woken before the first is ready.  Raises FenError."""
        ...

    @property
    def idle(self) -> int:
        """How many more jobs can be started."""
        ...

    @property
    def jobs(self) -> list[Job]:
        """What is being trained."""
        ...

    def submit(self, job: Job) -> None:
        """Start a job; only where something is idle."""
        ...

    def collect(self) -> list[Done]:
        """Wait until at least one job has ended, or until woken; what has ended."""
        while not self.wake():
            if done := self.drain():
                return done
        return []

    def drain(self) -> list[Done]:
        """What ends within a quarter of a second."""
        ...

    def close(self) -> None:
        """End all that was started."""
        ...


class Worker:
    """One process; `job` is what it trains, `ready` whether it has loaded the task."""

    def __init__(self, setup: Setup, inbox: SimpleQueue[tuple[Worker, Any]]):
        self.ready = False
        self.job: Job | None = None
        self.since = time.monotonic()
        self.log = tempfile.TemporaryFile("ab+")  # noqa: SIM115 - open as long as the worker
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "fenas_lang.search.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=_environment(setup.threads),
            start_new_session=True,
        )
        self._send(setup)
        threading.Thread(target=self._listen, args=(inbox,), daemon=True).start()

    def _send(self, message: Any) -> None:
        """A worker that died meanwhile is noticed at the other end of its pipes."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(message, self.process.stdin)
            self.process.stdin.flush()

    def _listen(self, inbox: SimpleQueue[tuple[Worker, Any]]) -> None:
        assert self.process.stdout is not None
        try:
            while True:
                inbox.put((self, pickle.load(self.process.stdout)))
        except Exception:
            inbox.put((self, None))

    def start(self, job: Job) -> None:
        self.job, self.since = job, time.monotonic()
        self.log.truncate(0)
        self._send(job)

    @property
    def overdue(self) -> bool:
        """Whether its job has had its time and the grace."""
        if self.job is None or self.job.seconds is None or not self.ready:
            return False
        return time.monotonic() - self.since > self.job.seconds + GRACE

    def end(self) -> None:
        """Kill it with all that it started, and wait until it is gone."""
        if sys.platform != "win32":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            with contextlib.suppress(OSError):
                assert stream is not None
                stream.close()

    def last_words(self) -> str:
        """The end of what it printed to standard error."""
        size = self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, size - LOG_TAIL))
        return self.log.read().decode(errors="replace")

    def cause_of_death(self) -> str:
        """In words; one that closed its output and lives on is killed."""
        try:
            status = self.process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "the worker process stopped answering"
        if status >= 0:
            return f"the worker process ended with status {status}"
        with contextlib.suppress(ValueError):
            return f"the worker process was killed by {signal.Signals(-status).name}"
        return f"the worker process was killed by signal {-status}"


@dataclass
class Pool(Workers):
    """`count` workers; `wake` (if given) is asked four times a second whether to stop waiting."""

    setup: Setup
    count: int
    wake: Callable[[], bool] = lambda: False
    _workers: list[Worker] = field(default_factory=list)
    _inbox: SimpleQueue[tuple[Worker, Any]] = field(default_factory=SimpleQueue)

    def open(self) -> Ready | None:
        """Start the workers and wait for the first; None if woken before.

        Raises FenError: the task's own complaints, or FEN509 where a worker dies.
        """
        self._workers = [Worker(self.setup, self._inbox) for _ in range(self.count)]
        while not self.wake():
            for message in self._messages():
                if isinstance(message, Ready):
                    return message
        return None

    @property
    def idle(self) -> int:
        """How many more jobs can be started."""
        return sum(worker.job is None for worker in self._workers)

    @property
    def jobs(self) -> list[Job]:
        """What is being trained."""
        return [worker.job for worker in self._workers if worker.job is not None]

    def submit(self, job: Job) -> None:
        """Start a job on an idle worker."""
        min((w for w in self._workers if w.job is None), key=lambda w: not w.ready).start(job)

    def drain(self) -> list[Done]:
        """What ends within a quarter of a second."""
        done = [m for m in self._messages() if isinstance(m, Done)]
        return done + [self._kill(worker) for worker in self._workers if worker.overdue]

    def _messages(self) -> list[Any]:
        """Interpreted messages, waiting a quarter of a second for the first."""
        found = []
        with contextlib.suppress(Empty):
            found.append(self._receive(*self._inbox.get(timeout=0.25)))
            while True:
                found.append(self._receive(*self._inbox.get_nowait()))
        return found

    def _receive(self, worker: Worker, message: Any) -> Ready | Done | None:
        match message:
            case _ if worker not in self._workers:
                return None
            case None:
                return self._bury(worker)
            case Refused():
                raise FenError(message.diagnostics)
            case Ready():
                worker.ready, worker.since = True, time.monotonic()
                return message
        job, worker.job = worker.job, None
        assert job is not None and isinstance(message, Measured)
        return Done(job, message, killed=message.reason == TIME_LIMIT)

    def _bury(self, worker: Worker) -> Done | None:
        """Replace a worker that died by itself; its job has failed."""
        cause = worker.cause_of_death()
        if not worker.ready:
            words = worker.last_words().strip().splitlines()
            raise rules.WORKER_LOST.error(reason="; ".join([cause, *words[-1:]]))
        return self._replace(worker, cause)

    def _kill(self, worker: Worker) -> Done:
        done = self._replace(worker, TIME_LIMIT)
        assert done is not None
        return done

    def _replace(self, worker: Worker, reason: str) -> Done | None:
        printed = worker.last_words()
        worker.end()
        self._workers[self._workers.index(worker)] = Worker(self.setup, self._inbox)
        if worker.job is None:
            return None
        seconds = time.monotonic() - worker.since
        measured = Measured(
            reason=reason,
            log=f"{reason} after {seconds:.1f} s\n{printed}",
            started=time.time() - seconds,
            seconds=seconds,
            host=socket.gethostname(),
            process=worker.process.pid,
        )
        return Done(worker.job, measured, killed=True)

    def close(self) -> None:
        """Kill all workers."""
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()


def _environment(threads: int) -> dict[str, str]:
    """The worker's environment: the same modules as here, and so many threads a library."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads))
    return {**os.environ, **limits, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
