"""Bounds on one side of each output: `h' <= max(1, h⁺)`, `-h' <= max(1, h⁻)`.

As in `ir/growth.py`, but a state's positive and negative parts count by themselves, so that a value
bounded on one side only, as by a relu, still has a bound there.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import product

from fenas_lang.ir.growth import MAX_FORMS, Form, Forms, dominated, greatest
from fenas_lang.ir.interval import Interval, exact, point
from fenas_lang.ir.polynomial import Budget, Coefficient, Monomial, OutOfBudget, Polynomial
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.ir.unfold import RING, restrict, shared_atom

WORK = 2_000
"""Monomials that the analysis of one graph may handle; others have no bound."""
MAX_SPLITS = 3
"""So many atoms of one polynomial are set to the ends of their intervals."""
Sides = tuple[Forms | None, Forms | None]
"""Bounds of a value, and of its opposite."""
MAX_STAGES = 4
"""Later ones say little more of one side."""
_NOTHING, _ONE = Fraction(0), Fraction(1)


@lru_cache(maxsize=8)
def one_sided(analysis: RangeAnalysis) -> tuple[Sides, ...]:
    """Of each output.  Forms are over the positive and negative part of each state, in order."""
    found = _OneSided(analysis).values()
    return tuple(found[k] for k in analysis.graph.outputs)


class _OneSided:
    def __init__(self, analysis: RangeAnalysis):
        self.graph = analysis.graph
        self.unfolding = analysis.unfolding
        self.ranges: Sequence[Interval] = analysis.values()
        self.none = (_NOTHING,) * (2 * len(self.graph.states))
        self.budget = Budget(WORK)
        self.found: list[Sides] = []
        self.products: dict[Monomial, tuple[list[int], Interval]] = {}

    def values(self) -> Sequence[Sides]:
        for index, number in enumerate(self.unfolding.number):
            self.found.append(self.found[number] if number < index else self._value(index))
        return self.found

    def _value(self, index: int) -> Sides:
        interval = self.ranges[index]
        up, down = self._constant(interval.high), self._constant(-interval.low)
        if up is None or down is None:
            more = self._unbounded(index)
            up, down = up or more[0], down or more[1]
        return up, down

    def _constant(self, end: Fraction | float) -> Forms | None:
        return None if isinstance(end, float) else (Form(end, self.none),)

    def _unbounded(self, index: int) -> Sides:
        node = self.graph.nodes[index]
        if node.op == "state":
            first = 2 * self.graph.states.index(str(node.attribute))
            return self._unit(first), self._unit(first + 1)
        if node.op == "relu":
            return _positive(self.found[node.operands[0]][0]), None
        return self._of_stages(index) if node.op in RING else (None, None)

    def _unit(self, place: int) -> Forms:
        factors = list(self.none)
        factors[place] = _ONE
        return (Form(_NOTHING, tuple(factors)),)

    def _of_stages(self, index: int) -> Sides:
        """The best of its definition and of later stages, on each side."""
        best: list[Forms | None] = [None, None]
        try:
            for stage in (
                self.unfolding.definitions[index],
                *self.unfolding.stages[index][:MAX_STAGES],
            ):
                for side, sign in enumerate((1, -1)):
                    signed = {m: sign * c for m, c in stage.items()}
                    forms, known = self._of_polynomial(signed, MAX_SPLITS), best[side]
                    if forms and (known is None or dominated(forms, known)):
                        best[side] = forms
        except OutOfBudget:
            pass
        return best[0], best[1]

    def _of_polynomial(self, polynomial: Polynomial, splits: int) -> Forms | None:
        """The greatest over the ends of the atoms that several monomials share."""
        self.budget.spend(1 + len(polynomial))
        shared = shared_atom(polynomial, lambda k: self.ranges[k].bounded) if splits else None
        if shared is None:
            return self._sum(polynomial)
        interval = self.ranges[shared]
        parts = list[Form]()
        for end in (exact(interval.low), exact(interval.high)):
            part = self._of_polynomial(restrict(polynomial, shared, end), splits - 1)
            if part is None:
                return None
            parts += part
        return greatest(parts)

    def _sum(self, polynomial: Polynomial) -> Forms | None:
        if not all(self._has_bound(m, c) for m, c in polynomial.items()):
            return None
        total: Forms = (Form(_NOTHING, self.none),)
        for monomial, coefficient in polynomial.items():
            self.budget.spend(len(self.none))
            term = self._term(monomial, coefficient)
            if term is None or len(total) * len(term) > MAX_FORMS:
                return None
            total = greatest(a + b for a, b in product(total, term))
        return total if all(form.moderate for form in total) else None

    def _has_bound(self, monomial: Monomial, coefficient: Coefficient) -> bool:
        """Whether a term can have a bound; quick to tell."""
        free, interval = self._product(monomial)
        if not free or len(free) > 1:
            return not free
        up, down = self.found[free[0]]
        low, high = (interval.low, interval.high)[:: 1 if coefficient > 0 else -1]
        above, below = (high > 0, low < 0) if coefficient > 0 else (high < 0, low > 0)
        return (up is not None or not above) and (down is not None or not below)

    def _term(self, monomial: Monomial, coefficient: Coefficient) -> Forms | None:
        """Of a product of bounded values and at most one other."""
        free, interval = self._product(monomial)
        if coefficient != 1:
            interval = -interval if coefficient == -1 else interval.scaled(coefficient)
        if not interval.bounded or len(free) > 1:
            return None
        if not free:
            return (Form(Fraction(interval.high), self.none),)
        up, down = map(_positive, self.found[free[0]])
        ends = ((up, Fraction(interval.high)), (down, -Fraction(interval.low)))
        parts = [(forms, factor) for forms, factor in ends if factor > 0]
        if any(forms is None for forms, _ in parts):
            return None
        scaled = [form.scaled(factor) for forms, factor in parts for form in forms or ()]
        return greatest(scaled) if scaled else (Form(_NOTHING, self.none),)

    def _product(self, monomial: Monomial) -> tuple[list[int], Interval]:
        """The factors without bounds, and the product of the others."""
        if monomial not in self.products:
            free, product = list[int](), point(1)
            for k in monomial:
                if self.ranges[k].bounded:
                    product = product * self.ranges[k]
                else:
                    free.append(k)
            self.products[monomial] = free, product
        return self.products[monomial]


def _positive(forms: Forms | None) -> Forms | None:
    """A bound of the value's positive part."""
    if forms is None:
        return None
    return tuple(Form(max(f.constant, _NOTHING), f.states) for f in forms)
