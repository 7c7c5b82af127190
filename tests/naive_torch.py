"""A cell over a sequence, node by node in eager torch: LANGUAGE section 2 written down once more.

Knows nothing of primitives, plans or emitted code, so it can judge them, gradients included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, Dataflow, Edge, FlatNode

Values = Mapping[str, Tensor]

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


def run(
    flow: Dataflow,
    xs: Tensor,
    states: Sequence[Tensor],
    edges: Values,
    mask: Callable[[str, Tensor], Tensor] = lambda source, value: value,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All outputs (T, B, H) and the states after them.

    `mask` is applied to the operand of every weighted edge, given the name of its source.
    """
    current, outputs = tuple(states), []
    for x in xs:
        current = _step(flow, x, current, edges, mask)
        outputs.append(current[0])
    return torch.stack(outputs), current


def _step(
    flow: Dataflow,
    x: Tensor,
    states: Sequence[Tensor],
    edges: Values,
    mask: Callable[[str, Tensor], Tensor],
) -> tuple[Tensor, ...]:
    values = {flow.input: x, **dict(zip(flow.states, states, strict=True))}
    for node in flow.nodes:
        if node in flow.live:
            values[node.name] = _node(node, values, edges, mask, states[0])
    return tuple(values[name] for name in flow.outputs)


def _node(
    node: FlatNode,
    values: Values,
    edges: Values,
    mask: Callable[[str, Tensor], Tensor],
    like: Tensor,
) -> Tensor:
    plain = [_plain(edge, values, like) for edge in node.edges]
    if node.function in ATOMIC:
        return ATOMIC[node.function](*plain)
    parts = [_weighted(e, e.parameter, values, edges, mask, like) for e in node.edges]
    pre = _total(parts, node.bias, edges)
    if node.function in ACTIVATIONS:
        return ACTIVATIONS[node.function](pre)
    gates = [_weighted(e, e.gate_parameter, values, edges, mask, like) for e in node.edges]
    c = torch.sigmoid(_total(gates, node.gate_bias, edges))
    h = ACTIVATIONS[node.function.removesuffix("_skip")](pre)
    return (1 - c) * _total(plain, None, edges) + c * h


def _plain(edge: Edge, values: Values, like: Tensor) -> Tensor:
    if isinstance(edge.source, str):
        return values[edge.source]
    return torch.full_like(like, float(edge.source or Fraction(0)))


def _weighted(
    edge: Edge,
    name: str | None,
    values: Values,
    edges: Values,
    mask: Callable[[str, Tensor], Tensor],
    like: Tensor,
) -> Tensor:
    value = _plain(edge, values, like)
    if edge.kind == PLAIN or name is None:
        return value
    if edge.kind == ELEMENTWISE:
        return edges[name] * value
    return F.linear(mask(str(edge.source), value), edges[name])


def _total(parts: Sequence[Tensor], bias: str | None, edges: Values) -> Tensor:
    total = reduce(torch.add, parts)
    return total if bias is None else total + edges[bias]
