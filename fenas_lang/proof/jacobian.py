"""The Jacobian of a cell's outputs by its parameters, with a bound on its rounding errors.

Forward mode over numbers with a radius: every result of floating point is off by what its operands
are off, and by rounding, a few units in the last place.  Functions of NumPy are taken to be right
to `_ULPS` units.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.interpret import Array

_ULPS = 16
_EPS = _ULPS * 2.0**-53
_TINY = 1e-150
"""Added to every radius: covers underflow."""
_GROWTH = 1 + 1e-9
"""Covers the rounding of the radii themselves."""


@dataclass(frozen=True)
class Ball:
    """Numbers that are no further than `radius` from `middle`."""

    middle: Array
    radius: Array

    def __add__(self, other: Ball) -> Ball:
        return _rounded(self.middle + other.middle, self.radius + other.radius)

    def __sub__(self, other: Ball) -> Ball:
        return _rounded(self.middle - other.middle, self.radius + other.radius)

    def __neg__(self) -> Ball:
        return Ball(-self.middle, self.radius)

    def __mul__(self, other: Ball) -> Ball:
        radius = (
            np.abs(self.middle) * other.radius
            + np.abs(other.middle) * self.radius
            + self.radius * other.radius
        )
        return _rounded(self.middle * other.middle, radius)

    def through(self, matrix: Array) -> Ball:
        """`matrix @ value`, the matrix being exact; vectors are in the last dimension."""
        columns, sizes = matrix.shape[1] + 1, np.abs(matrix).T
        radius = self.radius @ sizes + columns * _EPS * (np.abs(self.middle) @ sizes)
        return _rounded(self.middle @ matrix.T, radius)


def _rounded(middle: Array, radius: Array) -> Ball:
    return Ball(middle, _GROWTH * radius + _EPS * np.abs(middle) + _TINY)


def exactly(value: Array) -> Ball:
    return Ball(value, np.zeros_like(value))


def jacobian(
    graph: Graph, point: tuple[Array, tuple[Array, ...]], parameters: Mapping[str, Array]
) -> tuple[Array, Array]:
    """(parameters, outputs at all points), and how far each number may be off (NaN: unknown)."""
    tape = _Forward(graph, point, parameters)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            tape.step(node)
    rows, columns = tape.shape[0], tape.shape[1] * tape.shape[2]

    def together(parts: list[Array]) -> Array:
        spread = (np.broadcast_to(part, tape.shape).reshape(rows, columns) for part in parts)
        return np.concatenate(list(spread), -1)

    slopes = [tape.slopes[k] for k in graph.outputs]
    return together([s.middle for s in slopes]), together([s.radius for s in slopes])


class _Forward:
    """Values (points, H) and slopes (parameters, points, H) of the nodes so far."""

    def __init__(
        self,
        graph: Graph,
        point: tuple[Array, tuple[Array, ...]],
        parameters: Mapping[str, Array],
    ):
        x, states = point
        self.leaves = {graph.input: x, **dict(zip(graph.states, states, strict=True))}
        self.parameters = parameters
        self.first, rows = dict[str, int](), 0
        for name, value in parameters.items():
            self.first[name] = rows
            rows += value.size
        self.shape = (rows, *states[0].shape)
        self.values: list[Ball] = []
        self.slopes: list[Ball] = []

    def step(self, node: Node) -> None:
        values = [self.values[k] for k in node.operands]
        slopes = [self.slopes[k] for k in node.operands]
        value, slope = self._of(node, values, slopes)
        self.values.append(value)
        self.slopes.append(slope)

    def _of(self, node: Node, values: list[Ball], slopes: list[Ball]) -> tuple[Ball, Ball]:
        name = str(node.attribute)
        match node.op:
            case "input" | "state":
                return _still(exactly(self.leaves[name]))
            case "const":
                number = np.full((1, self.shape[-1]), float(node.attribute))  # type: ignore[arg-type]
                return _still(_rounded(number, np.zeros_like(number)))
            case "param":
                ones = exactly(np.ones((1, self.shape[-1])))
                return exactly(self.parameters[name][None]), self._own(name, ones)
            case "linear":
                matrix = self.parameters[name]
                return (
                    values[0].through(matrix),
                    slopes[0].through(matrix) + self._own(name, values[0]),
                )
            case "elementwise_weight":
                weight = exactly(self.parameters[name][None])
                return values[0] * weight, slopes[0] * weight + self._own(name, values[0])
            case "mul":
                one, two = values
                return one * two, slopes[0] * two + one * slopes[1]
            case "add":
                return values[0] + values[1], slopes[0] + slopes[1]
            case "sub":
                return values[0] - values[1], slopes[0] - slopes[1]
            case "neg":
                return -values[0], -slopes[0]
        value, slope = _FUNCTIONS.get(node.op, _unknown)(values[0])
        return value, slopes[0] * slope

    def _own(self, name: str, operand: Ball) -> Ball:
        """The slopes by a parameter itself, which multiplies an operand."""
        parameter, first, parts = self.parameters[name], self.first[name], []
        for source in (operand.middle, operand.radius):
            made = np.zeros((self.shape[0], len(source), self.shape[-1]))
            for row, index in enumerate(np.ndindex(parameter.shape), first):
                made[row, :, index[0]] = source[:, index[-1]]
            parts.append(made)
        return Ball(*parts)


def _still(value: Ball) -> tuple[Ball, Ball]:
    """A value that no parameter moves."""
    return value, exactly(np.zeros((1, 1, value.middle.shape[-1])))


def _monotone(function: Callable[[Array], Array], ball: Ball) -> Ball:
    """Of an increasing function, from its ends."""
    reach = _GROWTH * ball.radius + _EPS * np.abs(ball.middle)
    low, high = function(ball.middle - reach), function(ball.middle + reach)
    spread = _EPS * (np.abs(low) + np.abs(high))
    return _rounded((low + high) / 2, (high - low) / 2 + spread)


def _sigmoid(values: Array) -> Array:
    e = np.exp(-np.abs(values))
    result: Array = np.where(values >= 0, 1.0, e) / (1 + e)
    return result


_ONE = exactly(np.ones((1, 1)))


def _tanh(u: Ball) -> tuple[Ball, Ball]:
    value = _monotone(np.tanh, u)
    return value, _ONE - value * value


def _sigma(u: Ball) -> tuple[Ball, Ball]:
    value = _monotone(_sigmoid, u)
    return value, value * (_ONE - value)


def _relu(u: Ball) -> tuple[Ball, Ball]:
    """Its slope is unknown where the operand may be zero."""
    value = Ball(np.maximum(u.middle, 0), u.radius)
    certain = np.abs(u.middle) > u.radius
    slope = np.where(certain, (u.middle > 0).astype(float), np.nan)
    return value, exactly(slope)


def _exp(u: Ball) -> tuple[Ball, Ball]:
    value = _monotone(np.exp, u)
    return value, value


def _wave(u: Ball, function: Callable[[Array], Array]) -> Ball:
    return _rounded(function(u.middle), u.radius + _EPS)


def _sin(u: Ball) -> tuple[Ball, Ball]:
    return _wave(u, np.sin), _wave(u, np.cos)


def _cos(u: Ball) -> tuple[Ball, Ball]:
    return _wave(u, np.cos), -_wave(u, np.sin)


def _reciprocal(u: Ball) -> tuple[Ball, Ball]:
    size = np.abs(u.middle) - u.radius
    radius = np.where(size > 0, u.radius / (size * np.abs(u.middle)), np.nan)
    value = _rounded(1 / u.middle, 2 * radius)
    return value, -(value * value)


def _log(u: Ball) -> tuple[Ball, Ball]:
    low = np.where(u.middle > u.radius, u.middle - u.radius, np.nan)
    value = _rounded(np.log(u.middle), 2 * u.radius / low + _EPS)
    return value, _reciprocal(u)[0]


def _unknown(u: Ball) -> tuple[Ball, Ball]:
    nan = exactly(np.full_like(u.middle, np.nan))
    return nan, nan


_FUNCTIONS: Mapping[str, Callable[[Ball], tuple[Ball, Ball]]] = {
    "tanh": _tanh,
    "sigmoid": _sigma,
    "relu": _relu,
    "exp": _exp,
    "sin": _sin,
    "cos": _cos,
    "reciprocal": _reciprocal,
    "log": _log,
}
"""Value and slope; others, as `step` and `erf`, have no certain slope."""
