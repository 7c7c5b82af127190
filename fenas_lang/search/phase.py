"""The phases of a run: each says what to train next, and makes the trial of what was trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from fenas_lang.search import proxy as proxies
from fenas_lang.search import strategy as strategies
from fenas_lang.search.halving import Halving
from fenas_lang.search.inheritance import Inheritance
from fenas_lang.search.ledger import Lines
from fenas_lang.search.messages import Job
from fenas_lang.search.mutator import NoChild
from fenas_lang.search.novelty import (
    Candidate,
    Choice,
    Exhausted,
    Novelty,
    Waiting,
    dataflow_of,
)
from fenas_lang.search.objectives import costs_of
from fenas_lang.search.pending import Pending
from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import FAILED, HIT, SEARCH, Measured, Rejection, Trial
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell

if TYPE_CHECKING:
    from fenas_lang.search.sharing.surroundings import Surroundings


@dataclass(frozen=True)
class Entry:
    """What goes into the store in one transaction."""

    trial: Trial | None
    rejections: Sequence[Rejection] = ()
    message: str = ""


class Phase(Protocol):
    """`total` trials of one name; those that a resumed store has are told at the beginning."""

    @property
    def name(self) -> str: ...

    @property
    def total(self) -> int: ...

    def next(self) -> Job | Entry | None:
        """Something to train, or to store at once; None while there is nothing to do."""
        ...

    def ended(self, job: Job, measured: Measured) -> Entry:
        """What to store of a job that ended."""
        ...

    def tell(self, trial: Trial) -> None:
        """A trial is in the store."""
        ...


@dataclass(frozen=True)
class _Started:
    """A trial that is being trained; `source` is the text of the named cell."""

    candidate: Candidate
    source: str


@dataclass
class SearchPhase:
    """The trials of the strategy."""

    settings: Settings
    variation: Variation
    name: str = SEARCH
    inheritance: Inheritance | None = None
    _started: dict[int, _Started] = field(default_factory=dict)

    def __post_init__(self) -> None:
        strategy = strategies.named(self.settings.strategy)
        self._strategy = strategy(self.settings, self.variation)
        choice = _choice(self.settings, self.variation)
        self._novelty = Novelty(self.settings, self.variation, self._strategy, choice=choice)
        self._halving = Halving(self.settings.fidelity, self.settings.eta)
        self._lines = Lines([seed.name for seed in self.variation.seeds])
        self._pending = Pending(self.total)

    def begin(self, around: Surroundings) -> None:
        """Tell a strategy that scores its candidates itself where it is."""
        if isinstance(self._strategy, strategies.Appraising):
            self._strategy.begin(around)

    @property
    def total(self) -> int:
        return self.settings.total

    def next(self) -> Job | Entry | None:
        """Ask for the candidate of the lowest number that no trial has."""
        number = self._pending.first
        if number is None:
            return None
        try:
            candidate = self._novelty.ask(number)
        except Waiting:
            return None
        except NoChild as failed:
            self._pending.take(number)
            return self._without_child(number, failed)
        except Exhausted as end:
            self._pending.clear()
            return Entry(None, end.rejections, str(end))
        self._pending.take(number)
        return self._start(number, candidate)

    def _without_child(self, number: int, failed: NoChild) -> Entry:
        """The trial of a mutator's answer that is no child."""
        trial = Trial(
            number=number,
            phase=SEARCH,
            parents=failed.parents,
            source=failed.source,
            edit="by the mutator",
            seed=derived_seed(self.settings.seed, number, "training"),
            outcome=FAILED,
            measured=Measured(reason=failed.reason, log=failed.log, facts=failed.facts),
            draws=failed.draws,
        )
        return Entry(trial, failed.rejections)

    def _start(self, number: int, candidate: Candidate) -> Job | Entry:
        proposal = candidate.proposal
        cell = replace(proposal.cell, name=self._name(number, proposal.parents))
        self._started[number] = _Started(candidate, str(cell))
        seed = derived_seed(self.settings.seed, number, "training")
        job = Job(
            SEARCH,
            number,
            cell,
            seed,
            seconds=self.settings.limit,
            rungs=self._halving.cutoffs(),
            patience=self.settings.patience,
        )
        if self._novelty.is_hit(candidate):
            assert candidate.copy_of is not None
            return self._entry(job, self._novelty.scores.lent(candidate.copy_of), HIT)
        if isinstance(self._strategy, strategies.Appraising):
            return self.ended(job, self._strategy.appraise(cell))
        if self.inheritance is None:
            return job
        return self.inheritance.lent(job, proposal.parents, self._living)

    @property
    def _living(self) -> Sequence[Individual]:
        return tuple(getattr(self._strategy, "parents", ()))

    def _name(self, number: int, parents: tuple[int, ...]) -> str:
        """The root of the lineage and the trial's number; a seed keeps its own name."""
        if number < len(self.variation.seeds):
            return self.variation.seeds[number].name
        return f"{self._lines.root(number, parents)}_{number}"

    def ended(self, job: Job, measured: Measured) -> Entry:
        return self._entry(job, measured, measured.outcome)

    def _entry(self, job: Job, measured: Measured, outcome: str) -> Entry:
        started = self._started.pop(job.number)
        candidate = started.candidate
        facts = {**measured.facts, **self._known(candidate)}
        trial = Trial(
            number=job.number,
            phase=SEARCH,
            parents=candidate.proposal.parents,
            source=started.source,
            edit=candidate.proposal.edit,
            seed=job.seed,
            outcome=outcome,
            measured=replace(measured, facts=facts),
            key=candidate.key,
            copy_of=candidate.copy_of,
            useless=candidate.useless,
            draws=candidate.draws,
        )
        return Entry(trial, candidate.rejections)

    def _known(self, candidate: Candidate) -> dict[str, Any]:
        """Facts that were known before the training."""
        found: dict[str, Any] = {}
        if diff := candidate.proposal.diff:
            found["diff"] = diff
        if candidate.guesses:
            found["proxy"] = {"name": self.settings.proxy, "scores": candidate.guesses}
        cell, space = candidate.proposal.cell, self.variation.space
        if costs := costs_of(cell, self.settings, space):
            found["costs"] = costs
        return found

    def tell(self, trial: Trial) -> None:
        """Take a trial in, of this process or an earlier one."""
        self._pending.take(trial.number)
        self._lines.tell(trial)
        self._novelty.tell(trial)
        if self.variation.mutator is not None:
            self.variation.mutator.tell(trial)
        self._strategy.tell(Individual.of(trial))
        self._halving.tell(trial)
        if self.inheritance is not None:
            self.inheritance.tell(trial.number, self._living)


def _choice(settings: Settings, variation: Variation) -> Choice | None:
    """What the run's proxy gives a cell, on the same random inputs for all."""
    if settings.proxy is None:
        return None
    score = proxies.named(settings.proxy)
    seed = derived_seed(settings.seed, 0, "proxy")

    def choice(cell: Cell) -> float:
        return score(cell, dataflow_of(cell, variation.space, variation.output), seed)

    return choice


def rank(trial: Trial) -> tuple[float, int]:
    """Sorts the best first, the earliest of equals."""
    assert trial.score is not None
    return -trial.score, trial.number


def distinct(trials: Sequence[Trial], most: int) -> list[Trial]:
    """The best trials with different canonical keys, best first."""
    found: dict[str, Trial] = {}
    for trial in sorted((t for t in trials if t.score is not None), key=rank):
        found.setdefault(trial.key, trial)
    return list(found.values())[:most]
