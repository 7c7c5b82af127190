"""ENAS (Pham et al. 2018, "Efficient neural architecture search via parameter sharing").

A step of the shared weights, on a cell that the controller writes, and the reward of another cell
alternate; after every ten rewards the controller takes a step of REINFORCE.  The reward is
exp(-loss) on a batch of validation data: for a language model one over the perplexity, as in the
paper.  Then the controller writes the candidates.  With the space `fenas` this is what the paper's
footnote 1 compares FENAS with.

The constants are those of the authors' search on Penn Treebank (melodyguan/enas: `src/ptb/main.py`,
`src/ptb/ptb_enas_controller.py`, `scripts/ptb_search.sh`).  There the reward is 80 over the
perplexity, about 1; here it is relative to the baseline, so that it may have any size.  The entropy
is a bonus with a gradient of its own, there it is part of the reward; and parents are words of one
vocabulary, where the authors point at them by attention and prefer near ones.  (Their corrected
release, `enas_lm/src/controller.py` of google-research, teaches more slowly, for hundreds of
epochs: 64 units, weights within 0.01, a step size of 5e-5, an entropy weight of 1e-5, a spread of
2.25, and 0.999 of the baseline is kept.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import torch
from torch import Tensor

from fenas_lang.search.controller import Controller, Recipe
from fenas_lang.search.decisions import Sentence, language_of
from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.sharing.policy import Policy
from fenas_lang.search.sharing.strategy import SharingStrategy
from fenas_lang.search.sharing.training import Supernet
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell

RECIPE = Recipe(
    hidden=100, initial=0.1, learning_rate=1e-3, entropy=1e-3, temperature=5.0, spread=2.5
)
BATCH, DECAY = 10, 0.99
"""Cells of one step of the controller, and what is kept of the baseline at each reward."""
NAME = "Sampled"


class Strategy(SharingStrategy):
    """Its candidates are written by the trained controller."""

    edit = "written by the controller"

    def make_policy(self) -> Policy:
        seed = derived_seed(self.settings.seed, 0, "controller")
        return Controlled(self.variation, seed)


class Controlled:
    """A controller, the moving average of its rewards, and what it will be taught next."""

    def __init__(self, variation: Variation, seed: int, recipe: Recipe = RECIPE):
        self.language = language_of(variation)
        self.controller = Controller(self.language.size, seed, recipe)
        self.baseline: float | None = None
        self.batch: list[tuple[Sentence, float]] = []

    def choose(self, supernet: Supernet, rng: Random) -> None:
        supernet.layer.use(self.propose(rng))

    def learn(self, supernet: Supernet, validation: Iterator[Tensor], rng: Random) -> None:
        """The reward of one cell, on a batch of validation data."""
        cell, sentence = self.write(rng)
        supernet.layer.use(cell)
        supernet.model.eval()
        with torch.no_grad():
            loss = next(validation).item()
        self.reward(sentence, math.exp(-loss) if math.isfinite(loss) else 0.0)

    def reward(self, sentence: Sentence, reward: float) -> None:
        """Keep for the batch what was gained over the baseline; learn from a batch that is whole.

        `reward` is 0 or more, the higher the better.
        """
        before = reward if self.baseline is None else self.baseline
        self.baseline = DECAY * before + (1 - DECAY) * reward
        if sentence.tokens:
            self.batch.append((sentence, (reward - self.baseline) / max(self.baseline, 1e-8)))
        if len(self.batch) == BATCH:
            self.controller.learn(*zip(*self.batch, strict=True))
            self.batch.clear()

    def write(self, rng: Random) -> tuple[Cell, Sentence]:
        """A cell and its sentence."""
        return self.language.write(self.controller.writer(rng), NAME)

    def propose(self, rng: Random) -> Cell:
        return self.write(rng)[0]

    def state(self) -> dict[str, Any]:
        return {
            "controller": self.controller.state_dict(),
            "optimizer": self.controller.optimizer.state_dict(),
            "baseline": self.baseline,
            "batch": [(sentence.tokens, sentence.allowed, gain) for sentence, gain in self.batch],
        }

    def load(self, state: dict[str, Any]) -> None:
        self.controller.load_state_dict(state["controller"])
        self.controller.optimizer.load_state_dict(state["optimizer"])
        self.baseline = state["baseline"]
        self.batch = [(Sentence(tokens, allowed), gain) for tokens, allowed, gain in state["batch"]]
