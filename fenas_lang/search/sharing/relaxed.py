"""The relaxed cell: every node is the mean of all that it could be, weighted by the decisions.

A unit of one parent is computed for every source and its values are mixed, as in DARTS; the parents
of an operation of several are mixed before it, or there would be a unit for each pair.  Where every
decision is certain, the relaxed cell is the cell of those decisions, with the same weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fenas_lang.engine.before import OPERATIONS
from fenas_lang.ir.graph import ELEMENTWISE, WEIGHTED
from fenas_lang.ir.lower import node_term
from fenas_lang.primitives import Term
from fenas_lang.rules import language_model as rules
from fenas_lang.search.sharing.decisions import Decisions, Place
from fenas_lang.search.sharing.places import INPUT, Slot, lowered, slots
from fenas_lang.search.sharing.supernet import SharedLayer
from fenas_lang.spaces.model import ALL, ANY, LAST, Space
from fenas_lang.spaces.nodes import build
from fenas_lang.spaces.operations import NodeChoice, Operation
from fenas_lang.syntax.ast import Cell, Parameter

KIND_OF_MASK = ("x", "h", "edges")


@dataclass(frozen=True)
class Template:
    """An operation over parents `p0`, `p1`, …: its nodes by name, and their parameters' slots."""

    terms: Mapping[str, Term]
    slots: Mapping[str, Slot]


@cache
def template(space: Space, operation: Operation) -> Template:
    """The template of an operation of a space."""
    names = [f"p{k}" for k in range(len(operation.edges))]
    node = build(NodeChoice(operation, tuple(range(len(names)))), "node", names)
    header = tuple(map(Parameter, [*names, "unread"]))
    bias = space.bias != "forbidden"
    cell = Cell("Template", space.name, header, (Parameter("node"),), bias, (node,))
    flat = lowered(cell, space).nodes
    return Template({node.name: node_term(node) for node in flat}, slots(flat))


@cache
def constant(value: float) -> Tensor:
    """A number as a tensor."""
    return torch.tensor(value)


@dataclass
class Sources:
    """What a node can read at one time step: (S, B, H), and the same with dropout's masks."""

    plain: Tensor
    masked: Tensor


@dataclass
class Reading:
    """How a template reads its parents: plainly, and over a weight of a slot."""

    plain: Callable[[int], Tensor]
    weighted: Callable[[int, Slot], Tensor]


