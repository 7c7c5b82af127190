"""What signs do: parity in inputs and states, outputs with one sign, equal outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array
from fenas_lang.ir.polynomial import Polynomial
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.bounds import bounds
from fenas_lang.proof.invariants.base import (
    Evaluate,
    Invariant,
    Point,
    changed,
    groups,
    leaf_names,
    leaf_number,
    new_name,
    relative,
)
from fenas_lang.proof.normal_form import NormalForm, Ring


@dataclass(frozen=True)
class SameSign(Invariant):
    """Its sign is `sign` times that of output number `other`, in every component."""

    kind: ClassVar[str] = "sign"
    other: int
    sign: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, polynomial in enumerate(form.outputs):
            for other, inner in enumerate(form.outputs):
                sign = _sign_of(form.ring, polynomial, inner) if other != output else 0
                if sign:
                    yield cls(output, other, sign)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        outputs = evaluate(point)
        one, two = outputs[self.output], outputs[self.other]
        agreement = self.sign * np.sign(one) * np.minimum(np.abs(one), np.abs(two)) * np.sign(two)
        return relative(-agreement, one)

    def sentence(self, graph: Graph) -> str:
        relation = "the same sign" if self.sign > 0 else "opposite signs"
        return f"{new_name(graph, self.output)} and {new_name(graph, self.other)} have {relation}"


@dataclass(frozen=True)
class Multiple(Invariant):
    """It is a multiple of output number `other`."""

    kind: ClassVar[str] = "multiple"
    other: int
    factor: Fraction

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, polynomial in enumerate(form.outputs):
            for other, inner in enumerate(form.outputs[:output]):
                factor = _ratio(polynomial, inner)
                if factor is not None:
                    yield cls(output, other, factor)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        outputs = evaluate(point)
        one, two = outputs[self.output], float(self.factor) * outputs[self.other]
        return relative(np.abs(one - two), np.maximum(np.abs(one), np.abs(two)))

    def sentence(self, graph: Graph) -> str:
        name, other = (new_name(graph, k) for k in (self.output, self.other))
        return f"{name} is {other}" if self.factor == 1 else f"{name} is {self.factor}*{other}"


@dataclass(frozen=True)
class Parity(Invariant):
    """Negating the leaves multiplies it by `sign`."""

    kind: ClassVar[str] = "parity"
    leaves: tuple[int, ...]
    sign: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for leaves in groups(1 + len(form.graph.states)):
            known: dict[int, int] = {}
            for output, polynomial in enumerate(form.outputs):
                sign = _parity(form.ring, polynomial, leaves, known)
                if sign and polynomial:
                    yield cls(output, leaves, sign)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        one, two = (
            evaluate(p)[self.output] for p in (point, changed(point, self.leaves, np.negative))
        )
        return relative(np.abs(one - self.sign * two), one)

    def sentence(self, graph: Graph) -> str:
        what = "odd" if self.sign < 0 else "even"
        return f"{new_name(graph, self.output)} is {what} in {leaf_names(graph, self.leaves)}"


def _sign_of(ring: Ring, polynomial: Polynomial, inner: Polynomial) -> int:
    """The sign s where `polynomial = q · f(k · inner)` with f odd and increasing, s·k·q >= 0."""
    for number in {n for monomial in polynomial for n in monomial}:
        atom = ring.atoms[number]
        if atom.op not in ("tanh", "erf") or any(m.count(number) != 1 for m in polynomial):
            continue
        ratio = _ratio(dict(atom.operand or ()), inner)
        rest = {tuple(n for n in m if n != number): c for m, c in polynomial.items()}
        interval = bounds(ring, rest)
        sign = (interval.low >= 0) - (interval.high <= 0)
        if ratio and sign:
            return sign if ratio > 0 else -sign
    return 0


def _ratio(one: Polynomial, two: Polynomial) -> Fraction | None:
    """k where one = k · two."""
    if not one or one.keys() != two.keys():
        return None
    ratios = {Fraction(one[m]) / Fraction(two[m]) for m in one}
    return ratios.pop() if len(ratios) == 1 else None


_ODD, _EVEN = ("tanh", "erf", "sin"), ("cos",)


def _parity(
    ring: Ring, polynomial: Polynomial, leaves: Sequence[int], known: dict[int, int]
) -> int:
    """1 for even, -1 for odd, 0 for neither that is known."""
    signs = set()
    for monomial in polynomial:
        sign = 1
        for number in monomial:
            sign *= _atom_parity(ring, number, leaves, known)
        signs.add(sign)
    return signs.pop() if len(signs) == 1 else int(not signs)


def _atom_parity(ring: Ring, number: int, leaves: Sequence[int], known: dict[int, int]) -> int:
    if number not in known:
        atom = ring.atoms[number]
        inner = _parity(ring, dict(atom.operand or ()), leaves, known)
        leaf = leaf_number(atom)
        if leaf is not None:
            inner = -1 if leaf in leaves else 1
        elif atom.op not in (*_ODD, "linear", "param"):
            inner = abs(inner) if inner == 1 or atom.op in _EVEN else 0
        known[number] = inner
    return known[number]
