"""DARTS, first order (Liu, Simonyan & Yang 2019, "DARTS: differentiable architecture search").

A step of the weights of the relaxed cell on training data and a step of its decisions on validation
data alternate, each with the other held still.  The first candidate is the most probable cell; the
others are drawn from the decisions' probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import torch
from torch import Tensor

from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.sharing.decisions import Decisions, drawn, most_probable
from fenas_lang.search.sharing.policy import Policy
from fenas_lang.search.sharing.relaxed import RelaxedLayer
from fenas_lang.search.sharing.strategy import SharingStrategy, asked, most_states
from fenas_lang.search.sharing.training import Supernet
from fenas_lang.search.strategy import Individual
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell

RATE, DECAY = 3e-3, 1e-3
"""Adam's step size and the l2 of the decisions: `arch_lr` and `arch_wdecay` of the authors' search
for recurrent cells (`rnn/train_search.py` of quark0/darts); Adam's betas are left as they are."""


class Strategy(SharingStrategy):
    """The most probable cell comes once, in a resumed run too."""

    edit = "discretised"

    def make_policy(self) -> Policy:
        return Relaxation(self.variation, derived_seed(self.settings.seed, 0, "decisions"))

    def propose(self, rng: Random) -> Cell:
        proposed = super().propose(rng)
        assert isinstance(self.policy, Relaxation)
        self.policy.first = False
        return proposed

    def tell(self, individual: Individual) -> None:
        """After a candidate, the most probable cell has had its turn."""
        assert isinstance(self.policy, Relaxation)
        if individual.number >= len(self.variation.seeds):
            self.policy.first = False


class Relaxation:
    """Decisions, and their optimiser; `first` says whether the most probable cell comes next."""

    def __init__(self, variation: Variation, seed: int):
        states = most_states(variation)
        self.decisions = Decisions(variation.space, asked(variation, states), seed)
        parameters = self.decisions.parameters
        self.optimizer = torch.optim.Adam(parameters, lr=RATE, weight_decay=DECAY)
        self.first = True

    def choose(self, supernet: Supernet, rng: Random) -> None:
        supernet.layer.run(RelaxedLayer(supernet.layer, self.decisions))

    def learn(self, supernet: Supernet, validation: Iterator[Tensor], rng: Random) -> None:
        """One step of the decisions, on a batch of validation data."""
        loss = next(validation)
        if not math.isfinite(loss.item()):
            return
        found = torch.autograd.grad(loss, self.decisions.parameters, allow_unused=True)
        for parameter, gradient in zip(self.decisions.parameters, found, strict=True):
            parameter.grad = gradient
        if all(g is None or bool(g.isfinite().all()) for g in found):
            self.optimizer.step()

    def propose(self, rng: Random) -> Cell:
        return self.decisions.cell(most_probable if self.first else drawn(rng))

    def state(self) -> dict[str, Any]:
        logits = [parameter.detach() for parameter in self.decisions.parameters]
        return {"decisions": logits, "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            for own, loaded in zip(self.decisions.parameters, state["decisions"], strict=True):
                own.copy_(loaded)
        self.optimizer.load_state_dict(state["optimizer"])
