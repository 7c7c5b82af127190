"""From a strategy's proposals to the next candidate: what is known or useless is drawn again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from fenas_lang.check.check import Checked
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand, lower_checked
from fenas_lang.proof.ring_key import NO_RING_KEY, form_for_key, key_of
from fenas_lang.search.ledger import Scores
from fenas_lang.search.mutator import NoChild
from fenas_lang.search.randomness import stream
from fenas_lang.search.settings import PATIENCE, REDRAWS, Settings
from fenas_lang.search.strategy import Proposal, Strategy
from fenas_lang.search.trial import HIT, Rejection, Trial
from fenas_lang.search.useless import by_structure, reason, reason_by_algebra
from fenas_lang.search.variation import Variation
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.outputs import RULES, rule_mean
from fenas_lang.syntax.ast import Cell

Examined = tuple[str, str]
"""A cell's strongest key, and why it is useless."""
REMEMBERED = 50_000
"""So many graphs are not examined again, which bounds memory."""

Choice = Callable[[Cell], float]
"""What a proxy gives a cell."""

ASK = REDRAWS + 1
"""Draws of one ask."""


@dataclass(frozen=True)
class Candidate:
    """What is to become a trial; `copy_of` numbers the scored trial of an equal cell.

    `draws` counts the proposals up to this one, `rejections` are those refused as useless,
    `guesses` what a proxy gave this one and those that it was chosen from.
    """

    proposal: Proposal
    key: str
    useless: str
    copy_of: int | None
    draws: int
    rejections: tuple[Rejection, ...] = ()
    guesses: tuple[float, ...] = ()


class Exhausted(Exception):
    """The strategy finds nothing new; `rejections` are the last it was refused."""

    def __init__(self, rejections: tuple[Rejection, ...]):
        super().__init__(f"{PATIENCE} asks in a row gave no cell that was not known or useless")
        self.rejections = rejections


class Waiting(Exception):
    """All that the strategy proposes is being trained."""


@dataclass
class Novelty:
    """The keys of all cells so far, and how long nothing new was found.

    `barren` counts asks in a row without a cell to train.
    """

    settings: Settings
    variation: Variation
    strategy: Strategy
    scores: Scores = field(default_factory=Scores)
    training: set[str] = field(default_factory=set)
    barren: int = 0
    choice: Choice | None = None
    _examined: dict[str, Examined] = field(default_factory=dict)

    def ask(self, number: int) -> Candidate:
        """The candidate for the trial of this number.

        Raises Exhausted, or Waiting where the trials that are being trained must end first, or
        NoChild where a mutator failed.
        """
        candidate = self._ask(number)
        if not self.is_hit(candidate):
            self.training.add(candidate.key)
            self.barren = 0
        return candidate

    def is_hit(self, candidate: Candidate) -> bool:
        """Whether the candidate takes the score that an equal cell has.

        Never where weights are inherited: there a score is not the cell's alone.
        """
        lends = self.settings.rules.novelty and not self.settings.inherit
        return lends and candidate.copy_of is not None

    def _ask(self, number: int) -> Candidate:
        if number < len(self.settings.seeds):
            return self._draw(number, 0)
        if not self.settings.rules.novelty:
            return self._chosen([self._draw(number, draw) for draw in range(self.wanted)])
        rejections: list[Rejection] = []
        hit: Candidate | None = None
        new: dict[str, Candidate] = {}
        for draw in count():
            candidate = self._draw(number, draw, rejections)
            if candidate.useless:
                rejections.append(_rejection(number, draw, candidate))
            elif not self._known(candidate.key):
                new.setdefault(candidate.key, candidate)
            elif hit is None and candidate.copy_of is not None:
                hit = candidate
            at_end = (draw + 1) % ASK == 0
            if len(new) == self.wanted or (new and at_end):
                found = self._chosen(list(new.values()))
                return replace(found, draws=draw + 1, rejections=tuple(rejections))
            if at_end:
                if self.barren + (draw + 1) // ASK >= PATIENCE:
                    raise Exhausted(tuple(rejections))
                if hit is not None:
                    return replace(hit, draws=draw + 1, rejections=tuple(rejections))
                if self.training:
                    raise Waiting
        raise AssertionError("count() does not end")

    @property
    def wanted(self) -> int:
        """How many cells a proxy chooses from; 1 without one."""
        return 1 if self.choice is None else self.settings.candidates

    def _chosen(self, candidates: Sequence[Candidate]) -> Candidate:
        """The one that the proxy puts first, the earliest of equals."""
        if self.choice is None:
            return candidates[0]
        guesses = [self.choice(candidate.proposal.cell) for candidate in candidates]
        best = max(range(len(guesses)), key=guesses.__getitem__)
        others = [guess for place, guess in enumerate(guesses) if place != best]
        return replace(
            candidates[best], draws=candidates[-1].draws, guesses=(guesses[best], *others)
        )

    def _draw(self, number: int, draw: int, rejections: Sequence[Rejection] = ()) -> Candidate:
        rng = stream(self.settings.seed, number, f"draw {draw}")
        if self.variation.mutator is not None:
            self.variation.mutator.begin(number, draw)
        try:
            proposal = self.strategy.ask(number, rng)
        except NoChild as failed:
            failed.draws, failed.rejections = draw + 1, tuple(rejections)
            raise
        key, reason = self._examine(proposal.cell)
        return Candidate(proposal, key, reason, self.scores.first(key), draw + 1)

    def _examine(self, cell: Cell) -> Examined:
        """`examine`, of which the algebra is done once for each graph."""
        dataflow = dataflow_of(cell, self.variation.space, self.variation.output)
        graph = canonical_key(dataflow)
        if graph not in self._examined:
            if len(self._examined) >= REMEMBERED:
                self._examined.clear()
            self._examined[graph] = judged(dataflow)
        return self._examined[graph]

    def _known(self, key: str) -> bool:
        return key in self.scores or key in self.training

    def tell(self, trial: Trial) -> None:
        """A trial has ended, in this process or an earlier one."""
        self.training.discard(trial.key)
        self.barren = self.barren + trial.draws // ASK if trial.outcome == HIT else 0
        self.scores.tell(trial)


def examine(cell: Cell, space: Space, output: str) -> Examined:
    """Strongest key, and why the cell is useless (empty: it is not).

    The key is `ring1:…`, the same for cells that are one function by algebra; that of a cell past
    the budget of algebra is `fen1:…`.
    The cell is flat and legal by construction, so it is lowered without being checked again.
    """
    return judged(dataflow_of(cell, space, output))


def judged(dataflow: Dataflow) -> Examined:
    """The same of a lowered cell, both from one normal form."""
    form = form_for_key(expand(dataflow))
    key = key_of(form)
    strongest = canonical_key(dataflow) if key == NO_RING_KEY else key
    return strongest, reason(by_structure(dataflow)) or reason_by_algebra(form)


def dataflow_of(cell: Cell, space: Space, output: str) -> Dataflow:
    """A flat cell of a space, lowered; its first output follows the rule `output`."""
    made = rule_mean(cell, space)
    checked = Checked(cell, space, cell, RULES[output], made, space.definitions)
    return lower_checked(checked)


def _rejection(number: int, draw: int, candidate: Candidate) -> Rejection:
    proposal = candidate.proposal
    return Rejection(
        number,
        draw,
        proposal.parents,
        str(proposal.cell),
        proposal.edit,
        candidate.key,
        candidate.useless,
    )
