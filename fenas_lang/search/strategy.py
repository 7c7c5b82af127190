"""What a search strategy is: it is asked for candidates, and told what became of them.

A strategy is a file of `fenas_lang/search/strategies` with a class `Strategy`.  It keeps no random
state: all that it draws comes from the generator that `ask` is given, and all that it knows from
the trials that it was told, so that a run is resumed by telling it the trials again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from fenas_lang import registry
from fenas_lang.rules import search as rules
from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Cell
from fenas_lang.syntax.parser import parse

if TYPE_CHECKING:
    from fenas_lang.search.settings import Settings
    from fenas_lang.search.sharing.surroundings import Surroundings
    from fenas_lang.search.trial import Measured, Trial
    from fenas_lang.search.variation import Variation

FOLDER = "fenas_lang.search.strategies"
SCORE = "score"
"""The objective that every search has."""


@dataclass(frozen=True)
class Proposal:
    """A candidate, the trials that it was made from, and how, in words and as a diff."""

    cell: Cell
    parents: tuple[int, ...]
    edit: str
    diff: str = ""


@dataclass(frozen=True)
class Individual:
    """A trial that has ended: its number, its cell's text, and its score, if it has one.

    `parents` are the trials that the cell was made from, `costs` what it costs by objective, in a
    search that has several.
    """

    number: int
    source: str
    score: float | None
    parents: tuple[int, ...] = ()
    costs: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, trial: Trial) -> Individual:
        """A trial as its strategy sees it."""
        costs = trial.measured.facts.get("costs", {})
        return cls(trial.number, trial.source, trial.score, trial.parents, costs)

    @cached_property
    def cell(self) -> Cell:
        """The cell, read from its text, so that a resumed run breeds from just the same.

        Raises FEN510 where the text is none.
        """
        module, diagnostics = parse(SourceFile(self.source))
        if diagnostics or not module.cells:
            reason = diagnostics[0].message if diagnostics else "there is no cell"
            raise rules.BROKEN_TRIAL.error(number=self.number, reason=reason)
        return replace(module.cells[-1], source=None)


class Strategy(Protocol):
    """Made from the settings of the run and the ways to make cells in its space.

    One that makes no mutants says `MUTATES = False`; one that can have several objectives names as
    `OBJECTIVES` those that it has unless told otherwise.
    One that breeds has a property `parents`: the individuals of which children may come yet.
    """

    def __init__(self, settings: Settings, variation: Variation) -> None: ...

    def ask(self, number: int, rng: Random) -> Proposal:
        """A candidate for the trial of this number; may be asked again for the same."""
        ...

    def tell(self, individual: Individual) -> None:
        """A trial has ended."""
        ...


def scored(individual: Individual) -> float:
    """The score of an individual that has one."""
    assert individual.score is not None
    return individual.score


def mutates(name: str) -> bool:
    """Whether the strategy of this name makes mutants.  Raises FEN520."""
    return bool(getattr(named(name), "MUTATES", True))


def objectives(name: str) -> tuple[str, ...]:
    """What the strategy of this name wants unless told otherwise.  Raises FEN520."""
    found: tuple[str, ...] = getattr(named(name), "OBJECTIVES", (SCORE,))
    return found


@runtime_checkable
class Appraising(Strategy, Protocol):
    """Scores its candidates itself, in the process of the search, before any is trained."""

    shares: ClassVar[bool]
    """Scores are of shared weights, so that the best must be trained before it is the result."""

    def begin(self, around: Surroundings) -> None:
        """The run is there; before it, all that is asked for comes of an untrained supernet."""
        ...

    def appraise(self, cell: Cell) -> Measured:
        """The score of a candidate, or why it has none."""
        ...


def breeds(name: str) -> bool:
    """Whether the strategy of this name says who may become parents.  Raises FEN520."""
    return hasattr(named(name), "parents")


def named(name: str) -> type[Strategy]:
    """The strategy of this name.  Raises FEN520."""
    try:
        found: type[Strategy] = registry.load(FOLDER, name, "strategy").Strategy
    except registry.Unknown as unknown:
        raise rules.UNKNOWN_PLUGIN.error(
            kind="strategy",
            name=name,
            known=", ".join(unknown.candidates),
            suggestion=unknown.suggestion,
        ) from None
    return found
