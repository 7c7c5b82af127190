"""The ways to make a cell of a run's space: a seed, a random cell, a mutant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from fenas_lang.search.difference import difference
from fenas_lang.search.mutation import mutate
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

if TYPE_CHECKING:
    from fenas_lang.search.mutator import Mutator

RANDOM, MUTANTS = "random", "mutants"
INITS = (RANDOM, MUTANTS)
"""What the first population consists of beside the seeds."""

RANDOM_NAME = "Random"
MUTATOR = "mutator"
"""The outside program among the mutations."""


@dataclass(frozen=True)
class Variation:
    """`seeds` are flat cells of the space; `header` is how cells name it (`in header`).

    The rest is as in `Settings`.
    """

    space: Space
    seeds: tuple[Cell, ...]
    header: str | None
    nodes: int
    output: str
    by: str
    init: str
    mutations: Mapping[str, float]
    mutator: Mutator | None = None

    def seed(self, number: int) -> Proposal | None:
        """The seed that is the trial of this number; None where there is no such seed."""
        if number >= len(self.seeds):
            return None
        cell = self.seeds[number]
        return Proposal(cell, (), f"seed cell {cell.name}")

    def initial(self, number: int, rng: Random) -> Proposal:
        """A member of the first population."""
        if seed := self.seed(number):
            return seed
        if self.init == MUTANTS:
            place = rng.randrange(len(self.seeds))
            return self.mutant(Individual(place, str(self.seeds[place]), None), rng)
        return self.random(rng)

    def random(self, rng: Random) -> Proposal:
        """A cell drawn from the space, with as many states as some seed has."""
        states = len(rng.choice(self.seeds).states) if self.seeds else None
        cell = sample(
            self.space,
            rng=rng,
            nodes=self.nodes,
            states=states,
            output=self.output,
            by=self.by,
            name=RANDOM_NAME,
        )
        return Proposal(replace(cell, space=self.header), (), "random cell")

    def mutant(self, parent: Individual, rng: Random) -> Proposal:
        """A child; a random cell where no mutation finds anything to change.

        Raises NoChild where it is the mutator's turn and that gives none.
        """
        weights = dict(self.mutations)
        if self.mutator is not None:
            if rng.choices(list(weights), list(weights.values()))[0] == MUTATOR:
                return self.mutator.child(parent)
            del weights[MUTATOR]
        mutation = mutate(parent.cell, self.space, rng, RULES[self.output], weights)
        if mutation is None:
            return self.random(rng)
        diff = difference(parent.cell, mutation.cell)
        return Proposal(mutation.cell, (parent.number,), mutation.edit, diff)
