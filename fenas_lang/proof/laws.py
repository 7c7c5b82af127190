"""The laws of the functions: one table that normaliser, tests and documentation read.

Each holds for all real arguments.  `left` and `right` say it over a variable `a`; `law` rewrites a
function's application, or gives None where it does not apply.  Which of two spellings a law keeps
is a matter of taste; no proof depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd

from fenas_lang.ir.polynomial import Coefficient, Polynomial, constant
from fenas_lang.primitives import (
    Term,
    cos,
    erf,
    exp,
    log,
    reciprocal,
    relu,
    sigmoid,
    sin,
    step,
    tanh,
    term,
)
from fenas_lang.proof.bounds import bounds
from fenas_lang.proof.normal_form import Law, Ring

A = Term("value", (), "a")
HALF, ONE, ZERO = term("1/2"), term(1), term(0)


@dataclass(frozen=True)
class LawRow:
    """`left = right` for all real a, or where `when` says; used on applications of `function`."""

    function: str
    left: Term
    right: Term
    law: Law = field(repr=False, compare=False)
    when: str = ""

    @property
    def name(self) -> str:
        """The law as text, such as `tanh(-a) = -tanh(a)`; certificates name it so."""
        return f"{_text(self.left)} = {_text(self.right)}{self.when and f', for {self.when}'}"


def _text(term: Term) -> str:
    parts = [_text(operand) for operand in term.operands]
    match term.op:
        case "value" | "const":
            return str(term.attribute)
        case "add" | "sub" | "mul":
            return f" {_SIGNS[term.op]} ".join(parts)
        case "neg":
            return f"-{parts[0]}"
    return f"{term.op}({parts[0]})"


_SIGNS = {"add": "+", "sub": "-", "mul": "*"}


def _at(value: int, result: Fraction | int) -> Law:
    """A function's value at a number."""

    def law(ring: Ring, operand: Polynomial) -> Polynomial | None:
        return constant(result) if operand == constant(value) else None

    return law


def _parity(function: str, even: int, odd: int, shift: int = 0) -> Law:
    """`f(-a) = even·f(a) + odd·a + shift`, used where `a` has the wrong sign."""

    def law(ring: Ring, operand: Polynomial) -> Polynomial | None:
        if not operand or ring.sign(operand) >= 0:
            return None
        opposite = ring.sum({}, operand, scale=-1)
        result = ring.sum(constant(shift), ring.apply(function, opposite), scale=even)
        return ring.sum(result, opposite, scale=odd)

    return law


def _halves(polynomial: Polynomial) -> int:
    """The least power of two in the coefficients."""
    return min(map(_power, polynomial.values()))


def _power(value: Coefficient) -> int:
    """How often two divides a nonzero rational."""
    up, down = value.numerator, value.denominator
    return (up & -up).bit_length() - (down & -down).bit_length()


def _sigmoid_as_tanh(ring: Ring, operand: Polynomial) -> Polynomial | None:
    if not operand or _halves(operand) < 1:
        return None
    inner = ring.apply("tanh", ring.sum({}, operand, scale=Fraction(1, 2)))
    return ring.sum(constant(Fraction(1, 2)), inner, scale=Fraction(1, 2))


def _tanh_as_sigmoid(ring: Ring, operand: Polynomial) -> Polynomial | None:
    if not operand or _halves(operand) >= 0:
        return None
    return ring.sum(constant(-1), ring.apply("sigmoid", ring.sum({}, operand, scale=2)), scale=2)


def _content(polynomial: Polynomial) -> Fraction:
    """The greatest positive rational that divides all coefficients with coprime quotients."""
    up, down = 0, 1
    for coefficient in set(polynomial.values()):
        up = gcd(up, coefficient.numerator)
        down = down * coefficient.denominator // gcd(down, coefficient.denominator)
    return Fraction(up, down)


def _relu_scales(ring: Ring, operand: Polynomial) -> Polynomial | None:
    content = _content(operand) if operand else Fraction(1)
    if content == 1:
        return None
    inner = ring.sum({}, operand, scale=1 / content)
    whole = {m: c if Fraction(c).denominator > 1 else int(c) for m, c in inner.items()}
    return ring.sum({}, ring.apply("relu", whole), scale=content)


def _relu_keeps(ring: Ring, operand: Polynomial) -> Polynomial | None:
    return operand if bounds(ring, operand).low >= 0 else None


