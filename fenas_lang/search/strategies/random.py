"""Random search: the seed cells, then random cells of the space."""

from __future__ import annotations

from random import Random

from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.search.variation import Variation


class Strategy:
    """Every cell is drawn anew; nothing is learnt from the trials."""

    MUTATES = False

    def __init__(self, settings: Settings, variation: Variation):
        self.variation = variation

    def ask(self, number: int, rng: Random) -> Proposal:
        """The seed of this number, or a random cell."""
        return self.variation.seed(number) or self.variation.random(rng)

    def tell(self, individual: Individual) -> None:
        """Nothing to learn."""
