"""Random search with shared weights (Li & Talwalkar 2019, "Random search and reproducibility for
neural architecture search", section 3.2).

Every step trains the weights of a random cell; then random cells are scored with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from torch import Tensor

from fenas_lang.search.settings import REDRAWS
from fenas_lang.search.sharing.places import lowered
from fenas_lang.search.sharing.policy import Policy
from fenas_lang.search.sharing.strategy import SharingStrategy
from fenas_lang.search.sharing.training import Supernet
from fenas_lang.search.useless import useless
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell


class Strategy(SharingStrategy):
    """Learns nothing but the weights."""

    edit = "random cell"

    def make_policy(self) -> Policy:
        return Uniform(self.variation, filtered=self.settings.rules.novelty)


class Uniform:
    """Random cells, as the run draws them; nothing is learnt.

    `filtered`: useless cells are not trained either, as they would be no candidates.
    """

    def __init__(self, variation: Variation, filtered: bool):
        self.variation, self.filtered = variation, filtered

    def choose(self, supernet: Supernet, rng: Random) -> None:
        cell = self.propose(rng)
        for _ in range(REDRAWS if self.filtered else 0):
            if not useless(lowered(cell, self.variation.space)):
                break
            cell = self.propose(rng)
        supernet.layer.use(cell)

    def learn(self, supernet: Supernet, validation: Iterator[Tensor], rng: Random) -> None:
        """Nothing."""

    def propose(self, rng: Random) -> Cell:
        return self.variation.random(rng).cell

    def state(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        """Nothing."""
