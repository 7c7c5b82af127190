"""Aging evolution (Real et al. 2019, "Regularized evolution for image classifier architecture
search", algorithm 1).

The population is a queue.  Each cycle draws a sample from it, uniformly and with replacement; a
mutant of the best in the sample joins the queue, and the oldest leaves it.  A cell without a score
never joins, so that failures cost trials but nobody's place; where no cell has a score yet, new
ones are made as for the first population.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from random import Random

from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal, scored
from fenas_lang.search.variation import Variation


class Strategy:
    """Holds the living; `population` and `sample` are sizes."""

    alive: deque[Individual]

    def __init__(self, settings: Settings, variation: Variation):
        self.population, self.sample = settings.population, settings.sample
        self.variation = variation
        self.alive = deque(maxlen=self.population)

    @property
    def parents(self) -> Iterable[Individual]:
        """The living."""
        return self.alive

    def ask(self, number: int, rng: Random) -> Proposal:
        """A cell of the first population, or a mutant of the best in a sample."""
        if number < self.population or not self.alive:
            return self.variation.initial(number, rng)
        sample = rng.choices(self.alive, k=self.sample)
        return self.variation.mutant(max(sample, key=scored), rng)

    def tell(self, individual: Individual) -> None:
        """Join the youngest; a full queue loses its oldest."""
        if individual.score is not None:
            self.alive.append(individual)
