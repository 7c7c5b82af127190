"""A search from its first trial to its result, and the way back into one that was interrupted."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from fenas_lang import hub, pools
from fenas_lang.rules import search as rules
from fenas_lang.search.answers import StoredAnswers
from fenas_lang.search.finals import FinalPhase, entrants
from fenas_lang.search.inheritance import Inheritance, folder_of
from fenas_lang.search.interrupt import stop_requests
from fenas_lang.search.messages import Job, Ready, Setup
from fenas_lang.search.mutator import Mutator
from fenas_lang.search.phase import Entry, Phase, SearchPhase, rank
from fenas_lang.search.pool_variation import in_pool
from fenas_lang.search.result import Result, read_result
from fenas_lang.search.seeds import read_seeds
from fenas_lang.search.settings import Settings
from fenas_lang.search.sharing.surroundings import Surroundings, place_of
from fenas_lang.search.store import Store, check_place
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import FAILED, HIT, SEARCH, Trial
from fenas_lang.search.variation import MUTATOR, Variation
from fenas_lang.search.watcher import Standing, Watcher
from fenas_lang.search.workers import Done, Pool, Workers
from fenas_lang.source import SourceFile
from fenas_lang.spaces.reader import read_space
from fenas_lang.spaces.request import WORDS, request
from fenas_lang.syntax.ast import Cell

DEFAULT_STORE = "run.db"
FINISHED = "finished"


def evolve(
    cells: Sequence[Cell | str | Path],
    task: str,
    *,
    store: str | Path = DEFAULT_STORE,
    space: str | None = None,
    data: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    force: bool = False,
    watcher: Watcher | None = None,
    **options: Any,
) -> Result:
    """Search for a cell.

    `cells` are the seeds: cells, or references as on the command line.  `task` is the name of a
    task, or `module:NAME` of a class like those in `fenas_lang.tasks`; `settings` are the task's,
    `data` its directory.  `store` is a file, or the URL of a database.  `options` are the fields of
    `Settings`: population, sample, cycles, nodes, output, by, seed, strategy, mutations, init,
    profile, repeats, baselines, limit, workers, threads, memory, ray, fidelity, eta, patience,
    inherit, proxy, candidates, objectives, mutator, mutator_limit.

    Raises FenError, where nothing was begun or what was done is stored; and KeyboardInterrupt after
    Ctrl-C, with all trials that ended stored, so that `resume` goes on.
    """
    told = _settings(cells, task, space or pools.space(task), data, settings or {}, options)
    check_place(store, force)
    inheritance = _inheritance(told, store)
    with _begun(told, watcher) as (pool, ready):
        hidden = int(ready.settings.get("hidden", told.hidden))
        told = replace(told, hidden=hidden, repeats=told.repeats if ready.trains else 1)
        told = replace(told, task_settings=_read(told.task_settings, ready))
        check_lengths(told, ready)
        meta = {"settings": told.as_json(), "task": asdict(ready), "created": time.time()}
        with Store.create(store, meta, force=force) as opened:
            if inheritance is not None:
                inheritance.clear()
            return _Study(told, opened, pool, watcher or Watcher()).run(ready)


def resume(
    store: str | Path,
    *,
    data: str | Path | None = None,
    workers: int | None = None,
    ray: str | None = None,
    watcher: Watcher | None = None,
) -> Result:
    """Go on with a run; `data` says where the task's data are now.

    `ray` is the address of another cluster, or empty for processes on this machine.

    Raises FenError (FEN507 where the data differ) and KeyboardInterrupt as `evolve` does.
    """
    with Store.open(store, write=True) as opened:
        meta, told = opened.meta(), Settings.of(opened)
        if data is not None:
            told = replace(told, data=hub.located(data))
        if workers is not None:
            told = replace(told, workers=workers)
        if ray is not None:
            told = replace(told, ray=ray or None)
        told.validate()
        with _begun(told, watcher) as (pool, ready):
            expected = meta["task"]["checksum"]
            if ready.checksum != expected:
                raise rules.DATA_CHANGED.error(expected=expected, found=ready.checksum)
            return _Study(told, opened, pool, watcher or Watcher()).run(ready)


def result_of(store: str | Path) -> Result:
    """What a run has found so far.  Raises FenError (FEN501-508)."""
    with Store.open(store) as opened:
        settings = Settings.of(opened)
        return read_result(opened, settings, variation_of(settings))


def _settings(
    cells: Sequence[Cell | str | Path],
    task: str,
    space: str | None,
    data: str | Path | None,
    task_settings: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Settings:
    """Everything that was asked, complete and checked."""
    seeds = read_seeds(cells, space)
    if options.get("mutator") and "mutations" not in options:
        options = {**options, "mutations": {MUTATOR: 1.0}}
    source = seeds.space.source
    assert source is not None
    told = Settings(
        task=task,
        seeds=tuple(str(cell) for cell in seeds.cells),
        space=source.text,
        header=seeds.header,
        folder=None if source.path is None else str(source.path.absolute().parent),
        task_settings=dict(task_settings),
        data=None if data is None else hub.located(data),
        **options,
    )
    told.validate()
    asked = request(seeds.space, told.nodes, None, told.output)
    return replace(told, nodes=asked.nodes, output=WORDS[asked.output])


def _read(given: Mapping[str, Any], ready: Ready) -> dict[str, Any]:
    """The settings that were given, as the task has read them: paths are absolute, say."""
    return {name: ready.settings.get(name, value) for name, value in given.items()}


def check_lengths(settings: Settings, ready: Ready) -> None:
    """Raises FEN522 where rungs or patience are not for trainings of the task's length."""
    longest = max((*settings.fidelity, settings.patience or 0))
    if not longest:
        return
    name = "fidelity" if settings.fidelity else "patience"
    if ready.epochs is None:
        given, expected = "given", f"left out: task {ready.task} does not count epochs"
        raise rules.BAD_SETTING.error(name=name, given=given, expected=expected)
    if longest > ready.epochs:
        expected = f"at most {ready.epochs}, the epochs of a training on {ready.task}"
        raise rules.BAD_SETTING.error(name=name, given=longest, expected=expected)


