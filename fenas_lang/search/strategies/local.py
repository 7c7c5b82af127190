"""Local search: climb from mutant to mutant, and begin again at a random cell on every summit.

This is the local search of White, Nolen and Savani (2021, "Exploring the loss landscape in neural
architecture search") in the form that moves at the first improvement: the neighbours of a cell are
its mutants, tried in random order and none twice, and the first that is better takes its place.
Where draw after draw finds no neighbour that is untried, the neighbourhood is exhausted, and the
next climb begins at a random cell.  The first begins at the best seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal, scored
from fenas_lang.search.variation import Variation

DRAWS = 20
"""So many draws without an untried neighbour mean that there is none."""


class Strategy:
    """`incumbent` is the best of the climb, `tried` its neighbours without their names.

    `climb` holds the numbers of the cells that were incumbents since the last random cell: a
    neighbour of one of them that is told late, by another worker, may still take the lead.
    """

    def __init__(self, settings: Settings, variation: Variation):
        self.variation = variation
        self.incumbent: Individual | None = None
        self.climb: set[int] = set()
        self.tried: set[str] = set()
        self.asked, self.times = -1, 0

    @property
    def parents(self) -> Iterable[Individual]:
        """The incumbent."""
        return () if self.incumbent is None else (self.incumbent,)

    def ask(self, number: int, rng: Random) -> Proposal:
        """A seed, an untried neighbour of the incumbent, or where there is none a random cell.

        Being asked again and again for one trial means that what was proposed is known or useless.
        """
        self.times = self.times + 1 if number == self.asked else 1
        self.asked = number
        seed = self.variation.seed(number)
        return seed or self._neighbour(rng) or self.variation.random(rng)

    def _neighbour(self, rng: Random) -> Proposal | None:
        if self.incumbent is None or self.times > DRAWS:
            return None
        for _ in range(DRAWS):
            proposal = self.variation.mutant(self.incumbent, rng)
            # An outside program is too dear to be asked until it has something new.
            if self.variation.mutator or _body(str(proposal.cell)) not in self.tried:
                return proposal
        return None

    def tell(self, individual: Individual) -> None:
        """Take the lead, or be one neighbour less to try."""
        if not individual.parents:
            self._begin(individual)
        elif individual.parents[0] in self.climb:
            self.tried.add(_body(individual.source))
            if self._is_better(individual):
                self._lead(individual)

    def _begin(self, individual: Individual) -> None:
        """A climb begins at the best seed, or anew at a random cell."""
        is_seed = individual.number < len(self.variation.seeds)
        if individual.score is None or (is_seed and not self._is_better(individual)):
            return
        self.climb.clear()
        self._lead(individual)

    def _lead(self, individual: Individual) -> None:
        self.incumbent = individual
        self.climb.add(individual.number)
        self.tried = {_body(individual.source)}

    def _is_better(self, individual: Individual) -> bool:
        if individual.score is None or self.incumbent is None:
            return individual.score is not None
        return individual.score > scored(self.incumbent)


def _body(source: str) -> str:
    """A cell's text from behind its name."""
    return source.partition("(")[2]
