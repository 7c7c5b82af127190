"""The meaning of a graph with fifty digits: what a refutation's numbers are checked with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.interpret import Array

DIGITS = 50
LARGEST = mpmath.mpf(10) ** 12
"""Values beyond leave too few digits; they count as no number."""

Vector = list[Any]

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "tanh": mpmath.tanh,
    "sigmoid": lambda a: 1 / (1 + mpmath.exp(-a)),
    "relu": lambda a: max(a, 0 * a),
    "step": lambda a: mpmath.mpf(a > 0),
    "exp": mpmath.exp,
    "log": mpmath.log,
    "reciprocal": lambda a: 1 / a,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "erf": mpmath.erf,
}


def outputs(
    graph: Graph, x: Array, states: Sequence[Array], parameters: Mapping[str, Array]
) -> tuple[Array, ...]:
    """As `interpret`, of points x (N, D) and states (N, H), rounded once, at the end.

    Numbers may be fractions, in arrays of objects.

    A point at which some value is no number, or too large, gives NaN.
    """
    rows = [
        _at_point(graph, x[k], [state[k] for state in states], parameters) for k in range(len(x))
    ]
    return tuple(np.array([row[k] for row in rows]) for k in range(len(graph.outputs)))


def _at_point(
    graph: Graph, x: Array, states: Sequence[Array], parameters: Mapping[str, Array]
) -> list[list[float]]:
    hidden = len(states[0])
    leaves = {graph.input: x, **dict(zip(graph.states, states, strict=True)), **parameters}
    values: list[Vector] = []
    with mpmath.workdps(DIGITS):
        try:
            for node in graph.nodes:
                values.append(_value(node, [values[k] for k in node.operands], leaves, hidden))
        except (ZeroDivisionError, ValueError, OverflowError):
            return [[float("nan")] * hidden for _ in graph.outputs]
        return [[float(v) for v in values[k]] for k in graph.outputs]


def _value(
    node: Node, operands: Sequence[Vector], leaves: Mapping[Any, Array], hidden: int
) -> Vector:
    match node.op:
        case "input" | "state" | "param":
            value = [_number(v) for v in leaves[node.attribute]]
        case "const":
            value = [_number(node.attribute)] * hidden
        case "linear":
            rows = leaves[node.attribute]
            value = [mpmath.fdot(map(_number, row), operands[0]) for row in rows]
        case "elementwise_weight":
            weights = map(_number, leaves[node.attribute])
            value = [w * v for w, v in zip(weights, operands[0], strict=True)]
        case _:
            value = [_FUNCTIONS[node.op](*parts) for parts in zip(*operands, strict=True)]
    if any(isinstance(v, mpmath.mpc) or not abs(v) < LARGEST for v in value):
        raise OverflowError
    return value


def _number(value: Any) -> Any:
    """A double, or a fraction."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(float(value))
