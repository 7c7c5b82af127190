"""Interval analysis: which bounds each value of a graph keeps to, for all inputs and parameters.

A value is bounded by its operands' intervals, and by every stage of its unfolding.  A polynomial is
affine in each atom of degree one, so it takes its extremes where such an atom is at an end of its
interval: `n - z*n + z*s` with z in (0, 1) lies between n and s, however that is spelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import count

from fenas_lang.functions import ACTIVATIONS
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interval import (
    IMAGES,
    INFINITY,
    REALS,
    Bound,
    Interval,
    blend,
    exact,
    point,
)
from fenas_lang.ir.polynomial import Budget, Monomial, OutOfBudget, Polynomial
from fenas_lang.ir.unfold import Unfolding, restrict, shared_atom
from fenas_lang.primitives import Attribute, Term, relu

MAX_SPLITS = 5
"""So many atoms of one polynomial are set to the ends of their intervals."""
_WORK = 10_000
"""Monomials that one pass over a graph may handle; what is left is bounded by operands alone."""
_FREE_ROUNDS = 3
_THRESHOLDS = (0, 1, 2, 4, 16, 256)
"""Ends that still move after the free rounds jump to the next of these, then to infinity."""
_MAX_ROUNDS = 40
_MAX_EVALUATIONS = 20_000
"""Nodes to evaluate before widening goes straight to infinity, besides the free rounds."""
_NARROWINGS = 2
HOLE = "hole"

PATTERNS: tuple[tuple[Term, Callable[[Interval], Interval]], ...] = (
    *(
        (ACTIVATIONS[name][0](Term(HOLE)), lambda _, interval=interval: interval)
        for name, interval in (
            ("silu", Interval(Fraction("-0.27846455"), INFINITY)),
            ("gelu", Interval(Fraction("-0.16997121"), INFINITY)),
            ("softsign", Interval(Fraction(-1), Fraction(1), True, True)),
        )
    ),
    (Term(HOLE) + relu(-Term(HOLE)), IMAGES["relu"]),
)
"""A value and a function of it put together, of which their intervals alone would say too little:
the term, and its interval from that of what stands in the hole."""


class RangeAnalysis:
    """The interval analysis of one graph; its unfolding is made once, for all questions."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.unfolding = Unfolding(graph)
        self._known: dict[tuple[Interval, ...], tuple[Interval, ...]] = {}

    def values(self, states: Sequence[Interval] | None = None) -> tuple[Interval, ...]:
        """An interval for every node, with the states in theirs (default: any real numbers)."""
        given = tuple(states or [REALS] * len(self.graph.states))
        if given not in self._known:
            self._known[given] = _Pass(self.unfolding, self.graph, given).values()
        return self._known[given]

    def outputs(self, states: Sequence[Interval] | None = None) -> tuple[Interval, ...]:
        """An interval for every output."""
        values = self.values(states)
        return tuple(values[k] for k in self.graph.outputs)

    def reachable(self) -> tuple[Interval, ...]:
        """Intervals that hold each state at every time, when all start from zero.

        A fixed point of one step from above: its ends are widened where they keep moving.
        """
        patience = min(_MAX_ROUNDS, _MAX_EVALUATIONS // len(self.graph.nodes))
        current = [point(0)] * len(self.graph.states)
        for number in count():
            following = self.outputs(current)
            joined = [s | f for s, f in zip(current, following, strict=True)]
            if joined == current:
                return self._narrowed(current)
            if number >= _FREE_ROUNDS:
                joined = _widened(current, joined, _THRESHOLDS if number < patience else ())
            current = joined
        raise AssertionError("every end moves a bounded number of times")

    def _narrowed(self, states: Sequence[Interval]) -> tuple[Interval, ...]:
        """Widening may overshoot; a state is zero or the result of a step from its interval."""
        for _ in range(_NARROWINGS):
            following = self.outputs(states)
            states = [s & (point(0) | f) for s, f in zip(states, following, strict=True)]
        return tuple(states)


class _Pass:
    """One evaluation of a graph over intervals."""

    def __init__(self, unfolding: Unfolding, graph: Graph, states: Sequence[Interval]):
        self.unfolding = unfolding
        self.states: dict[Attribute, Interval] = dict(zip(graph.states, states, strict=True))
        self.budget = Budget(_WORK)
        self.found: list[Interval] = []
        self.products: dict[Monomial, Interval] = {}

    def values(self) -> tuple[Interval, ...]:
        for index, number in enumerate(self.unfolding.number):
            self.found.append(self.found[number] if number < index else self._value(index))
        return tuple(self.found)

    def _value(self, index: int) -> Interval:
        node = self.unfolding.nodes[index]
        operands = [self.found[k] for k in self.unfolding.operands(index)]
        match node.op:
            case "state":
                return self.states[node.attribute]
            case "const" if isinstance(node.attribute, Fraction):
                return point(node.attribute)
            case "linear" | "elementwise_weight" if operands[0] == point(0):
                return operands[0]
            case "add":
                return self._tightened(index, operands[0] + operands[1])
            case "sub":
                return self._tightened(index, operands[0] + -operands[1])
            case "mul":
                return self._tightened(index, operands[0] * operands[1])
        return IMAGES[node.op](operands[0]) if node.op in IMAGES else REALS

    def _tightened(self, index: int, interval: Interval) -> Interval:
        """An interval met with what is known of some terms, and with every stage of unfolding."""
        for body, image in PATTERNS:
            for hole in self.unfolding.operands(index):
                if self._matches(body, index, hole):
                    interval = interval & image(self.found[hole])
        with suppress(OutOfBudget):
            for stage in self.unfolding.stages[index]:
                interval = interval & self._enclose(stage, MAX_SPLITS)
        return interval

    def _enclose(self, polynomial: Polynomial, splits: int) -> Interval:
        self.budget.spend(1 + len(polynomial))
        shared = shared_atom(polynomial, self._splittable) if splits else None
        if shared is None:
            return self._sum(polynomial)
        interval = self.found[shared]
        at_low = self._enclose(restrict(polynomial, shared, exact(interval.low)), splits - 1)
        if interval.low == interval.high:
            return at_low
        at_high = self._enclose(restrict(polynomial, shared, exact(interval.high)), splits - 1)
        return blend(at_low, at_high, interval.low_open and interval.high_open)

    def _sum(self, polynomial: Polynomial) -> Interval:
        """The sum of the monomials' intervals; products are kept, as stages repeat them."""
        total = None
        for monomial, coefficient in polynomial.items():
            if monomial not in self.products:
                self.products[monomial] = _product(monomial, self.found)
            term = self.products[monomial]
            if coefficient != 1:
                term = -term if coefficient == -1 else term.scaled(coefficient)
            total = term if total is None else total + term
        return point(0) if total is None else total

    def _splittable(self, index: int) -> bool:
        return self.found[index].bounded

    def _matches(self, body: Term, index: int, hole: int) -> bool:
        """Whether a value is computed as a term says, with another one in place of its hole."""
        if body.op == HOLE:
            return index == hole
        node = self.unfolding.nodes[index]
        return (node.op, node.attribute) == (body.op, body.attribute) and all(
            self._matches(term, k, hole)
            for term, k in zip(body.operands, self.unfolding.operands(index), strict=True)
        )


def _product(monomial: Monomial, atoms: Sequence[Interval]) -> Interval:
    product = None
    for index, power in Counter(monomial).items():
        factor = atoms[index].power(power)
        product = factor if product is None else product * factor
    return point(1) if product is None else product


def _widened(
    before: Sequence[Interval], after: Sequence[Interval], thresholds: Sequence[int]
) -> list[Interval]:
    """Ends that moved go on to the next threshold, or to infinity."""
    return [
        Interval(
            new.low if new.low == old.low else -_threshold(-new.low, thresholds),
            new.high if new.high == old.high else _threshold(new.high, thresholds),
            new.low_open and new.low == old.low,
            new.high_open and new.high == old.high,
        )
        for old, new in zip(before, after, strict=True)
    ]


def _threshold(end: Bound, thresholds: Sequence[int]) -> Bound:
    return next((Fraction(t) for t in thresholds if t >= end), INFINITY)
