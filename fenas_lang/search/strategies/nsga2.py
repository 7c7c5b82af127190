"""NSGA-II (Deb et al. 2002): a high score against few parameters or FLOPs.

A parent is the better of two drawn at random: that of the better front, or on the same front the
one in the less crowded place.  After as many trials as the population is large, parents and
children together are sorted, and the best fronts survive, the last of them where it is least
crowded.  Children are mutants; cells are not crossed.  No worker waits for the end of a generation:
what is asked for meanwhile comes from the parents that there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from fenas_lang.search.objectives import point
from fenas_lang.search.pareto import Point, crowding, fronts
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import SCORE, Individual, Proposal
from fenas_lang.search.variation import Variation


@dataclass(frozen=True)
class Placed:
    """An individual, its point, and the front and crowding distance that it has among others."""

    individual: Individual
    point: Point
    front: int = 0
    distance: float = 0.0

    @property
    def merit(self) -> tuple[int, float]:
        """The crowded comparison: the greater the better."""
        return -self.front, self.distance


class Strategy:
    """Holds the parents, and the children since they were chosen."""

    OBJECTIVES = (SCORE, "parameters")

    def __init__(self, settings: Settings, variation: Variation):
        self.settings, self.variation = settings, variation
        self.alive: list[Placed] = []
        self.children: list[Placed] = []
        self.told = 0

    @property
    def parents(self) -> Iterable[Individual]:
        """Those that were chosen, and those from whom the next are."""
        return (placed.individual for placed in (*self.alive, *self.children))

    def ask(self, number: int, rng: Random) -> Proposal:
        """A cell of the first population, or a mutant of the winner of a tournament."""
        if number < self.settings.population or not self.alive:
            return self.variation.initial(number, rng)
        winner = max(rng.choices(self.alive, k=2), key=lambda placed: placed.merit)
        return self.variation.mutant(winner.individual, rng)

    def tell(self, individual: Individual) -> None:
        """Join the children; the last of a generation chooses the next parents."""
        self.told += 1
        if individual.score is not None:
            at = point(individual, self.settings, self.variation.space)
            self.children.append(Placed(individual, at))
        if self.told % self.settings.population == 0:
            self.alive = survivors([*self.alive, *self.children], self.settings.population)
            self.children.clear()


def survivors(all_: Sequence[Placed], most: int) -> list[Placed]:
    """The best so many, front by front, with their places among all."""
    found: list[Placed] = []
    for rank, places in enumerate(fronts([placed.point for placed in all_])):
        points = [all_[place].point for place in places]
        members = [
            Placed(all_[place].individual, at, rank, distance)
            for place, at, distance in zip(places, points, crowding(points), strict=True)
        ]
        members.sort(key=lambda placed: -placed.distance)
        found += members[: most - len(found)]
        if len(found) == most:
            break
    return found