def _inheritance(settings: Settings, store: str | Path) -> Inheritance | None:
    """The weights of the run, where they are passed on."""
    if not settings.inherit:
        return None
    folder = folder_of(store)
    if folder is None:
        expected = "left out, or the store a file, beside which weights are kept"
        raise rules.BAD_SETTING.error(name="inherit", given="on", expected=expected)
    return Inheritance(folder)


@in_pool
def variation_of(settings: Settings) -> Variation:
    """The ways to make cells of the run's space."""
    assert settings.nodes is not None and settings.output is not None
    space = read_space(SourceFile(settings.space, name="the space of the run"))
    return Variation(
        space=space,
        seeds=tuple(Individual(k, text, None).cell for k, text in enumerate(settings.seeds)),
        header=settings.header,
        nodes=settings.nodes,
        output=settings.output,
        by=settings.by,
        init=settings.init,
        mutations=settings.mutations,
        mutator=Mutator(settings, space) if settings.mutator else None,
    )


@contextlib.contextmanager
def _begun(settings: Settings, watcher: Watcher | None) -> Iterator[tuple[Workers, Ready]]:
    """Workers that have loaded the task; ends with KeyboardInterrupt where that was asked for."""
    with stop_requests() as stop, contextlib.closing(_workers(settings, stop)) as pool:
        ready = pool.open()
        if ready is None:
            raise KeyboardInterrupt
        try:
            yield pool, ready
        finally:
            if watcher is not None:
                watcher.close()


def _workers(settings: Settings, stop: Callable[[], bool]) -> Workers:
    """Processes on this machine, or on a cluster."""
    name = read_space(SourceFile(settings.space, name="the space of the run")).name
    setup = Setup(
        settings.task,
        dict(settings.task_settings),
        settings.data,
        settings.threads,
        settings.memory,
        (name, settings.space),
    )
    if settings.ray is None:
        return Pool(setup, settings.workers, stop)
    from fenas_lang.search.cluster import RayPool

    return RayPool(setup, settings.workers, settings.ray, stop)


