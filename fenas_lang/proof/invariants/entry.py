"""On what an output depends, and how: through a matrix, as a polynomial, with which slope."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import comb, inf
from typing import ClassVar

import numpy as np

from fenas_lang.ir.dependence import Entry, entries
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array
from fenas_lang.ir.interval import INFINITY, REALS, Interval, point
from fenas_lang.ir.polynomial import Monomial, Polynomial
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.bounds import bounds
from fenas_lang.proof.invariants.base import (
    Evaluate,
    Invariant,
    Point,
    changed,
    exchanged,
    groups,
    leaf_name,
    leaf_names,
    leaf_number,
    new_name,
    relative,
)
from fenas_lang.proof.normal_form import NormalForm, Ring


@dataclass(frozen=True)
class Independent(Invariant):
    """It does not depend on leaf number `leaf`."""

    kind: ClassVar[str] = "independent"
    leaf: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output in range(len(form.outputs)):
            present = {leaf_number(atom) for atom in form.leaves(output)}
            for leaf in range(1 + len(form.graph.states)):
                if leaf not in present:
                    yield cls(output, leaf)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        moved = changed(point, [self.leaf], lambda value: value[::-1])
        first, second = (evaluate(p)[self.output] for p in (point, moved))
        return relative(np.abs(first - second), first)

    def sentence(self, graph: Graph) -> str:
        return f"{new_name(graph, self.output)} never depends on {leaf_name(graph, self.leaf)}"


@dataclass(frozen=True)
class Unmixed(Invariant):
    """Each of its components depends on no other component of leaf number `leaf`."""

    kind: ClassVar[str] = "unmixed"
    leaf: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, polynomial in enumerate(form.outputs):
            for leaf in {leaf_number(atom) for atom in form.leaves(output)} - {None}:
                if leaf is not None and not _mixes(form.ring, polynomial, leaf, {}):
                    yield cls(output, leaf)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        moved = changed(point, [self.leaf], exchanged)
        first, second = (evaluate(p)[self.output][..., 1:] for p in (point, moved))
        return relative(np.abs(first - second), first)

    def sentence(self, graph: Graph) -> str:
        leaf, name = leaf_name(graph, self.leaf), new_name(graph, self.output)
        return f"each component of {name} depends on its own one of {leaf} alone"


@dataclass(frozen=True)
class Affine(Invariant):
    """It is affine in the given leaves together."""

    kind: ClassVar[str] = "affine"
    leaves: tuple[int, ...]

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        names = (form.graph.input, *form.graph.states)
        for leaves in groups(len(names)):
            found = entries(form.graph, [names[k] for k in leaves])
            for output, entry in enumerate(found):
                if entry <= Entry.AFFINE:
                    yield cls(output, leaves)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        opposite = changed(point, self.leaves, np.negative)
        middle = changed(point, self.leaves, np.zeros_like)
        one, two, zero = (evaluate(p)[self.output] for p in (point, opposite, middle))
        return relative(np.abs(one + two - 2 * zero), np.maximum(np.abs(one), np.abs(two)))

    def sentence(self, graph: Graph) -> str:
        return f"{new_name(graph, self.output)} is affine in {leaf_names(graph, self.leaves)}"


@dataclass(frozen=True)
class Degree(Invariant):
    """It is a polynomial of at most this degree, two or more, in the given leaves together."""

    kind: ClassVar[str] = "degree"
    leaves: tuple[int, ...]
    degree: int
    MOST: ClassVar[int] = 6

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for leaves in groups(1 + len(form.graph.states)):
            known: dict[int, float] = {}
            for output, polynomial in enumerate(form.outputs):
                degree = _degree(form.ring, polynomial, leaves, known)
                if 2 <= degree <= cls.MOST:
                    yield cls(output, leaves, int(degree))

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        order = self.degree + 1
        total, largest = np.zeros(1), np.zeros(1)
        for k in range(order + 1):
            at = changed(point, self.leaves, partial(np.multiply, 2 * k / order - 1))
            value = evaluate(at)[self.output]
            total = total + (-1) ** k * comb(order, k) * value
            largest = np.maximum(largest, comb(order, k) * np.abs(value))
        return relative(np.abs(total), largest)

    def sentence(self, graph: Graph) -> str:
        leaves = leaf_names(graph, self.leaves)
        return f"{new_name(graph, self.output)} is of degree {self.degree} at most in {leaves}"


@dataclass(frozen=True)
class Slope(Invariant):
    """Where a component of leaf number `leaf` grows by d, its own by `low·d` to `high·d`.

    Either end may be None; with `low` 0 it never falls.
    """

    kind: ClassVar[str] = "slope"
    leaf: int
    low: Fraction | None
    high: Fraction | None

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for leaf in range(1 + len(form.graph.states)):
            known, mixed = dict[int, Interval](), dict[int, bool]()
            for output, polynomial in enumerate(form.outputs):
                present = leaf in map(leaf_number, form.leaves(output))
                if not present or _mixes(form.ring, polynomial, leaf, mixed):
                    continue
                slope = _slope(form.ring, polynomial, leaf, known)
                ends = (slope.low, slope.high)
                low, high = (None if isinstance(end, float) else end for end in ends)
                if (low, high) not in ((None, None), (0, 0)):
                    yield cls(output, leaf, low, high)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        moved = changed(point, [self.leaf], exchanged)
        values = (point[0], *point[1])[self.leaf], (moved[0], *moved[1])[self.leaf]
        step = (values[1] - values[0])[..., :1]
        first, second = (evaluate(p)[self.output][..., :1] for p in (point, moved))
        rise, run = (second - first) * np.sign(step), np.abs(step)
        below = -np.inf if self.low is None else float(self.low) * run - rise
        above = -np.inf if self.high is None else rise - float(self.high) * run
        return relative(np.maximum(below, above), np.maximum(np.abs(first), np.abs(second)))

    def sentence(self, graph: Graph) -> str:
        name, leaf = new_name(graph, self.output), leaf_name(graph, self.leaf)
        if self.low == 0 and self.high is None:
            return f"{name} never falls where {leaf} rises"
        if self.high == 0 and self.low is None:
            return f"{name} never rises where {leaf} rises"
        low, high = ("any" if end is None else f"{float(end):g}" for end in (self.low, self.high))
        return f"the slope of {name} in {leaf} is between {low} and {high}"


def _mixes(ring: Ring, polynomial: Polynomial, leaf: int, known: dict[int, bool]) -> bool:
    """Whether a leaf stands under a matrix."""
    for number in {n for monomial in polynomial for n in monomial}:
        if number not in known:
            atom = ring.atoms[number]
            operand = dict(atom.operand or ())
            known[number] = (
                _holds(ring, operand, leaf)
                if atom.op == "linear"
                else _mixes(ring, operand, leaf, known)
            )
        if known[number]:
            return True
    return False


def _holds(ring: Ring, polynomial: Polynomial, leaf: int) -> bool:
    return any(leaf_number(ring.atoms[n]) == leaf for n in ring.reachable([polynomial]))


def _degree(
    ring: Ring, polynomial: Polynomial, leaves: Sequence[int], known: dict[int, float]
) -> float:
    """The degree in some leaves, infinite where it is no polynomial in them."""

    def of_monomial(monomial: Monomial) -> float:
        return sum(_atom_degree(ring, number, leaves, known) for number in monomial)

    return max(map(of_monomial, polynomial), default=0)


def _atom_degree(ring: Ring, number: int, leaves: Sequence[int], known: dict[int, float]) -> float:
    if number not in known:
        atom = ring.atoms[number]
        inner = _degree(ring, dict(atom.operand or ()), leaves, known)
        if leaf_number(atom) is not None:
            inner = float(leaf_number(atom) in leaves)
        elif atom.op not in ("linear", "param") and inner:
            inner = inf
        known[number] = inner
    return known[number]


def _interval(low: Fraction | int, high: Fraction | int | float) -> Interval:
    return Interval(Fraction(low), high if isinstance(high, float) else Fraction(high))


_SLOPES = {
    "tanh": _interval(0, 1),
    "sigmoid": _interval(0, Fraction(1, 4)),
    "relu": _interval(0, 1),
    "exp": _interval(0, INFINITY),
    "sin": _interval(-1, 1),
    "cos": _interval(-1, 1),
    "erf": _interval(0, Fraction(113, 100)),
}
"""Of functions that are continuous: where a slope lies between two points."""


def _slope(ring: Ring, polynomial: Polynomial, leaf: int, known: dict[int, Interval]) -> Interval:
    """Where the derivative by one component of a leaf lies, of the same component."""
    total = point(0)
    for number in {n for monomial in polynomial for n in monomial}:
        inner = _atom_slope(ring, number, leaf, known)
        if inner != point(0):
            total = total + bounds(ring, _derivative(polynomial, number)) * inner
    return total


def _atom_slope(ring: Ring, number: int, leaf: int, known: dict[int, Interval]) -> Interval:
    if number not in known:
        known[number] = _new_slope(ring, number, leaf, known)
    return known[number]


def _new_slope(ring: Ring, number: int, leaf: int, known: dict[int, Interval]) -> Interval:
    atom = ring.atoms[number]
    if atom.operand is None:
        return point(int(leaf_number(atom) == leaf))
    operand = dict(atom.operand)
    if atom.op == "linear":
        return REALS if _holds(ring, operand, leaf) else point(0)
    inner = _slope(ring, operand, leaf, known)
    return inner if inner == point(0) else _SLOPES.get(atom.op, REALS) * inner


def _derivative(polynomial: Polynomial, number: int) -> Polynomial:
    """By an atom."""
    result: dict[Monomial, Fraction | int] = {}
    for monomial, coefficient in polynomial.items():
        power = monomial.count(number)
        if power:
            rest = list(monomial)
            rest.remove(number)
            result[tuple(rest)] = coefficient * power
    return result