class RelaxedLayer(nn.Module):
    """Runs all of the supernet at once; called as any layer of `SharedLayer`."""

    def __init__(self, layer: SharedLayer, decisions: Decisions):
        """Raises FEN454 for a layer that runs both ways."""
        super().__init__()
        if layer.bidirectional:
            raise rules.ONE_DIRECTION.error()
        self._layer, self.decisions = [layer], decisions
        self.state_names = tuple(f"s{k}" for k in range(1, decisions.asked.states + 1))
        labels = [INPUT, *self.state_names]
        self.labels = [*labels, *(f"n{k}" for k in range(1, decisions.asked.nodes + 1))]

    def forward(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """(T, B, H) to (T, B, H), and the states after the last step."""
        step = _Step(self._layer[0], self.decisions, self.labels, self._masks(x))
        given = state if isinstance(state, tuple) else (state,)
        states = [x.new_zeros(x.shape[1:]) if s is None else s[0] for s in given]
        states += states[:1] * (len(self.state_names) - len(states))
        outputs = []
        for row in x:
            states = step.take(row, states)
            outputs.append(states[0])
        finals = [s.unsqueeze(0) for s in states]
        return torch.stack(outputs), finals[0] if len(finals) == 1 else tuple(finals)

    def _masks(self, x: Tensor) -> list[Tensor]:
        """Of each source the mask of its weighted edges, drawn once a sequence."""
        rates = self._layer[0].masks if self.training else {}
        states = len(self.state_names)
        kinds = [0, *[1] * states, *[2] * self.decisions.asked.nodes]
        ones = torch.ones_like(x[0])
        return [F.dropout(ones, rates.get(KIND_OF_MASK[k], 0.0)) for k in kinds]


@dataclass
class _Step:
    """One time step; what depends on weights and decisions alone is made once a sequence."""

    layer: SharedLayer
    decisions: Decisions
    labels: list[str]
    masks: list[Tensor]
    _products: dict[Slot, Tensor] = field(default_factory=dict)
    _mixtures: dict[tuple[int, int, Slot | None], Tensor] = field(default_factory=dict)
    _stacks: dict[tuple[int, Slot], Tensor] = field(default_factory=dict)
    _weights: dict[Any, Tensor] = field(default_factory=dict)

    def take(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        """The next states."""
        values = [x, *states]
        for number, place in enumerate(self.decisions.places):
            values.append(self._node(number, place, values))
        return self._outputs(torch.stack(values[1 + len(states) :]))

    def _node(self, number: int, place: Place, values: list[Tensor]) -> Tensor:
        self._products, self._mixtures = {}, {}
        count = place.at.sources
        plain = torch.stack(values[:count])
        sources = Sources(plain, plain * torch.stack(self.masks[:count]))
        if place.fixed:
            return self._fixed(number, place.at.operations[0], sources)
        weights = self._once(number, lambda: self.decisions.unit_weights(number))
        parts = [
            self._single(number, operation, sources, place.first(operation))
            for operation in place.single
        ]
        parts += [
            self._several(number, operation, sources, place).unsqueeze(0)
            for operation in place.several
        ]
        return mixed(weights, torch.cat(parts))

    def _once(self, key: Any, make: Callable[[], Tensor]) -> Tensor:
        if key not in self._weights:
            self._weights[key] = make()
        return self._weights[key]

    def _single(self, number: int, operation: Operation, sources: Sources, first: int) -> Tensor:
        """(S, B, H): the operation of every source from the first that it may read."""

        def weighted(parent: int, slot: Slot) -> Tensor:
            return self._product(number, slot, sources)[first:]

        return self._apply(number, operation, Reading(lambda p: sources.plain[first:], weighted))

    def _several(self, number: int, operation: Operation, sources: Sources, place: Place) -> Tensor:
        """(B, H): the operation of the mean sources."""
        first = place.first(operation)
        key = (number, first)
        chances = self._once(key, lambda: self.decisions.parent_weights(number, first))

        def mixture(parent: int, slot: Slot | None) -> Tensor:
            bare = slot and Slot(slot.role, "", slot.kind)
            if (first, parent, bare) not in self._mixtures:
                read = self._product(number, slot, sources) if slot else sources.plain
                self._mixtures[first, parent, bare] = mixed(chances[parent], read)
            return self._mixtures[first, parent, bare]

        return self._apply(number, operation, Reading(lambda p: mixture(p, None), mixture))

    def _fixed(self, number: int, operation: Operation, sources: Sources) -> Tensor:
        """The node that the space prescribes: its parents are the input and the states."""
        return self._apply(
            number,
            operation,
            Reading(
                lambda parent: sources.plain[parent],
                lambda parent, slot: self._product(number, slot, sources)[parent],
            ),
        )

    def _product(self, number: int, slot: Slot, sources: Sources) -> Tensor:
        """(S, B, H): every source with its weight of a slot, made once a node and step."""
        bare = Slot(slot.role, "", slot.kind)
        if bare not in self._products:
            stack = self._stack(number, bare, len(sources.plain))
            if bare.kind == ELEMENTWISE:
                self._products[bare] = stack.unsqueeze(1) * sources.plain
            else:
                self._products[bare] = torch.bmm(sources.masked, stack.transpose(1, 2))
        return self._products[bare]

    def _stack(self, number: int, slot: Slot, count: int) -> Tensor:
        """The weights of a node's slot from all sources, stacked once a sequence."""
        if (number, slot) not in self._stacks:
            named = [slot.key(number + 1, label) for label in self.labels[:count]]
            size = self.layer.hidden_size
            sizes = [size] if slot.kind == ELEMENTWISE else [size, size]
            weights = (self.layer.weights.get(key, sizes) for key in named)
            self._stacks[number, slot] = torch.stack(tuple(weights))
        return self._stacks[number, slot]

    def _apply(self, number: int, operation: Operation, reading: Reading) -> Tensor:
        made = template(self.decisions.space, operation)
        values: dict[str, Tensor] = {}
        for k in range(len(operation.edges)):
            values[f"p{k}"] = reading.plain(k)
        meaning = _Meaning(self, number, made, values, reading)
        for name, term in made.terms.items():
            values[name] = meaning.of(term)
        return values[name]

    def weight(self, number: int, slot: Slot, source: str, size: int) -> Tensor:
        """A bias, or the weight of an inner node."""
        sizes = [size, size] if slot.kind == WEIGHTED else [size]
        return self.layer.weights.get(slot.key(number + 1, source), sizes)

    def _outputs(self, nodes: Tensor) -> list[Tensor]:
        """The next states, of the nodes (N, B, H)."""
        chances = self._once("outputs", self.decisions.output_weights)
        free = [mixed(chance, nodes) for chance in chances]
        if self.decisions.asked.output == ANY:
            return free
        return [mixed(self._once("first", lambda: first_output(self.decisions)), nodes), *free]


def mixed(weights: Tensor, values: Tensor) -> Tensor:
    """The sum of values (S, B, H) with their weights (S)."""
    return (weights @ values.flatten(1)).view(values.shape[1:])


@dataclass
class _Meaning:
    """Terms over a template's names as tensors."""

    step: _Step
    number: int
    made: Template
    values: Mapping[str, Tensor]
    reading: Reading

    def of(self, term: Term) -> Tensor:
        match term.op:
            case "value":
                return self.values[str(term.attribute)]
            case "const":
                return constant(float(term.attribute))  # type: ignore[arg-type]
            case "param":
                slot = self.made.slots[str(term.attribute)]
                return self.step.weight(self.number, slot, "", self.step.layer.hidden_size)
            case "linear" | "elementwise_weight":
                return self._edge(self.made.slots[str(term.attribute)], term)
        return OPERATIONS[term.op](*map(self.of, term.operands))

    def _edge(self, slot: Slot, term: Term) -> Tensor:
        name = str(term.operands[0].attribute)
        if name[0] == "p" and name[1:].isdigit():
            return self.reading.weighted(int(name[1:]), slot)
        value = self.values[name]
        weight = self.step.weight(self.number, slot, "", value.shape[-1])
        return weight * value if slot.kind == ELEMENTWISE else F.linear(value, weight)


def first_output(decisions: Decisions) -> Tensor:
    """The weight of each node in the mean that a rule makes the first output.

    For loose ends it is the probability that no node reads it, over the sum of those.
    """
    count, rule = decisions.asked.nodes, decisions.asked.output
    if rule == LAST:
        return F.one_hot(torch.tensor(count - 1), count).float()
    if rule == ALL:
        begins = 1 if decisions.space.first and count > 1 else 0
        return torch.tensor([0.0] * begins + [1 / (count - begins)] * (count - begins))
    unread = torch.ones(count)
    for number in range(len(decisions.places)):
        unread = unread * (1 - _read(decisions, number))
    return unread / unread.sum()


def _read(decisions: Decisions, number: int) -> Tensor:
    """The probability that a node reads each node."""
    place, states = decisions.places[number], decisions.asked.states
    read = [torch.zeros(()) for _ in range(1 + states + decisions.asked.nodes)]
    if not place.fixed:
        for weight, unit in zip(decisions.unit_weights(number), place.units, strict=True):
            operation, source = unit
            if source is not None:
                read[source] = read[source] + weight
                continue
            chances = decisions.parent_weights(number, place.first(operation))
            missed = (1 - chances[: len(operation.edges)]).prod(0)
            for k, chance in enumerate(weight * (1 - missed)):
                read[k] = read[k] + chance
    return torch.stack(read[1 + states :])
