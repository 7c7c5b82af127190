"""A search without processes: pretend workers train in no time, and can be killed at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fenas_lang.search.messages import Job
from fenas_lang.search.phase import Entry, SearchPhase
from fenas_lang.search.settings import Settings
from fenas_lang.search.study import variation_of
from fenas_lang.search.trial import SEARCH, Measured, Trial
from fenas_lang.syntax.ast import Cell

Measure = Callable[[Job], Measured]


def skips(job: Job) -> Measured:
    """Likes skips, as the stub task `Instant` does."""
    score = float(str(job.cell).count("_skip"))
    return Measured(score, score)


@dataclass
class Simulated:
    """A phase, what it has stored, and what its `workers` are training."""

    told: Settings
    measure: Measure = skips
    workers: int = 1
    trials: list[Trial] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """As after a kill: nothing is left but the trials."""
        self.running: list[Job] = []
        self.phase = SearchPhase(self.told, variation_of(self.told))
        strategy: Any = self.phase._strategy
        if hasattr(strategy, "appraise"):
            strategy.appraise = self._appraised
        for trial in self.trials:
            self.phase.tell(trial)

    def _appraised(self, cell: Cell) -> Measured:
        """In place of the score that a strategy gives its own candidates."""
        return self.measure(Job(SEARCH, 0, cell, len(str(cell))))

    def run(self, most: int | None = None, rng: Random | None = None) -> list[Trial]:
        """Until there are so many trials, or to the end; `rng` picks who finishes first."""
        while most is None or len(self.trials) < most:
            self._fill()
            if not self.running:
                break
            if most is None or len(self.trials) < most:
                place = rng.randrange(len(self.running)) if rng else 0
                job = self.running.pop(place)
                self._store(self.phase.ended(job, self.measure(job)))
        return self.trials

    def _fill(self) -> None:
        while len(self.running) < self.workers:
            step = self.phase.next()
            if step is None:
                return
            if isinstance(step, Job):
                self.running.append(step)
            else:
                self._store(step)

    def _store(self, entry: Entry) -> None:
        if entry.message:
            self.messages.append(entry.message)
        if entry.trial is not None:
            self.trials.append(entry.trial)
            self.phase.tell(entry.trial)