@dataclass
class _Study:
    settings: Settings
    store: Store
    pool: Workers
    watcher: Watcher
    best: Trial | None = None
    _anchor: Path = field(default_factory=Path)

    def run(self, ready: Ready) -> Result:
        """All phases; the result."""
        variation = variation_of(self.settings)
        if variation.mutator is not None:
            variation.mutator.answers = StoredAnswers(self.store)
        with tempfile.TemporaryDirectory(prefix="fenas-") as folder:
            self._anchor = Path(folder)
            space = self._anchor / f"{variation.space.name}.space"
            space.write_text(self.settings.space, encoding="utf-8")
            inheritance = _inheritance(self.settings, self.store.location)
            search = SearchPhase(self.settings, variation, inheritance=inheritance)
            search.begin(self._surroundings())
            self._drive(search, ready)
            if inheritance is not None:
                inheritance.clear()
            found = entrants(self.settings, variation, self.store)
            self._drive(FinalPhase(self.settings, found), ready)
        self.store.note("ended", FINISHED)
        return read_result(self.store, self.settings, variation)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            place_of(self.store.location),
            str(self.store.meta().get("created")),
            self.pool.wake,
            self.watcher.say,
        )

    def _drive(self, phase: Phase, ready: Ready) -> None:
        """Train all of a phase; ends early, with KeyboardInterrupt, where a stop was asked for."""
        counter = self._recalled(phase)
        if phase.total:
            self.watcher.begin(ready.metric, counter.standing)
        while not self.pool.wake():
            self._fill(phase, counter)
            if not self.pool.jobs:
                return
            for done in self.pool.collect():
                self._finish(phase, counter, done)
        for done in self.pool.drain():
            self._finish(phase, counter, done)
        raise KeyboardInterrupt

    def _recalled(self, phase: Phase) -> _Counter:
        """Tell a phase what the store has of it, one by one: there may be very many."""
        counts = Counter[str]()
        for trial in self.store.recalled(phase.name):
            self._tell(phase, trial)
            counts[trial.outcome] += 1
        done, hits, failures = counts.total(), counts[HIT], counts[FAILED]
        return _Counter(Standing(phase.name, done, phase.total, hits, self.best, failures))

    def _tell(self, phase: Phase, trial: Trial) -> None:
        phase.tell(trial)
        if phase.name == SEARCH and trial.score is not None:
            self.best = trial if self.best is None else min(self.best, trial, key=rank)

    def _fill(self, phase: Phase, counter: _Counter) -> None:
        """Give every idle worker something to do."""
        while self.pool.idle and not self.pool.wake():
            step = phase.next()
            if step is None:
                return
            if isinstance(step, Job):
                source = SourceFile("", self._anchor / "cell.fen", step.cell.name)
                self.pool.submit(replace(step, cell=replace(step.cell, source=source)))
            else:
                self._write(phase, counter, step)

    def _finish(self, phase: Phase, counter: _Counter, done: Done) -> None:
        if done.killed:
            reason = f"{done.job.phase} trial {done.job.number}: {done.measured.reason}"
            self.store.note("inexact", reason)
        self._write(phase, counter, phase.ended(done.job, done.measured))

    def _write(self, phase: Phase, counter: _Counter, entry: Entry) -> None:
        self.store.add(entry.trial, entry.rejections)
        if entry.message:
            self.watcher.say(entry.message)
            self.store.note("exhausted", entry.message)
        trial = entry.trial
        if trial is None:
            return
        self._tell(phase, trial)
        self.watcher.ended(trial, counter.after(trial, self.best))


@dataclass
class _Counter:
    """Keeps the standing of a phase."""

    standing: Standing

    def after(self, trial: Trial, best: Trial | None) -> Standing:
        before = self.standing
        hits = before.hits + (trial.outcome == HIT)
        failures = before.failures + (trial.outcome == FAILED)
        done = before.done + 1
        self.standing = replace(before, done=done, hits=hits, best=best, failures=failures)
        return self.standing
