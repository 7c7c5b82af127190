"""How much the states can grow in one step: `|h'| <= max(1, |h|)`, `|c'| <= |c| + 1`.

Such a bound is the greatest of some *forms*, each a constant plus multiples of the old states'
magnitudes, and holds for all real inputs, states and parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interval import LARGEST, Interval, exact
from fenas_lang.ir.polynomial import Budget, Coefficient, Monomial, OutOfBudget, Polynomial
from fenas_lang.ir.ranges import MAX_SPLITS, RangeAnalysis
from fenas_lang.ir.unfold import RING, restrict, shared_atom

MAX_FORMS = 8
_WORK = 20_000
"""Monomials and states that the analysis of one graph may handle; others have no bound."""
_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Form:
    """`constant + Σ states[k] * |state k|`, all coefficients at least zero."""

    constant: Fraction
    states: tuple[Fraction, ...]

    def __le__(self, other: Form) -> bool:
        """Whether it is at most the other for all states, coefficient by coefficient."""
        pairs = zip((self.constant, *self.states), (other.constant, *other.states), strict=True)
        return all(a <= b for a, b in pairs)

    def __add__(self, other: Form) -> Form:
        states = tuple(a + b for a, b in zip(self.states, other.states, strict=True))
        return Form(self.constant + other.constant, states)

    @property
    def moderate(self) -> bool:
        """Whether no number in it is beyond all doubles."""
        return max(self.constant, *self.states) <= LARGEST

    def scaled(self, factor: Fraction) -> Form:
        return Form(self.constant * factor, tuple(a * factor for a in self.states))


Forms = tuple[Form, ...]


def growth(analysis: RangeAnalysis) -> tuple[Forms | None, ...]:
    """For each output, forms whose greatest bounds its magnitude; None where there is no bound."""
    found = _Growth(analysis).values()
    return tuple(found[k] for k in analysis.graph.outputs)


class _Growth:
    def __init__(self, analysis: RangeAnalysis):
        self.graph: Graph = analysis.graph
        self.unfolding = analysis.unfolding
        self.ranges: Sequence[Interval] = analysis.values()
        self.none = (_NOTHING,) * len(self.graph.states)
        self.budget = Budget(_WORK)
        self.found: list[Forms | None] = []

    def values(self) -> Sequence[Forms | None]:
        for index, number in enumerate(self.unfolding.number):
            self.found.append(self.found[number] if number < index else self._value(index))
        return self.found

    def _value(self, index: int) -> Forms | None:
        node = self.graph.nodes[index]
        if self.ranges[index].bounded:
            return (Form(Fraction(self.ranges[index].magnitude), self.none),)
        if node.op == "state":
            position = self.graph.states.index(str(node.attribute))
            return (
                Form(_NOTHING, (*self.none[:position], Fraction(1), *self.none[position + 1 :])),
            )
        if node.op == "relu":
            return self.found[node.operands[0]]
        return self._of_stages(index) if node.op in RING else None

    def _of_stages(self, index: int) -> Forms | None:
        """The bound of its definition, or of a later stage if that is nowhere greater."""
        best: Forms | None = None
        try:
            for stage in (self.unfolding.definitions[index], *self.unfolding.stages[index]):
                forms = self._of_polynomial(stage, MAX_SPLITS)
                if forms and (best is None or dominated(forms, best)):
                    best = forms
        except OutOfBudget:
            return best
        return best

    def _of_polynomial(self, polynomial: Polynomial, splits: int) -> Forms | None:
        """Greatest over the ends of the atoms that several monomials share."""
        self.budget.spend(1 + len(polynomial))
        shared = shared_atom(polynomial, lambda k: self.ranges[k].bounded) if splits else None
        if shared is None:
            return self._sum(polynomial)
        interval = self.ranges[shared]
        ends = (exact(interval.low), exact(interval.high))
        parts = [self._of_polynomial(restrict(polynomial, shared, e), splits - 1) for e in ends]
        return greatest(form for part in parts for form in part or ()) if all(parts) else None

    def _sum(self, polynomial: Polynomial) -> Forms | None:
        total: Forms = (Form(_NOTHING, self.none),)
        self.budget.spend(len(polynomial) * len(self.none))
        for monomial, coefficient in polynomial.items():
            term = self._term(monomial, coefficient)
            if term is None or len(total) * len(term) > MAX_FORMS:
                return None
            total = greatest(a + b for a, b in product(total, term))
        return total if all(form.moderate for form in total) else None

    def _term(self, monomial: Monomial, coefficient: Coefficient) -> Forms | None:
        """A product of bounded values, and of at most one other."""
        factor = abs(Fraction(coefficient))
        free = [k for k in monomial if not self.ranges[k].bounded]
        for k in monomial:
            if self.ranges[k].bounded:
                factor *= Fraction(self.ranges[k].magnitude)
        if not free:
            return (Form(factor, self.none),)
        forms = self.found[free[0]] if len(free) == 1 else None
        return forms and tuple(form.scaled(factor) for form in forms)


def greatest(forms: Iterable[Form]) -> Forms:
    """Without forms that another one dominates."""
    unique = list(dict.fromkeys(forms))
    return tuple(f for f in unique if not any(f <= g and f != g for g in unique))


def dominated(forms: Forms, others: Forms) -> bool:
    """Whether the greatest of some forms is at most that of others."""
    return all(any(f <= g for g in others) for f in forms)
