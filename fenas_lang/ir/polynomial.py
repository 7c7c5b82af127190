"""Polynomials over numbered atoms with exact rational coefficients, and a budget for making them.

A monomial is the sorted tuple of its atoms, with repetitions; a polynomial maps monomials to their
nonzero coefficients.  Expanding products of sums can take exponential space, so all arithmetic is
paid for from a `Budget`, and an exhausted one raises `OutOfBudget`.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

Coefficient = int | Fraction
Monomial = tuple[int, ...]
Polynomial = Mapping[Monomial, Coefficient]

UNIT: Monomial = ()
ZERO: Polynomial = {}
_BITS_PER_UNIT = 64
_COPIES_PER_UNIT = 32


class OutOfBudget(Exception):
    """More work than was allowed: the question stays open, it is not answered with no."""


class Budget:
    """So many units of work, about one for each atom or coefficient word that is handled."""

    __slots__ = ("left",)

    def __init__(self, units: int):
        self.left = units

    def spend(self, units: int) -> None:
        """Take units off; raises OutOfBudget when there are none left."""
        self.left -= units
        if self.left < 0:
            raise OutOfBudget


def constant(value: Coefficient) -> Polynomial:
    """A polynomial without atoms."""
    if isinstance(value, Fraction) and value.denominator == 1:
        value = value.numerator
    return {UNIT: value} if value else ZERO


def atom(number: int) -> Polynomial:
    """One atom as a polynomial."""
    return {(number,): 1}


def add(left: Polynomial, right: Polynomial, budget: Budget, scale: Coefficient = 1) -> Polynomial:
    """`left + scale * right`."""
    budget.spend(1 + len(left) // _COPIES_PER_UNIT + _weight(right))
    total = dict(left)
    for monomial, coefficient in right.items():
        _accumulate(total, monomial, scale * coefficient)
    return total


def multiply(left: Polynomial, right: Polynomial, budget: Budget) -> Polynomial:
    """The product, expanded."""
    budget.spend(_weight(left) * max(len(right), 1) + _weight(right) * max(len(left), 1))
    for one, other in ((left, right), (right, left)):
        if one.keys() == {UNIT}:
            return _scaled(other, one[UNIT])
    product: dict[Monomial, Coefficient] = {}
    for first, a in left.items():
        for second, b in right.items():
            _accumulate(product, tuple(sorted(first + second)), a * b)
    return product


def _scaled(polynomial: Polynomial, factor: Coefficient) -> Polynomial:
    """A nonzero multiple; most coefficients are one of few, and fractions are slow to multiply."""
    multiples = {c: c * factor for c in set(polynomial.values())}
    return {monomial: multiples[c] for monomial, c in polynomial.items()}


def _accumulate(total: dict[Monomial, Coefficient], monomial: Monomial, more: Coefficient) -> None:
    value = total.get(monomial, 0) + more
    if value:
        total[monomial] = value
    else:
        total.pop(monomial, None)


def _weight(polynomial: Polynomial) -> int:
    """Its size in atoms and coefficient words; most coefficients are one of few, and small."""
    values = polynomial.values()
    words = sum(map(_words, values)) if any(map(_words, set(values))) else 0
    return len(polynomial) + sum(map(len, polynomial)) + words


def _words(value: Coefficient) -> int:
    return (value.numerator.bit_length() + value.denominator.bit_length()) // _BITS_PER_UNIT
