"""Evolution without aging: as `aging`, but it is the worst that dies, not the oldest.

Real et al. (2019, section 6) compare the two.  Among equally bad cells the older one dies, so that
a plateau does not stand still.
"""

from __future__ import annotations

from collections import deque

from fenas_lang.search.settings import Settings
from fenas_lang.search.strategies import aging
from fenas_lang.search.strategy import Individual, scored
from fenas_lang.search.variation import Variation


class Strategy(aging.Strategy):
    """Holds the living in the order in which they were told."""

    def __init__(self, settings: Settings, variation: Variation):
        super().__init__(settings, variation)
        self.alive = deque()

    def tell(self, individual: Individual) -> None:
        """Join the living; where they are too many, the worst leaves, be it the new one."""
        super().tell(individual)
        if len(self.alive) > self.population:
            self.alive.remove(min(self.alive, key=scored))
