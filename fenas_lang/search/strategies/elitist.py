"""Evolution without aging: as `aging`, but it is the worst that dies, not the oldest.

Real et al. (2019, section 6) compare the two.  Among equally bad cells the older one dies, so that
a plateau does not stand still.
"""

from __future__ import annotations

from random import Random

from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal, scored
from fenas_lang.search.variation import Variation


class Strategy:
    """Holds the living in the order in which they were told."""

    def __init__(self, settings: Settings, variation: Variation):
        self.population, self.sample = settings.population, settings.sample
        self.variation = variation
        self.alive: list[Individual] = []

    def ask(self, number: int, rng: Random) -> Proposal:
        """A cell of the first population, or a mutant of the best in a sample."""
        if number < self.population or not self.alive:
            return self.variation.initial(number, rng)
        sample = rng.choices(self.alive, k=self.sample)
        return self.variation.mutant(max(sample, key=scored), rng)

    def tell(self, individual: Individual) -> None:
        """Join the living; where they are too many, the worst leaves, be it the new one."""
        if individual.score is None:
            return
        self.alive.append(individual)
        if len(self.alive) > self.population:
            self.alive.remove(min(self.alive, key=scored))
