"""Reinforcement learning with an LSTM controller, without shared weights (Zoph & Le 2017, "Neural
architecture search with reinforcement learning").

The controller writes a cell as the sequence of its space's choices.  After every batch of told
cells it takes a step of REINFORCE: the reward is the score, the baseline a moving average of the
scores before, and the advantage is divided by a moving deviation, since a task's scores may have
any size.  A cell that failed is rewarded as the worst so far.  Only cells that the controller could
have written teach it: seeds are trained for comparison, and teach where they have as many nodes.

The controller is a function of the trials told, in their order; a resumed run teaches it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from statistics import fmean, median

from fenas_lang.search.controller import Controller, Recipe
from fenas_lang.search.decisions import NoSentence, Sentence, language_of
from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.search.variation import RANDOM_NAME, Variation

RECIPE = Recipe(hidden=64, initial=0.08, learning_rate=0.005, entropy=0.02)
"""Zoph & Le have the same initial weights, two layers of 35 units, a step size of 0.0006 and no
bonus for entropy; they train 12,800 children, so that slow steps are enough."""
BATCH = 10
"""Cells of one step."""
DECAY = 0.95
"""What is kept of the baseline and the deviation when a batch comes in."""
WIDEST = 3.0
"""Advantages are cut off at so many deviations."""


class Strategy:
    """Holds the controller, and what it will be taught next."""

    MUTATES = False

    def __init__(self, settings: Settings, variation: Variation):
        self.variation = variation
        self.language = language_of(variation)
        seed = derived_seed(settings.seed, 0, "controller")
        self.controller = Controller(self.language.size, seed, RECIPE)
        self.batch: list[tuple[Sentence, float]] = []
        self.baseline = Baseline()

    def ask(self, number: int, rng: Random) -> Proposal:
        """The seed of this number, or what the controller writes."""
        if seed := self.variation.seed(number):
            return seed
        cell = self.language.say(self.controller.writer(rng), RANDOM_NAME)
        return Proposal(replace(cell, space=self.variation.header), (), "written by the controller")

    def tell(self, individual: Individual) -> None:
        """Keep the cell for the batch; learn from a batch that is whole."""
        reward = self.baseline.worst if individual.score is None else individual.score
        if reward is None:
            return
        self.baseline.see(reward)
        try:
            sentence = self.language.read(individual.cell)
        except NoSentence:
            return
        if sentence.tokens:
            self.batch.append((sentence, reward))
        if len(self.batch) >= BATCH:
            self._learn()

    def _learn(self) -> None:
        sentences, rewards = zip(*self.batch, strict=True)
        self.controller.learn(sentences, self.baseline.advantages(rewards))
        self.batch.clear()


class Baseline:
    """Moving average and deviation of the rewards, and the worst of them.

    Deviations are medians and what is averaged is cut off, so that a cell whose score is off by
    orders of magnitude (a perplexity may be) does not silence all others.
    """

    def __init__(self) -> None:
        self.worst: float | None = None
        self.mean, self.spread = _Moving(), _Moving()

    def see(self, reward: float) -> None:
        """Note the worst so far."""
        self.worst = reward if self.worst is None else min(self.worst, reward)

    def advantages(self, rewards: Sequence[float]) -> list[float]:
        """Of a batch, over the average before it (the first: over its own); then takes it in."""
        mean = self.mean.value if self.mean.weight else median(rewards)
        self.spread.take(median(abs(reward - mean) for reward in rewards))
        spread = self.spread.value
        if not spread:
            self.mean.take(mean)
            return [0.0] * len(rewards)
        found = [max(-WIDEST, min(WIDEST, (reward - mean) / spread)) for reward in rewards]
        self.mean.take(mean + spread * fmean(found))
        return found


@dataclass
class _Moving:
    """An exponential moving average, without the bias of its beginning."""

    total: float = 0.0
    weight: float = 0.0

    @property
    def value(self) -> float:
        return self.total / self.weight

    def take(self, value: float) -> None:
        self.total = DECAY * self.total + value
        self.weight = DECAY * self.weight + 1
