"""The end of a run: the best cells, the seeds and random cells, trained again on the same seeds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from fenas_lang.search.messages import Job
from fenas_lang.search.novelty import examine
from fenas_lang.search.pending import Pending
from fenas_lang.search.phase import Entry
from fenas_lang.search.randomness import derived_seed, stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.store import Store
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import FINAL, SEARCH, Measured, Trial
from fenas_lang.search.variation import RANDOM_NAME, Variation

FOUND, SEED, RANDOM = "found", "seed", "random"
"""Why a cell is trained again: among the best of the search, a seed, a random baseline."""


@dataclass(frozen=True)
class Entrant:
    """A cell of the final phase; `number` is its trial, where it has one."""

    role: str
    name: str
    source: str
    key: str
    number: int | None = None


def entrants(settings: Settings, variation: Variation, store: Store) -> list[Entrant]:
    """Who is trained again, from the trials of the search: the best, then the baselines.

    One and the same cell may be there in two roles; it is trained once.  With baselines, the best
    cell is trained again in every profile, so that there is something to compare.
    """
    most = max(settings.finals, 1 if settings.baselines else 0)
    best = [_entrant(FOUND, trial) for trial in store.best(SEARCH, most)]
    if not best or not settings.baselines:
        return best
    first = store.beginning(SEARCH, len(settings.seeds))
    return best + [_entrant(SEED, trial) for trial in first] + list(_random(settings, variation))


def _entrant(role: str, trial: Trial) -> Entrant:
    return Entrant(role, trial.name, trial.source, trial.key, trial.number)


def _random(settings: Settings, variation: Variation) -> Iterator[Entrant]:
    """Random cells, as the profile would take them into its first population."""
    for number in range(settings.baselines):
        for draw in count():
            proposal = variation.random(stream(settings.seed, number, f"baseline {draw}"))
            key, useless = examine(proposal.cell, variation.space, variation.output)
            if not (useless and settings.rules.novelty):
                break
        name = f"{RANDOM_NAME}_baseline_{number + 1}"
        yield Entrant(RANDOM, name, str(replace(proposal.cell, name=name)), key)


@dataclass
class FinalPhase:
    """`repeats` trainings of each distinct entrant, on the same seeds for all.

    The test data are measured too; no choice rests on them.
    """

    settings: Settings
    entrants: Sequence[Entrant]
    name: str = FINAL
    _units: list[Entrant] = field(init=False)

    def __post_init__(self) -> None:
        self._units = distinct_entrants(self.entrants)
        self._pending = Pending(self.total)

    @property
    def total(self) -> int:
        return len(self._units) * self.settings.repeats

    def next(self) -> Job | Entry | None:
        """The training with the lowest number."""
        number = self._pending.first
        if number is None:
            return None
        self._pending.take(number)
        unit, repeat = self._place(number)
        cell = Individual(number, unit.source, None).cell
        seed = derived_seed(self.settings.seed, repeat, "final")
        limit, patience = self.settings.limit, self.settings.patience
        return Job(FINAL, number, cell, seed, test=True, seconds=limit, patience=patience)

    def _place(self, number: int) -> tuple[Entrant, int]:
        unit, repeat = divmod(number, self.settings.repeats)
        return self._units[unit], repeat

    def ended(self, job: Job, measured: Measured) -> Entry:
        unit, repeat = self._place(job.number)
        trial = Trial(
            number=job.number,
            phase=FINAL,
            parents=() if unit.number is None else (unit.number,),
            source=unit.source,
            edit=f"{unit.name} trained again, {repeat + 1} of {self.settings.repeats}",
            seed=job.seed,
            outcome=measured.outcome,
            measured=measured,
            key=unit.key,
        )
        return Entry(trial)

    def tell(self, trial: Trial) -> None:
        """Take a training in, of this process or an earlier one."""
        self._pending.take(trial.number)


def distinct_entrants(entrants: Sequence[Entrant]) -> list[Entrant]:
    """One entrant a canonical key, in order."""
    found: dict[str, Entrant] = {}
    for entrant in entrants:
        found.setdefault(entrant.key, entrant)
    return list(found.values())


@dataclass(frozen=True)
class Final:
    """An entrant and its trainings of the final phase."""

    entrant: Entrant
    trials: tuple[Trial, ...]

    @property
    def metrics(self) -> list[float]:
        """The metric of each training that has one."""
        return [trial.metric for trial in self.trials if trial.metric is not None]

    @property
    def score(self) -> float | None:
        """The mean score; None where a training failed or is missing."""
        scores = [trial.score for trial in self.trials if trial.score is not None]
        whole = bool(scores) and len(scores) == len(self.trials)
        return statistics.fmean(scores) if whole else None

    @property
    def metric(self) -> float | None:
        """The mean metric; None where a training failed."""
        return None if self.score is None else statistics.fmean(self.metrics)

    def on_test(self, metric: str) -> float | None:
        """The mean of the metric on the test data, where a task has such and measured them."""
        name = f"test_{metric.removeprefix('valid_')}"
        values = [trial.measured.facts.get("metrics", {}).get(name) for trial in self.trials]
        numbers = [value for value in values if isinstance(value, int | float)]
        return statistics.fmean(numbers) if numbers and len(numbers) == len(values) else None

    @property
    def deviation(self) -> float:
        """Standard deviation of the metric between seeds (of a sample)."""
        return statistics.stdev(self.metrics) if len(self.metrics) > 1 else 0.0


def finals(entrants: Sequence[Entrant], trials: Sequence[Trial]) -> list[Final]:
    """The final phase by entrant, in order."""
    return [Final(e, tuple(t for t in trials if t.key == e.key)) for e in entrants]
