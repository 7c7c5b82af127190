"""The LSTM that writes cells, one decision after another (Zoph & Le 2017; Pham et al. 2018).

A cell is the list of its decisions: for each node its operation, then each of its parents; at the
end the nodes of the outputs that are free.  Each decision is drawn from a softmax over what the
space allows there, so every list is a legal cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import torch
from torch import Tensor, nn

from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.operations import NodeChoice, operations
from fenas_lang.spaces.request import Request
from fenas_lang.spaces.sample import assemble
from fenas_lang.syntax.ast import Cell

HIDDEN = 100
"""Units of the controller, as in ENAS."""
TEMPERATURE, SPREAD = 5.0, 2.5
"""Logits l become SPREAD * tanh(l / TEMPERATURE), which keeps the softmax from collapsing early;
the values are those of the authors' code for recurrent cells."""
START = 0.1
"""Parameters start uniformly within this bound."""
NAME = "Sampled"

OPERATION, PARENT, OUTPUT = range(3)
"""Kinds of decisions."""


@dataclass
class Written:
    """A cell, the logarithm of its probability, and the sum of its decisions' entropies."""

    cell: Cell
    log_probability: Tensor
    entropy: Tensor


class Controller(nn.Module):
    """Writes cells of one size and output rule, with up to `states` states."""

    def __init__(self, space: Space, nodes: int, states: int, seed: int):
        super().__init__()
        self.space, self.nodes, self.states = space, nodes, states
        sizes = (len(operations(space)), 1 + states + nodes, nodes)
        self.offsets = (1, 1 + sizes[0], 1 + sizes[0] + sizes[1])
        with torch.random.fork_rng(devices=[]):
            self.embedding = nn.Embedding(1 + sum(sizes), HIDDEN)
            self.cell = nn.LSTMCell(HIDDEN, HIDDEN)
            self.heads = nn.ModuleList(nn.Linear(HIDDEN, size) for size in sizes)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -START, START, generator=generator)

    def write(self, asked: Request, rng: Random) -> Written:
        """Draw a cell.  `rng` is the only chance in it."""
        pen = _Pen(self, rng)
        drawn = [self._node(pen, place, asked.states) for place in range(1, asked.nodes + 1)]
        outputs = [pen.decide(OUTPUT, range(asked.nodes)) for _ in range(asked.free_outputs)]
        cell = assemble(self.space, asked, drawn, outputs, NAME)
        return Written(cell, pen.log_probability, pen.entropy)

    def _node(self, pen: _Pen, place: int, states: int) -> NodeChoice:
        at = choices(self.space, place, states)
        if self.space.first and place == 1:
            return at[0]
        possible = [k for k, operation in enumerate(at.operations) if at.pool(operation)]
        operation = at.operations[pen.decide(OPERATION, possible)]
        gap = self.states - states
        sources = range(at.first_parent(operation), at.sources)
        labels = [s if s <= states else s + gap for s in sources]
        picked = [pen.decide(PARENT, labels) for _ in operation.edges]
        return operation.choose([p if p <= states else p - gap for p in picked])


@dataclass
class _Pen:
    """The controller's state while it writes one cell."""

    controller: Controller
    rng: Random
    state: tuple[Tensor, Tensor] | None = None
    last: int = 0
    log_probability: Tensor = field(default_factory=lambda: torch.zeros(()))
    entropy: Tensor = field(default_factory=lambda: torch.zeros(()))

    def decide(self, kind: int, allowed: Sequence[int]) -> int:
        """One of the allowed numbers of a kind; no decision where only one is."""
        if len(allowed) == 1:
            return allowed[0]
        logs = self._logs(kind, allowed)
        place = pick(logs.detach().exp().tolist(), self.rng)
        self.log_probability = self.log_probability + logs[place]
        self.entropy = self.entropy - (logs.exp() * logs).sum()
        self.last = self.controller.offsets[kind] + allowed[place]
        return allowed[place]

    def _logs(self, kind: int, allowed: Sequence[int]) -> Tensor:
        """Logarithms of the probabilities."""
        controller = self.controller
        read = controller.embedding(torch.tensor([self.last]))
        self.state = controller.cell(read, self.state)
        logits = controller.heads[kind](self.state[0])[0, list(allowed)]
        return torch.log_softmax(SPREAD * torch.tanh(logits / TEMPERATURE), 0)


def pick(probabilities: Sequence[float], rng: Random) -> int:
    """A number from 0 with these probabilities."""
    left = rng.random() * sum(probabilities)
    for number, probability in enumerate(probabilities):
        left -= probability
        if left < 0:
            return number
    return len(probabilities) - 1


class Reinforce:
    """REINFORCE (Williams 1992) with a moving average of rewards as baseline.

    An advantage is relative to the baseline, which makes the size of rewards irrelevant where ENAS
    sets a constant for it.  `entropy` is the weight of the entropy that is added to a reward.
    """

    RATE, DECAY, ENTROPY = 0.0035, 0.95, 1e-4

    def __init__(self, controller: Controller):
        self.controller = controller
        self.optimizer = torch.optim.Adam(controller.parameters(), lr=self.RATE)
        self.baseline: float | None = None

    def update(self, written: Written, reward: float) -> None:
        """One step; `reward` is 0 or more, the higher the better."""
        reward += self.ENTROPY * written.entropy.item()
        if self.baseline is None:
            self.baseline = reward
        advantage = (reward - self.baseline) / max(self.baseline, 1e-8)
        self.baseline += (1 - self.DECAY) * (reward - self.baseline)
        if not written.log_probability.requires_grad:
            return
        self.optimizer.zero_grad()
        (-advantage * written.log_probability).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
