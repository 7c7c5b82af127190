"""A cell over a sequence, node by node in eager torch: LANGUAGE section 2 written down once more.

Knows nothing of primitives, plans or emitted code, so it can judge them, gradients included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, Dataflow, Edge, FlatNode

Values = Mapping[str, Tensor]
Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Run:
    """How to run a cell: its edges, and what to do to some values on the way.

    `mask` changes the operand of every weighted edge, given the name of its source; `rounded`
    every node's and gate's value, so that a test can move them by their last place.
    """

    flow: Dataflow
    edges: Values
    mask: Callable[[str, Tensor], Tensor] = lambda source, value: value
    rounded: Change = lambda value: value

    def sequence(self, xs: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """All outputs (T, B, H) and the states after them."""
        current, outputs = tuple(states), []
        for x in xs:
            current = self.step(x, current)
            outputs.append(current[0])
        return torch.stack(outputs), current

    def step(self, x: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The next states."""
        values = {self.flow.input: x, **dict(zip(self.flow.states, states, strict=True))}
        for node in self.flow.live:
            values[node.name] = self.rounded(self._node(node, values, states[0]))
        return tuple(values[name] for name in self.flow.outputs)

    def _node(self, node: FlatNode, values: Values, like: Tensor) -> Tensor:
        plain = [_plain(edge, values, like) for edge in node.edges]
        if node.function in ATOMIC:
            return ATOMIC[node.function](*plain)
        weights = [edge.parameter for edge in node.edges]
        pre = self._sum(node, plain, weights, node.bias)
        if node.function in ACTIVATIONS:
            return ACTIVATIONS[node.function](pre)
        gates = [edge.gate_parameter for edge in node.edges]
        c = self.rounded(torch.sigmoid(self._sum(node, plain, gates, node.gate_bias)))
        h = ACTIVATIONS[node.function.removesuffix("_skip")](pre)
        return (1 - c) * reduce(torch.add, plain) + c * h

    def _sum(
        self, node: FlatNode, plain: list[Tensor], weights: list[str | None], bias: str | None
    ) -> Tensor:
        parts = [
            self._weighted(edge, name, value)
            for edge, name, value in zip(node.edges, weights, plain, strict=True)
        ]
        return reduce(torch.add, parts if bias is None else [*parts, self.edges[bias]])

    def _weighted(self, edge: Edge, name: str | None, value: Tensor) -> Tensor:
        if edge.kind == PLAIN or name is None:
            return value
        if edge.kind == ELEMENTWISE:
            return self.edges[name] * value
        return F.linear(self.mask(str(edge.source), value), self.edges[name])


def _plain(edge: Edge, values: Values, like: Tensor) -> Tensor:
    if isinstance(edge.source, str):
        return values[edge.source]
    return torch.full_like(like, float(edge.source or Fraction(0)))


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "identity": lambda u: u,
    "leaky_relu": lambda u: torch.where(u < 0, u * 0.01, u),
    "silu": lambda u: u * torch.sigmoid(u),
    "gelu": lambda u: u * 0.5 * (1 + torch.erf(u / 2**0.5)),
    "elu": lambda u: torch.where(u < 0, torch.expm1(u.clamp(max=0)), u),
    "softplus": lambda u: torch.logaddexp(u, torch.zeros_like(u)),
    "softsign": lambda u: u / (1 + u.abs()),
    "exp": torch.exp,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "abs": torch.abs,
    "square": lambda u: u**2,
}
ATOMIC: dict[str, Callable[..., Tensor]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "mean": lambda *values: sum(values) / len(values),
}
