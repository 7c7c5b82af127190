"""A cell as one writes it by hand: a Python loop, one product per weighted edge and time step.

Nothing is hoisted or fused.  The text is generated from the flat cell, so that no interpretation
of it is timed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from fenas_lang.functions import ACTIVATION, FUNCTIONS
from fenas_lang.ir.graph import ELEMENTWISE, WEIGHTED, Dataflow, Edge, FlatNode
from fenas_lang.primitives import Term

Loop = Callable[[Tensor, Sequence[Tensor], dict[str, Tensor]], Tensor]

NATIVE = {
    "identity": "({})",
    "leaky_relu": "F.leaky_relu({})",
    "silu": "F.silu({})",
    "gelu": "F.gelu({})",
    "elu": "F.elu({})",
    "softplus": "F.softplus({}, 1, 40)",
    "softsign": "F.softsign({})",
    **{name: f"torch.{name}({{}})" for name in ("tanh", "relu", "sigmoid", "exp", "sin", "cos")},
    **{name: f"torch.{name}({{}})" for name in ("erf", "abs", "square")},
}
"""Activations that torch has; another is spelled out over the primitives."""

PRIMITIVE = {
    "add": "({} + {})",
    "sub": "({} - {})",
    "mul": "({} * {})",
    "neg": "(-{})",
    "step": "torch.heaviside({}, zero)",
}


def naive_loop(dataflow: Dataflow) -> Loop:
    """`loop(xs, states, edges)`: the outputs (T, B, H) of xs (T, B, D) and states (B, H)."""
    namespace: dict[str, Any] = {"torch": torch, "F": F}
    exec(compile(naive_text(dataflow), "<naive loop>", "exec"), namespace)
    made: Loop = namespace["loop"]
    return made


def naive_text(dataflow: Dataflow) -> str:
    """The text of the loop."""
    return "\n".join(_Writer(dataflow).lines()) + "\n"


class _Writer:
    def __init__(self, dataflow: Dataflow):
        self.dataflow = dataflow
        names = (dataflow.input, *dataflow.states, *(node.name for node in dataflow.live))
        self.names = {name: f"v{k}" for k, name in enumerate(names)}
        self.weights = {p.name: f"w{k}" for k, p in enumerate(dataflow.parameters)}
        self.names[dataflow.input] = "x"

    def lines(self) -> Iterator[str]:
        states = self._tuple(self.names[s] for s in self.dataflow.states)
        yield "def loop(xs, states, edges):"
        yield f"    {states} = states"
        yield "    zero = torch.zeros_like(states[0])"
        yield from (f"    {short} = edges[{name!r}]" for name, short in self.weights.items())
        yield "    outputs = []"
        yield "    for x in xs:"
        for node in self.dataflow.live:
            yield f"        {self.names[node.name]} = {self._node(node)}"
        outputs = self._tuple(self.names[name] for name in self.dataflow.outputs)
        yield f"        {states} = {outputs}"
        yield f"        outputs.append({self.names[self.dataflow.states[0]]})"
        yield "    return torch.stack(outputs)"

    def _tuple(self, parts: Iterator[str]) -> str:
        return f"({', '.join(parts)},)"

    def _node(self, node: FlatNode) -> str:
        plain = [self._plain(edge) for edge in node.edges]
        if node.definition.combine is not None:
            return _spelled(node.definition.combine, *plain)
        total = " + ".join(plain)
        pre = self._sum(node, [edge.parameter for edge in node.edges], node.bias)
        if node.definition.kind == ACTIVATION:
            return self._activation(node.function, pre)
        gate = self._sum(node, [edge.gate_parameter for edge in node.edges], node.gate_bias)
        inner = self._activation(node.function.removesuffix("_skip"), pre)
        return f"(1 - (c := torch.sigmoid({gate}))) * ({total}) + c * {inner}"

    def _activation(self, function: str, operand: str) -> str:
        if function in NATIVE:
            return NATIVE[function].format(operand)
        body = FUNCTIONS[function].activation
        assert body is not None
        return _spelled(body, operand)

    def _sum(self, node: FlatNode, weights: Sequence[str | None], bias: str | None) -> str:
        """The edges' sum; the first product adds the bias, as an `nn.Linear` does."""
        parts = []
        for edge, weight in zip(node.edges, weights, strict=True):
            linear = weight is not None and edge.kind == WEIGHTED
            parts.append(self._edge(edge, weight, bias if linear else None))
            bias = None if linear else bias
        return " + ".join([*parts, *([self.weights[bias]] if bias else [])])

    def _edge(self, edge: Edge, weight: str | None, bias: str | None) -> str:
        value = self._plain(edge)
        if weight is None:
            return value
        if edge.kind == ELEMENTWISE:
            return f"{self.weights[weight]} * {value}"
        last = f", {self.weights[bias]}" if bias else ""
        return f"F.linear({value}, {self.weights[weight]}{last})"

    def _plain(self, edge: Edge) -> str:
        if isinstance(edge.source, str):
            return self.names[edge.source]
        return f"(zero + {float(edge.source or 0)!r})" if edge.source else "zero"


def _spelled(body: Callable[..., Term], *operands: str) -> str:
    """What a function computes, in Python."""

    def text(term: Term) -> str:
        if term.op == "input":
            return f"({term.attribute})"
        if term.op == "const":
            assert isinstance(term.attribute, Fraction)
            return repr(float(term.attribute))
        return PRIMITIVE.get(term.op, f"torch.{term.op}({{}})").format(*map(text, term.operands))

    return text(body(*(Term("input", attribute=operand) for operand in operands)))
