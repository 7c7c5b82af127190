"""What the strategies with shared weights have in common; each brings a policy.

The seeds and the candidates of the policy are trials, scored with the shared weights; a seed that
has more nodes than other candidates has weights of its own there, which nothing has trained.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import ClassVar

from fenas_lang.search.settings import Settings
from fenas_lang.search.sharing.learning import Learning
from fenas_lang.search.sharing.policy import Policy
from fenas_lang.search.sharing.surroundings import Surroundings
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.search.trial import Measured
from fenas_lang.search.variation import Variation
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.request import Request
from fenas_lang.syntax.ast import Cell


class SharingStrategy:
    """Learns when it is first asked for more than a seed, or to score one."""

    MUTATES = False

    shares: ClassVar[bool] = True
    edit: ClassVar[str]
    """How its candidates are made, in words."""

    def __init__(self, settings: Settings, variation: Variation):
        self.settings, self.variation = settings, variation
        self.policy = self.make_policy()
        self.learning: Learning | None = None

    def make_policy(self) -> Policy:
        """The policy, untrained."""
        raise NotImplementedError

    def begin(self, around: Surroundings) -> None:
        """Learn where the run is."""
        self.learning = Learning(self.settings, self.variation, self.policy, around)

    def ask(self, number: int, rng: Random) -> Proposal:
        """The seed of this number, or what the policy proposes."""
        seed = self.variation.seed(number)
        return seed or Proposal(self.propose(rng), (), self.edit)

    def propose(self, rng: Random) -> Cell:
        """A candidate, after the learning where there is a run."""
        if self.learning is not None:
            self.learning.ready()
        return replace(self.policy.propose(rng), space=self.variation.header)

    def tell(self, individual: Individual) -> None:
        """Nothing: what is learnt is learnt from losses, before."""

    def appraise(self, cell: Cell) -> Measured:
        """The score with the shared weights."""
        assert self.learning is not None
        return self.learning.appraise(cell)


def most_states(variation: Variation) -> int:
    """As many as a seed has; without seeds, as few as the space allows."""
    return max((len(seed.states) for seed in variation.seeds), default=variation.space.states[0])


def asked(variation: Variation, states: int) -> Request:
    """The cells that a policy makes."""
    return Request(variation.nodes, states, RULES[variation.output])
