"""Workers on a Ray cluster, with the interface of the pool of processes on one machine.

Each worker is an actor: a process that Ray starts where there is room for it and that trains one
cell after another, as a local one does.  What is a cell's fault costs that trial; a machine that is
lost costs nothing but time, for its trainings are begun again elsewhere, from the same seeds.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.rules import search as rules
from fenas_lang.search.child import limit_memory, load, train
from fenas_lang.search.messages import Job, Ready, Refused, Setup
from fenas_lang.search.trial import Measured
from fenas_lang.search.workers import GRACE, TIME_LIMIT, Done, Workers
from fenas_lang.source import SourceFile

KNOCK = 10.0
"""Seconds for a cluster's address to answer."""
POLL = 0.25
"""Seconds between looks at the clock."""
LIVES = 3
"""So many machines may be lost with a training before it is a failure."""
GB = 2**30
NODE_DIED = "node has died"
"""What Ray says of an actor whose machine is gone."""


class Child:
    """The actor."""

    def load(self, setup: Setup) -> tuple[str, Ready | Refused]:
        """Load the task; the machine's name for Ray, and what there is to know of the task."""
        import ray

        self.setup = setup
        node = str(ray.get_runtime_context().get_node_id())
        try:
            self.task, ready = load(setup)
        except FenError as error:
            return node, Refused(error.diagnostics)
        limit_memory(setup.memory)
        return node, ready

    def train(self, job: Job) -> Measured:
        """Train beside a copy of the run's space: the search's files may be on another machine."""
        with tempfile.TemporaryDirectory(prefix="fenas-") as folder:
            if self.setup.space is not None:
                name, text = self.setup.space
                Path(folder, f"{name}.space").write_text(text, encoding="utf-8")
            source = SourceFile("", Path(folder, "cell.fen"), job.cell.name)
            return train(self.task, replace(job, cell=replace(job.cell, source=source)))


@dataclass(eq=False)
class _Worker:
    """An actor and what it is doing: loading until it is `ready`, then its `job`, or nothing."""

    actor: Any
    pending: Any
    node: str | None = None
    job: Job | None = None
    since: float = 0.0

    @property
    def ready(self) -> bool:
        return self.node is not None

    @property
    def overdue(self) -> bool:
        if self.job is None or self.job.seconds is None:
            return False
        return time.monotonic() - self.since > self.job.seconds + GRACE


