"""The continuous decisions of a relaxed cell (Liu, Simonyan & Yang 2019, section 2.2).

A node is one of its *units* (an operation with one parent and that parent, or an operation with
several), and each further parent is one of the sources; every decision is a softmax over what the
space allows.  The most probable, decision by decision, is a legal cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random

import torch
from torch import Tensor

from fenas_lang.spaces.choices import Choices, choices
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.operations import NodeChoice, Operation
from fenas_lang.spaces.request import Request
from fenas_lang.spaces.sample import assemble
from fenas_lang.syntax.ast import Cell

START = 1e-3
"""Standard deviation of the logits at the beginning (`rnn/model_search.py` of quark0/darts)."""
NAME = "Relaxed"

Choose = Callable[[Tensor], int]
"""From the probabilities of a decision to one number."""


@dataclass(frozen=True)
class Place:
    """What one node may be: operations of one parent, each with all of its sources, and others."""

    at: Choices

    @cached_property
    def possible(self) -> tuple[Operation, ...]:
        return tuple(o for o in self.at.operations if self.at.pool(o))

    @cached_property
    def single(self) -> tuple[Operation, ...]:
        return tuple(o for o in self.possible if len(o.edges) == 1 and not o.fixed)

    @cached_property
    def several(self) -> tuple[Operation, ...]:
        return tuple(o for o in self.possible if len(o.edges) > 1 and not o.fixed)

    @cached_property
    def units(self) -> list[tuple[Operation, int | None]]:
        """An operation and its only source, or an operation and None."""
        alone = [(o, s) for o in self.single for s in range(self.first(o), self.at.sources)]
        return [*alone, *((o, None) for o in self.several)]

    @cached_property
    def slots(self) -> int:
        """The most parents that are chosen apart from the operation."""
        return max((len(o.edges) for o in self.several), default=0)

    @property
    def fixed(self) -> bool:
        return not self.units

    def first(self, operation: Operation) -> int:
        """The first source that an operation may read."""
        return self.at.first_parent(operation)


class Decisions:
    """Logits of every decision: `units` and `parents` a node, `outputs`."""

    def __init__(self, space: Space, asked: Request, seed: int):
        self.space, self.asked = space, asked
        numbers = range(1, asked.nodes + 1)
        self.places = tuple(Place(choices(space, n, asked.states)) for n in numbers)
        generator = torch.Generator().manual_seed(seed)

        def logits(*sizes: int) -> Tensor:
            return (START * torch.randn(sizes, generator=generator)).requires_grad_()

        self.units = [logits(max(1, len(place.units))) for place in self.places]
        self.parents = [logits(place.slots, place.at.sources) for place in self.places]
        self.outputs = logits(asked.free_outputs, asked.nodes)

    @property
    def parameters(self) -> list[Tensor]:
        """All logits."""
        return [*self.units, *self.parents, self.outputs]

    def unit_weights(self, place: int) -> Tensor:
        """The probability of each unit of a node, from 0."""
        return torch.softmax(self.units[place], 0)

    def parent_weights(self, place: int, first: int) -> Tensor:
        """(slots, sources): the probability of each source, 0 before the first that is allowed."""
        logits = self.parents[place]
        weights = torch.softmax(logits[:, first:], 1)
        return torch.cat([torch.zeros(len(logits), first), weights], 1)

    def output_weights(self) -> Tensor:
        """(free outputs, nodes)."""
        return torch.softmax(self.outputs, 1)

    def cell(self, choose: Choose) -> Cell:
        """A legal cell, each decision made by `choose`."""
        with torch.no_grad():
            nodes = [self._node(number, choose) for number in range(len(self.places))]
            outputs = [choose(weights) for weights in self.output_weights()]
        return assemble(self.space, self.asked, nodes, outputs, NAME)

    def _node(self, number: int, choose: Choose) -> NodeChoice:
        place = self.places[number]
        if place.fixed:
            return place.at[0]
        operation, source = place.units[choose(self.unit_weights(number))]
        if source is not None:
            return operation.choose([source])
        weights = self.parent_weights(number, place.first(operation))
        return operation.choose([choose(w) for w in weights[: len(operation.edges)]])


def most_probable(weights: Tensor) -> int:
    """The first of the greatest."""
    return int(weights.argmax())


def drawn(rng: Random) -> Choose:
    """By chance, with the probabilities."""

    def choose(weights: Tensor) -> int:
        return rng.choices(range(len(weights)), weights.tolist())[0]

    return choose
