"""Making an atlas: one cell of each function trained, in a file that a killed run goes on with."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from fenas_lang.atlas.cells import all_cells
from fenas_lang.atlas.suite import PROCESSOR, label
from fenas_lang.rules import tables as rules
from fenas_lang.search.interrupt import stop_requests
from fenas_lang.search.lock import WriterLock
from fenas_lang.search.messages import Job, Ready, Setup
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import Measured
from fenas_lang.search.workers import Done, Pool
from fenas_lang.spaces.reader import load_space
from fenas_lang.tasks.atlas_file import AtlasCell, AtlasFile, Plan, Trained

SUITE = "fenas_lang.atlas.suite:Suite"
NODES, SEEDS, STEPS = 3, 3, 150
SHARED = {"hidden": 8, "batch": 32, "examples": 500, "learning_rate": 0.02}
TASKS = {"adding": {"length": 8, **SHARED}, "copy": {"delay": 2, "items": 2, **SHARED}}
SECONDS = 60.0
"""So long may all trainings of a cell take before it has failed."""

Report = Callable[[int, int], None]
"""Called with the numbers of cells that are done, and of all that are trained."""
DIGITS = 6
"""Significant ones that are kept of a metric: far more than two seeds agree in."""


def plan(*, nodes: int = NODES, seeds: int = SEEDS, steps: int = STEPS) -> Plan:
    """The plan of an atlas of the space `atlas`; `steps` are those of each training."""
    source = load_space("atlas").source
    assert source is not None
    told = {name: {**settings, "steps": steps} for name, settings in TASKS.items()}
    return Plan(source.text, nodes, seeds, told)


def make(path: Path, planned: Plan, *, workers: int = 1, report: Report | None = None) -> None:
    """A new atlas.  Raises FEN434 and FEN435; KeyboardInterrupt after Ctrl-C, all done stored."""
    if path.exists():
        raise rules.ATLAS_EXISTS.error(path=path)
    cells = all_cells(load_space("atlas"), planned.nodes)
    AtlasFile.create(path, planned, cells).close()
    resume(path, workers=workers, report=report)


def resume(
    path: Path, *, workers: int = 1, seeds: int | None = None, report: Report | None = None
) -> None:
    """Train what is left; `seeds` are more of them than before, for all cells.

    Raises FEN433, FEN435 and FEN437, and KeyboardInterrupt as `make` does.

    Every training follows from its cell, task and seed alone, so that an atlas is the same however
    often it was interrupted, with one thread a worker and on one machine.
    """
    with AtlasFile.open(path, write=True) as atlas, _locked(path):
        if seeds is not None:
            _extend(atlas, seeds)
        _Making(atlas, workers, report or (lambda done, total: None)).run()


def _extend(atlas: AtlasFile, seeds: int) -> None:
    before = atlas.plan
    if seeds < before.seeds:
        raise rules.FEWER_SEEDS.error(path=atlas.path, given=seeds, planned=before.seeds)
    atlas.note("plan", asdict(replace(before, seeds=seeds)))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = WriterLock(path)
    try:
        yield
    finally:
        lock.release()


class _Making:
    def __init__(self, atlas: AtlasFile, workers: int, report: Report):
        self.atlas, self.workers, self.report = atlas, workers, report
        self.plan = atlas.plan
        self.left = list(atlas.left()[::-1])
        self.total = sum(cell.trained_as == cell.number for cell in atlas.cells())
        self.done = self.total - len(self.left)

    def run(self) -> None:
        told = {"seeds": self.plan.seeds, "tasks": dict(self.plan.tasks)}
        self.report(self.done, self.total)
        with stop_requests() as stop:
            pool = Pool(Setup(SUITE, told), min(self.workers, max(1, len(self.left))), stop)
            with contextlib.closing(pool):
                self._train(pool, stop)

    def _train(self, pool: Pool, stop: Callable[[], bool]) -> None:
        if self.left and (ready := pool.open()):
            self._begin(ready)
        while not stop():
            while self.left and pool.idle:
                pool.submit(_job(*self.left.pop()))
            if not pool.jobs:
                return
            for done in pool.collect():
                self._store(done)
        raise KeyboardInterrupt

    def _begin(self, ready: Ready) -> None:
        known = self.atlas.meta("checksum")
        if known not in (None, ready.checksum):
            reason = "its tasks gave other data when it was begun: it was made by another version"
            raise rules.NOT_AN_ATLAS.error(path=self.atlas.path, reason=reason)
        self.atlas.note("checksum", ready.checksum)
        self.atlas.note("references", ready.references)

    def _store(self, done: Done) -> None:
        first = done.job.seed
        trained = self._trained(done.measured, first)
        if not (first and trained.failure):  # what it has from other seeds stays; tried again later
            self.atlas.add(done.job.number, trained, first)
        self.done += 1
        self.report(self.done, self.total)

    def _trained(self, measured: Measured, first: int) -> Trained:
        if measured.reason:
            return Trained({}, measured.seconds, failure=measured.reason)
        found = measured.facts["metrics"]
        metrics = {
            task: tuple(
                _kept(found.get(label(task, seed))) for seed in range(first, self.plan.seeds)
            )
            for task in self.plan.tasks
        }
        return Trained(metrics, measured.seconds, found[PROCESSOR])


def _kept(metric: float | None) -> float | None:
    return None if metric is None else float(f"{metric:.{DIGITS}g}")


def _job(cell: AtlasCell, first: int) -> Job:
    read = Individual(cell.number, cell.source, None).cell
    return Job("atlas", cell.number, read, first, seconds=SECONDS)
