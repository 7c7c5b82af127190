"""ENAS (Pham et al. 2018, "Efficient neural architecture search via parameter sharing").

A step of the shared weights, on a cell that the controller writes, and a step of the controller, by
REINFORCE on the reward of another, alternate.  The reward is exp(-loss) on a batch of validation
data: for a language model one over the perplexity, as in the paper.  Then the controller writes the
candidates.  With the space `fenas` this is what the paper's footnote 1 compares FENAS with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import torch
from torch import Tensor

from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.sharing.controller import Controller, Reinforce, Written
from fenas_lang.search.sharing.policy import Policy
from fenas_lang.search.sharing.strategy import SharingStrategy, asked, most_states
from fenas_lang.search.sharing.training import Supernet
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell


class Strategy(SharingStrategy):
    """Its candidates are written by the trained controller."""

    edit = "written by the controller"

    def make_policy(self) -> Policy:
        seed = derived_seed(self.settings.seed, 0, "controller")
        return Controlled(self.variation, seed)


class Controlled:
    """A controller and its REINFORCE; the number of states is that of some seed, as in random
    cells."""

    def __init__(self, variation: Variation, seed: int):
        self.variation = variation
        states = most_states(variation)
        self.controller = Controller(variation.space, variation.nodes, states, seed)
        self.reinforce = Reinforce(self.controller)
        self.numbers = [len(cell.states) for cell in variation.seeds] or [states]

    def write(self, rng: Random) -> Written:
        """A cell with its probability."""
        return self.controller.write(asked(self.variation, rng.choice(self.numbers)), rng)

    def choose(self, supernet: Supernet, rng: Random) -> None:
        supernet.layer.use(self.propose(rng))

    def learn(self, supernet: Supernet, validation: Iterator[Tensor], rng: Random) -> None:
        """One step of the controller, on a batch of validation data."""
        written = self.write(rng)
        supernet.layer.use(written.cell)
        supernet.model.eval()
        with torch.no_grad():
            loss = next(validation).item()
        self.reinforce.update(written, math.exp(-loss) if math.isfinite(loss) else 0.0)

    def propose(self, rng: Random) -> Cell:
        with torch.no_grad():
            return self.write(rng).cell

    def state(self) -> dict[str, Any]:
        return {
            "controller": self.controller.state_dict(),
            "optimizer": self.reinforce.optimizer.state_dict(),
            "baseline": self.reinforce.baseline,
        }

    def load(self, state: dict[str, Any]) -> None:
        self.controller.load_state_dict(state["controller"])
        self.reinforce.optimizer.load_state_dict(state["optimizer"])
        self.reinforce.baseline = state["baseline"]