@dataclass
class RayPool(Workers):
    """`count` actors on the cluster at `address`, each with the threads and the memory of `setup`.

    Where there is no room for all, those that Ray has started share the jobs.
    """

    setup: Setup
    count: int
    address: str
    wake: Callable[[], bool] = lambda: False
    _workers: list[_Worker] = field(default_factory=list)
    _waiting: deque[Job] = field(default_factory=deque)
    _losses: dict[tuple[str, int], int] = field(default_factory=dict)
    _leave: Callable[[], None] = lambda: None

    def open(self) -> Ready | None:
        """Join the cluster, start the actors and wait for the first; None if woken before.

        Raises FenError: FEN517 without Ray, FEN518 without the cluster or room on it, FEN509 where
        a worker dies while it loads, and the task's own complaints.
        """
        self._join()
        self._workers = [self._begin() for _ in range(self.count)]
        while not self.wake():
            for message in self._messages():
                if isinstance(message, Ready):
                    return message
        return None

    def _join(self) -> None:
        self._leave = join(self.address)
        import ray

        if not any(self._fits(node) for node in ray.nodes()):
            needs = f"{self.setup.threads} processors"
            if self.setup.memory is not None:
                needs += f" and {self.setup.memory:g} GB"
            reason = f"no machine of it has {needs} for a worker"
            raise rules.NO_CLUSTER.error(address=self.address, reason=reason)

    def _fits(self, node: dict[str, Any]) -> bool:
        has = node["Resources"] if node["Alive"] else {}
        memory = (self.setup.memory or 0) * GB
        return bool(has.get("CPU", 0) >= self.setup.threads and has.get("memory", 0) >= memory)

    def _begin(self) -> _Worker:
        """A new actor, which Ray starts when there is room."""
        import ray

        options: dict[str, Any] = {"num_cpus": self.setup.threads, "max_restarts": 0}
        if self.setup.memory is not None:
            options["memory"] = int(self.setup.memory * GB)
        actor = ray.remote(Child).options(**options).remote()
        return _Worker(actor, actor.load.remote(self.setup))

    @property
    def idle(self) -> int:
        """How many more jobs can be taken."""
        return max(0, self.count - len(self.jobs))

    @property
    def jobs(self) -> list[Job]:
        """What is being trained, or waits for a machine."""
        running = [worker.job for worker in self._workers if worker.job is not None]
        return [*running, *self._waiting]

    def submit(self, job: Job) -> None:
        """Start a job on a worker that is ready, or as soon as one is."""
        self._waiting.append(job)
        self._hand_out()

    def _hand_out(self) -> None:
        for worker in self._workers:
            if self._waiting and worker.ready and worker.job is None:
                worker.job, worker.since = self._waiting.popleft(), time.monotonic()
                worker.pending = worker.actor.train.remote(worker.job)

    def drain(self) -> list[Done]:
        """What ends within a quarter of a second."""
        done = [message for message in self._messages() if isinstance(message, Done)]
        done += [self._kill(worker) for worker in self._workers if worker.overdue]
        self._hand_out()
        return done

    def _messages(self) -> Iterator[Ready | Done]:
        """What the actors have answered, waiting for the first a quarter of a second."""
        import ray

        pending = {worker.pending: worker for worker in self._workers if worker.pending is not None}
        if not pending:
            time.sleep(POLL)
            return
        done, _ = ray.wait(list(pending), timeout=POLL)
        more, _ = ray.wait(list(pending), num_returns=len(pending), timeout=0)
        for answer in dict.fromkeys([*done, *more]):
            message = self._receive(pending[answer])
            if message is not None:
                yield message

    def _receive(self, worker: _Worker) -> Ready | Done | None:
        import ray
        from ray.exceptions import ActorUnavailableError, RayError

        try:
            message = ray.get(worker.pending)
        except ActorUnavailableError as error:
            return self._move(worker, error)
        except RayError as error:
            return (
                self._move(worker, error) if _is_lost(worker, error) else self._bury(worker, error)
            )
        worker.pending = None
        if worker.job is not None:
            job, worker.job = worker.job, None
            return Done(job, message, killed=message.reason == TIME_LIMIT)
        node, told = message
        if isinstance(told, Refused):
            raise FenError(told.diagnostics)
        worker.node = node
        assert isinstance(told, Ready)
        return told

    def _move(self, worker: _Worker, error: Exception) -> Done | None:
        """Train elsewhere what a lost machine was training."""
        job = worker.job
        if job is None:
            self._replace(worker)
            return None
        place = (job.phase, job.number)
        self._losses[place] = self._losses.get(place, 0) + 1
        if self._losses[place] >= LIVES:
            return self._fail(worker, f"its machine was lost {LIVES} times", str(error))
        self._replace(worker)
        self._waiting.appendleft(job)
        return None

    def _bury(self, worker: _Worker, error: Exception) -> Done | None:
        """Replace a worker that died by itself; its job has failed."""
        if not worker.ready:
            raise rules.WORKER_LOST.error(reason=" ".join(str(error).split()))
        if worker.job is None:
            self._replace(worker)
            return None
        return self._fail(worker, "the worker process died", str(error))

    def _kill(self, worker: _Worker) -> Done:
        return self._fail(worker, TIME_LIMIT, "")

    def _fail(self, worker: _Worker, reason: str, log: str) -> Done:
        job, seconds = worker.job, time.monotonic() - worker.since
        assert job is not None
        self._replace(worker)
        measured = Measured(
            reason=reason,
            log=f"{reason} after {seconds:.1f} s\n{log}",
            started=time.time() - seconds,
            seconds=seconds,
            host=socket.gethostname(),
            process=os.getpid(),
        )
        return Done(job, measured, killed=True)

    def _replace(self, worker: _Worker) -> None:
        _end(worker)
        self._workers[self._workers.index(worker)] = self._begin()

    def close(self) -> None:
        """Kill all actors, and leave the cluster where it was joined for this."""
        workers, self._workers = self._workers, []
        for worker in workers:
            _end(worker)
        self._leave()
        self._leave = _stay


def join(address: str) -> Callable[[], None]:
    """Join a cluster, unless this process has; the answer leaves it where this joined it.

    Raises FenError: FEN517 without Ray, FEN518 without the cluster.
    """
    try:
        import ray
    except ImportError:
        purpose, name = "training on a cluster", "ray"
        raise rules.NEEDS_EXTRA.error(purpose=purpose, package=name, extra=name) from None
    if ray.is_initialized():
        return _stay
    with _own_signals():
        _init(address)
    return _leave


def _leave() -> None:
    import ray

    with _own_signals():
        ray.shutdown()


def _stay() -> None:
    """Somebody else joined the cluster, and will leave it."""


def _init(address: str) -> None:
    import ray

    try:
        _knock(address)
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise rules.NO_CLUSTER.error(address=address, reason=reason) from None


def _knock(address: str) -> None:
    """Raises OSError where nobody listens, for which Ray itself would look several minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), timeout=KNOCK).close()


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Ray puts a handler of its own in the place of the search's."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            for number, handler in before.items():
                signal.signal(number, handler)


def _is_lost(worker: _Worker, error: Exception) -> bool:
    """Whether it was the machine that went, not the process."""
    import ray

    alive = {node["NodeID"] for node in ray.nodes() if node["Alive"]}
    return NODE_DIED in str(error) or (worker.node is not None and worker.node not in alive)


def _end(worker: _Worker) -> None:
    """Kill an actor; on a machine that is gone there is nothing to kill."""
    import ray
    from ray.exceptions import RayError

    with contextlib.suppress(RayError, ValueError):
        ray.kill(worker.actor)
