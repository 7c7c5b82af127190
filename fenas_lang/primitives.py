"""The closed set of primitives that backends, interpreter, engine, normal form and SymPy know.

Every node function of the language is a term over these (`functions.py`).  The set is closed under
differentiation: each derivative below is again a term over it.  A backend is a table with one row a
primitive; a test names the rows that a table misses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Attribute = str | Fraction | None


@dataclass(frozen=True, slots=True)
class Term:
    """An expression over primitives; `attribute` is the name of a leaf or parameter, or a value."""

    op: str
    operands: tuple[Term, ...] = ()
    attribute: Attribute = None

    def __add__(self, other: Term | Fraction | int) -> Term:
        return Term("add", (self, term(other)))

    def __sub__(self, other: Term | Fraction | int) -> Term:
        return Term("sub", (self, term(other)))

    def __mul__(self, other: Term | Fraction | int) -> Term:
        return Term("mul", (self, term(other)))

    def __radd__(self, other: Fraction | int) -> Term:
        return term(other) + self

    def __rsub__(self, other: Fraction | int) -> Term:
        return term(other) - self

    def __rmul__(self, other: Fraction | int) -> Term:
        return term(other) * self

    def __neg__(self) -> Term:
        return Term("neg", (self,))


def term(value: Term | Fraction | int | str) -> Term:
    """A constant as a term; a string is an exact decimal."""
    return value if isinstance(value, Term) else Term("const", attribute=Fraction(value))


@dataclass(frozen=True, slots=True)
class Primitive:
    """One primitive.

    `arity` operands; `attribute` says what its attribute is; `derivative` gives, for an elementwise
    primitive, the partial derivative by each operand as terms of (operands…); `numpy` computes it
    (given the module, so that importing this file loads no numpy).  `linear` and
    `elementwise_weight` are bilinear in a parameter and one operand.
    """

    name: str
    arity: int
    attribute: str = ""
    derivative: Callable[..., tuple[Term, ...]] | None = None
    numpy: Callable[..., Any] | None = None


def unary(name: str) -> Callable[[Term], Term]:
    """The constructor of a one-operand term."""
    return lambda operand: Term(name, (operand,))


tanh, sigmoid, relu, step = unary("tanh"), unary("sigmoid"), unary("relu"), unary("step")
exp, log, reciprocal = unary("exp"), unary("log"), unary("reciprocal")
sin, cos, erf = unary("sin"), unary("cos"), unary("erf")

ONE, ZERO = term(1), term(0)
TWO_OVER_ROOT_PI = term(Fraction(2 / math.sqrt(math.pi)))


def _sigmoid(np: Any, a: Any) -> Any:
    """Logistic function that overflows nowhere."""
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


PRIMITIVES: dict[str, Primitive] = {
    row.name: row
    for row in (
        Primitive("input", 0, "name"),
        Primitive("state", 0, "name"),
        Primitive("param", 0, "name of a vector of size H"),
        Primitive("const", 0, "exact value, the same in every component"),
        Primitive("linear", 1, "name of a matrix, H by the operand's size"),
        Primitive("elementwise_weight", 1, "name of a vector of size H"),
        Primitive("add", 2, "", lambda a, b: (ONE, ONE), lambda np, a, b: a + b),
        Primitive("sub", 2, "", lambda a, b: (ONE, -ONE), lambda np, a, b: a - b),
        Primitive("mul", 2, "", lambda a, b: (b, a), lambda np, a, b: a * b),
        Primitive("neg", 1, "", lambda a: (-ONE,), lambda np, a: -a),
        Primitive("tanh", 1, "", lambda a: (1 - tanh(a) * tanh(a),), lambda np, a: np.tanh(a)),
        Primitive("sigmoid", 1, "", lambda a: (sigmoid(a) * (1 - sigmoid(a)),), _sigmoid),
        Primitive("relu", 1, "", lambda a: (step(a),), lambda np, a: np.maximum(a, 0)),
        Primitive("step", 1, "", lambda a: (ZERO,), lambda np, a: np.heaviside(a, 0.0)),
        Primitive("exp", 1, "", lambda a: (exp(a),), lambda np, a: np.exp(a)),
        Primitive("log", 1, "", lambda a: (reciprocal(a),), lambda np, a: np.log(a)),
        Primitive(
            "reciprocal", 1, "", lambda a: (-(reciprocal(a) * reciprocal(a)),), lambda np, a: 1 / a
        ),
        Primitive("sin", 1, "", lambda a: (cos(a),), lambda np, a: np.sin(a)),
        Primitive("cos", 1, "", lambda a: (-sin(a),), lambda np, a: np.cos(a)),
        Primitive(
            "erf",
            1,
            "",
            lambda a: (TWO_OVER_ROOT_PI * exp(-(a * a)),),
            lambda np, a: np.vectorize(math.erf, otypes=[float])(a),
        ),
    )
}

LEAVES = frozenset({"input", "state", "param", "const"})
BILINEAR = frozenset({"linear", "elementwise_weight"})
ELEMENTWISE = frozenset(PRIMITIVES) - LEAVES - BILINEAR
COMMUTATIVE = frozenset({"add", "mul"})
