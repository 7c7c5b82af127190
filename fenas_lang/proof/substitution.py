"""What the parameters of one cell are in terms of another's, as values, as text and as JSON.

A matrix becomes a sum of rational multiples of products of matrices, where the empty product is the
identity, and vectors can stand as diagonal matrices; a vector (a bias, an elementwise weight) a sum
of rational multiples of products of vectors, each perhaps under matrices.  The empty sum is zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fenas_lang.ir.polynomial import Coefficient, Monomial, Polynomial, constant
from fenas_lang.proof.normal_form import Ring

IDENTITY_TEXT, ZERO_TEXT = "I", "0"


@dataclass(frozen=True)
class Applied:
    """A matrix applied to a product of vectors."""

    matrix: str
    operand: tuple[Factor, ...]


Factor = str | Applied
"""Of a vector's term: a vector parameter's name, or what a matrix makes of a product."""


@dataclass(frozen=True)
class Diagonal:
    """The diagonal matrix of a vector parameter."""

    vector: str


Link = str | Diagonal
"""Of a product of matrices: a matrix's name, or a diagonal one."""


@dataclass(frozen=True)
class MatrixValue:
    """`Σ coefficient · M1 · M2 ⋯`, the last matrix applied first."""

    terms: tuple[tuple[Fraction, tuple[Link, ...]], ...]

    def applied(self, ring: Ring, operand: Polynomial) -> Polynomial:
        """The map's value at a polynomial."""
        total: Polynomial = {}
        for coefficient, matrices in self.terms:
            value = operand
            for link in reversed(matrices):
                if isinstance(link, Diagonal):
                    value = ring.product(ring.leaf("param", link.vector), value)
                else:
                    value = ring.linear(link, value)
            total = ring.sum(total, value, scale=coefficient)
        return total

    @property
    def single(self) -> tuple[Fraction, str] | None:
        """(c, M) of a value c · M with one matrix."""
        if len(self.terms) == 1 and len(self.terms[0][1]) == 1:
            coefficient, (link,) = self.terms[0]
            return (coefficient, link) if isinstance(link, str) else None
        return None

    def __str__(self) -> str:
        return _sum([(c, " @ ".join(map(_link, m)) or IDENTITY_TEXT) for c, m in self.terms])

    def as_json(self) -> dict[str, Any]:
        return {"matrix": [[str(c), [_link_as_json(k) for k in m]] for c, m in self.terms]}


@dataclass(frozen=True)
class VectorValue:
    """`Σ coefficient · u · v ⋯`, elementwise products; the empty product is a vector of ones."""

    terms: tuple[tuple[Fraction, tuple[Factor, ...]], ...]

    def value(self, ring: Ring) -> Polynomial:
        """Its polynomial."""
        total: Polynomial = {}
        for coefficient, factors in self.terms:
            total = ring.sum(total, _product(ring, factors), scale=coefficient)
        return total

    @property
    def single(self) -> tuple[Fraction, str] | None:
        """(c, v) of a value c · v with one vector."""
        if len(self.terms) == 1 and len(self.terms[0][1]) == 1:
            coefficient, (factor,) = self.terms[0]
            return (coefficient, factor) if isinstance(factor, str) else None
        return None

    def __str__(self) -> str:
        return _sum([(c, "*".join(map(_text, factors)) or "1") for c, factors in self.terms])

    def as_json(self) -> dict[str, Any]:
        return {"vector": [[str(c), list(map(_plain, factors))] for c, factors in self.terms]}


Value = MatrixValue | VectorValue
Substitution = Mapping[str, Value]
NO_MATRIX, NO_VECTOR = MatrixValue(()), VectorValue(())


def vector_of(ring: Ring, terms: Mapping[Monomial, Coefficient]) -> VectorValue:
    """A polynomial without inputs and states as a vector."""
    return VectorValue(
        tuple((Fraction(c), tuple(_factor(ring, n) for n in m)) for m, c in terms.items())
    )


def is_vector(ring: Ring, monomial: Monomial) -> bool:
    """Whether it is made of vectors and matrices of parameters alone."""
    for number in monomial:
        atom = ring.atoms[number]
        if atom.op == "linear":
            if not all(is_vector(ring, inner) for inner, _ in atom.operand or ()):
                return False
        elif atom.op != "param":
            return False
    return True


def _factor(ring: Ring, number: int) -> Factor:
    atom = ring.atoms[number]
    if atom.op == "param":
        return str(atom.name)
    ((monomial, _),) = atom.operand or frozenset()
    return Applied(str(atom.name), tuple(_factor(ring, n) for n in monomial))


def _product(ring: Ring, factors: tuple[Factor, ...]) -> Polynomial:
    total = constant(1)
    for factor in factors:
        if isinstance(factor, str):
            value = ring.leaf("param", factor)
        else:
            value = ring.linear(factor.matrix, _product(ring, factor.operand))
        total = ring.product(total, value)
    return total


def _link(link: Link) -> str:
    return f"diag({link.vector})" if isinstance(link, Diagonal) else link


def _link_as_json(link: Link) -> Any:
    return {"diagonal": link.vector} if isinstance(link, Diagonal) else link


def _read_link(document: Any) -> Link:
    if isinstance(document, dict):
        return Diagonal(_name(document["diagonal"]))
    return _name(document)


def _text(factor: Factor) -> str:
    if isinstance(factor, str):
        return factor
    return f"{factor.matrix} @ ({'*'.join(map(_text, factor.operand)) or '1'})"


def _plain(factor: Factor) -> Any:
    if isinstance(factor, str):
        return factor
    return [factor.matrix, list(map(_plain, factor.operand))]


def _sum(terms: list[tuple[Fraction, str]]) -> str:
    text = " + ".join(f"{'' if c == 1 else '-' if c == -1 else f'{c}*'}{body}" for c, body in terms)
    return text.replace("+ -", "- ") or ZERO_TEXT


def read_value(document: Any) -> Value:
    """A value from its JSON.  Raises ValueError, TypeError or KeyError where it is none."""
    [(kind, terms)] = document.items()
    if kind == "matrix":
        return MatrixValue(tuple((Fraction(c), tuple(map(_read_link, m))) for c, m in terms))
    if kind == "vector":
        return VectorValue(tuple((Fraction(c), tuple(map(_read_factor, f))) for c, f in terms))
    raise ValueError(kind)


def _read_factor(document: Any) -> Factor:
    if isinstance(document, str):
        return document
    matrix, operand = document
    return Applied(_name(matrix), tuple(map(_read_factor, operand)))


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
