"""What tells the ways to share weights apart: which children are trained, and what is learnt."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, Protocol

from torch import Tensor

from fenas_lang.search.sharing.training import Supernet
from fenas_lang.syntax.ast import Cell


class Policy(Protocol):
    """Chooses what the supernet runs; may learn from losses on the validation data."""

    def choose(self, supernet: Supernet, rng: Random) -> None:
        """Set what the next step of the shared weights trains."""
        ...

    def learn(self, supernet: Supernet, validation: Iterator[Tensor], rng: Random) -> None:
        """After that step: one of its own."""
        ...

    def propose(self, rng: Random) -> Cell:
        """A candidate, by what has been learnt."""
        ...

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
        ...
