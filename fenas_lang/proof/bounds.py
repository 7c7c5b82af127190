"""Bounds of polynomials over a ring's atoms, for all real inputs, states and parameters.

A polynomial takes its extremes where an atom of degree one is at an end of its interval, as in
`ir/ranges.py`, which bounds the values of a graph.
"""

from __future__ import annotations

from collections import Counter

from fenas_lang.ir.interval import IMAGES, REALS, Interval, blend, exact, point
from fenas_lang.ir.polynomial import Polynomial
from fenas_lang.ir.unfold import restrict, shared_atom
from fenas_lang.proof.normal_form import Ring

MAX_SPLITS = 4
MAX_MONOMIALS = 32
"""Longer polynomials count as unbounded."""


def bounds(ring: Ring, polynomial: Polynomial) -> Interval:
    """An interval that holds all values of a polynomial.  Raises OutOfBudget."""
    if len(polynomial) > MAX_MONOMIALS or _has_free_term(ring, polynomial):
        return REALS
    return _enclose(ring, polynomial, MAX_SPLITS)


def _has_free_term(ring: Ring, polynomial: Polynomial) -> bool:
    """Whether one term alone takes all real values, whatever the others do: `W(m)`, or a bias."""
    free = [m[0] for m in polynomial if len(m) == 1 and ring.atoms[m[0]].op not in IMAGES]
    return any(sum(number in m for m in polynomial) == 1 for number in free)


def _enclose(ring: Ring, polynomial: Polynomial, splits: int) -> Interval:
    ring.budget.spend(1 + len(polynomial))
    shared = shared_atom(polynomial, lambda k: of_atom(ring, k).bounded) if splits else None
    if shared is None:
        return _sum(ring, polynomial)
    interval = of_atom(ring, shared)
    low, high = (
        _enclose(ring, restrict(polynomial, shared, exact(end)), splits - 1)
        for end in (interval.low, interval.high)
    )
    return blend(low, high, interval.low_open and interval.high_open)


def of_atom(ring: Ring, number: int) -> Interval:
    """An interval that holds all values of an atom."""
    if number not in ring.intervals:
        atom = ring.atoms[number]
        image = IMAGES.get(atom.op)
        ring.intervals[number] = (
            REALS if image is None else image(bounds(ring, dict(atom.operand or ())))
        )
    return ring.intervals[number]


def _sum(ring: Ring, polynomial: Polynomial) -> Interval:
    total = point(0)
    for monomial, coefficient in polynomial.items():
        term = point(coefficient)
        for number, power in Counter(monomial).items():
            term = term * of_atom(ring, number).power(power)
        total = total + term
    return total