def _relu_drops(ring: Ring, operand: Polynomial) -> Polynomial | None:
    return {} if bounds(ring, operand).high <= 0 else None


def _inverse_of_exp(ring: Ring, operand: Polynomial) -> Polynomial | None:
    """The operand of an exponential, where that is the operand."""
    return _inner(ring, operand, "exp")


def _reciprocal_of_exp(ring: Ring, operand: Polynomial) -> Polynomial | None:
    inner = _inner(ring, operand, "exp")
    return None if inner is None else ring.apply("exp", ring.sum({}, inner, scale=-1))


def _inner(ring: Ring, operand: Polynomial, function: str) -> Polynomial | None:
    if len(operand) == 1:
        (monomial, coefficient), *_ = operand.items()
        if coefficient == 1 and len(monomial) == 1 and ring.atoms[monomial[0]].op == function:
            return dict(ring.atoms[monomial[0]].operand or ())
    return None


def _number(ring: Ring, operand: Polynomial) -> Polynomial | None:
    """One over a number other than zero."""
    if set(operand) == {()}:
        return constant(1 / Fraction(operand[()]))
    return None


TABLE: tuple[LawRow, ...] = (
    LawRow("tanh", tanh(ZERO), ZERO, _at(0, 0)),
    LawRow("sigmoid", sigmoid(ZERO), HALF, _at(0, Fraction(1, 2))),
    LawRow("relu", relu(ZERO), ZERO, _at(0, 0)),
    LawRow("step", step(ZERO), ZERO, _at(0, 0)),
    LawRow("exp", exp(ZERO), ONE, _at(0, 1)),
    LawRow("log", log(ONE), ZERO, _at(1, 0)),
    LawRow("sin", sin(ZERO), ZERO, _at(0, 0)),
    LawRow("cos", cos(ZERO), ONE, _at(0, 1)),
    LawRow("erf", erf(ZERO), ZERO, _at(0, 0)),
    LawRow("reciprocal", reciprocal(term(2)), HALF, _number, "any number other than 0"),
    LawRow("tanh", tanh(-A), -tanh(A), _parity("tanh", -1, 0)),
    LawRow("sigmoid", sigmoid(-A), 1 - sigmoid(A), _parity("sigmoid", -1, 0, 1)),
    LawRow("sin", sin(-A), -sin(A), _parity("sin", -1, 0)),
    LawRow("cos", cos(-A), cos(A), _parity("cos", 1, 0)),
    LawRow("erf", erf(-A), -erf(A), _parity("erf", -1, 0)),
    LawRow("sigmoid", sigmoid(term(2) * A), HALF + HALF * tanh(A), _sigmoid_as_tanh),
    LawRow("tanh", tanh(HALF * A), term(2) * sigmoid(A) - 1, _tanh_as_sigmoid),
    LawRow("relu", relu(exp(A)), exp(A), _relu_keeps, "operands at least 0 for all values"),
    LawRow("relu", relu(-exp(A)), ZERO, _relu_drops, "operands at most 0 for all values"),
    LawRow("relu", relu(term(3) * A), term(3) * relu(A), _relu_scales),
    LawRow("relu", relu(-A), relu(A) - A, _parity("relu", 1, -1)),
    LawRow("log", log(exp(A)), A, _inverse_of_exp),
    LawRow("reciprocal", reciprocal(exp(A)), exp(-A), _reciprocal_of_exp),
)
"""Rows of one function are tried in this order."""

LAWS: Mapping[str, Sequence[Law]] = {
    name: tuple(row.law for row in TABLE if row.function == name)
    for name in dict.fromkeys(row.function for row in TABLE)
}

_NAMES = {row.law: row.name for row in TABLE}


def names_of(laws: Iterable[Law]) -> tuple[str, ...]:
    """The laws of the table among some, as text."""
    return tuple(_NAMES[law] for law in laws if law in _NAMES)


def laws_named(names: Iterable[str]) -> Mapping[str, Sequence[Law]]:
    """Those rows of the table, for a ring.  Raises ValueError for a name of none."""
    chosen = frozenset(names)
    if not chosen <= set(_NAMES.values()):
        raise ValueError(f"no such law: {min(chosen - set(_NAMES.values()))}")
    return {
        function: tuple(law for law in laws if _NAMES[law] in chosen)
        for function, laws in LAWS.items()
    }


__all__ = ["LAWS", "TABLE", "LawRow", "laws_named", "names_of"]
