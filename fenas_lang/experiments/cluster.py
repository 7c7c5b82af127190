"""Units on a Ray cluster, all of whose machines see the experiment's directory at one place.

A training is one task that reserves its threads as processors and runs the same command as here.  A
search runs here, and hands its children to the cluster itself (`fenasc evolve --ray`).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenas_lang.experiments.process import Ended, Processes
from fenas_lang.experiments.units import SEARCH, Unit, Words, filled
from fenas_lang.search.cluster import join


def _run(name: str, words: list[str], folder: str, threads: int) -> Ended:
    """On a machine of the cluster."""
    if not Path(folder).is_dir():
        return Ended(name, f"a machine of the cluster does not see {folder}")
    return Processes().run(name, words, Path(folder), threads)


@dataclass
class Cluster:
    """The cluster at `address`; `workers` children of each search at a time."""

    folder: Path
    data: dict[str, str]
    workers: int
    address: str

    def __post_init__(self) -> None:
        """Raises FenError: FEN517 without Ray, FEN518 without the cluster."""
        self.leave = join(self.address)
        self.processes = Processes()
        self.threads = ThreadPoolExecutor(max(1, self.workers))
        self.pending: list[Any] = []

    def submit(self, unit: Unit, words: Words, workers: int) -> Future[Ended]:
        told = filled(words, self.data, self.workers)
        if unit.kind == SEARCH:
            told += ["--ray", self.address]
            return self.threads.submit(
                self.processes.run, unit.name, told, self.folder, unit.threads
            )
        import ray

        task = ray.remote(_run).options(num_cpus=unit.threads, max_retries=2)
        answer = task.remote(unit.name, told, str(self.folder), unit.threads)
        self.pending.append(answer)
        return _future(unit.name, answer)

    def room(self, unit: Unit, running: Sequence[Unit]) -> bool:
        """Ray keeps what does not fit yet; searches wait for each other's threads here."""
        searches = [other for other in running if other.kind == SEARCH]
        return unit.kind != SEARCH or len(searches) < self.workers

    def stop(self) -> None:
        import ray

        self.processes.stop()
        for answer in self.pending:
            ray.cancel(answer, force=False)

    def close(self) -> None:
        self.threads.shutdown()
        self.leave()


def _future(name: str, answer: Any) -> Future[Ended]:
    """A task's end; one whose machine was lost has failed."""
    told: Future[Ended] = Future()

    def tell(done: Future[Any]) -> None:
        error = done.exception()
        told.set_result(done.result() if error is None else Ended(name, _words(error)))

    answer.future().add_done_callback(tell)
    return told


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
