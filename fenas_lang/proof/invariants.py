"""What holds for a cell whatever its parameters, inputs and states are.

Where it holds for one cell and fails for another at some parameters, the other is not contained in
the first.  Each kind is one class: `of` lists the invariants of a cell, `gap` measures by how much
a cell violates one at given values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from fenas_lang.ir.dependence import Entry, entries
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.growth import growth
from fenas_lang.ir.interpret import Array
from fenas_lang.ir.polynomial import Polynomial
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof import precise
from fenas_lang.proof.bounds import bounds
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.normal_form import NormalForm, Ring, normal_form

Point = tuple[Array, tuple[Array, ...]]
"""An input (N, D), and states (N, H)."""
Evaluate = Callable[[Point], tuple[Array, ...]]
"""A cell with some parameters: its outputs at a point."""


@dataclass(frozen=True)
class Invariant:
    """One statement about output number `output`."""

    kind: ClassVar[str] = ""
    output: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        """All of this kind that hold for a cell."""
        raise NotImplementedError

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        """(N,), how far the cell is from it at each point, relative to its values."""
        raise NotImplementedError

    def sentence(self, graph: Graph) -> str:
        """In words, with the names of a cell that it holds for."""
        raise NotImplementedError

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **{k: _plain(v) for k, v in vars(self).items()}}


@dataclass(frozen=True)
class Independent(Invariant):
    """It does not depend on leaf number `leaf` (0 is the input, then come the states)."""

    kind: ClassVar[str] = "independent"
    leaf: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output in range(len(form.outputs)):
            present = {a.name if a.op == "state" else -1 for a in form.leaves(output)}
            for leaf in range(1 + len(form.graph.states)):
                if leaf - 1 not in present:
                    yield cls(output, leaf)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        moved = _changed(point, [self.leaf], lambda value: value[::-1])
        return _difference(evaluate, point, moved, self.output)

    def sentence(self, graph: Graph) -> str:
        return f"{_new(graph, self.output)} never depends on {_leaf(graph, self.leaf)}"


@dataclass(frozen=True)
class Bounded(Invariant):
    """It lies between `low` and `high`, either of which may be None."""

    kind: ClassVar[str] = "bounded"
    low: Fraction | None
    high: Fraction | None

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, interval in enumerate(ranges.outputs()):
            low, high = (
                None if isinstance(end, float) else end for end in (interval.low, interval.high)
            )
            if low is not None or high is not None:
                yield cls(output, low, high)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        value = evaluate(point)[self.output]
        below = -np.inf if self.low is None else float(self.low) - value
        above = -np.inf if self.high is None else value - float(self.high)
        return _relative(np.maximum(below, above), value)

    def sentence(self, graph: Graph) -> str:
        name = _new(graph, self.output)
        if self.low is None or self.high is None:
            sign, end = ("<=", self.high) if self.low is None else (">=", self.low)
            return f"{name} {sign} {float(end or 0):g}"
        return f"{float(self.low):g} <= {name} <= {float(self.high):g}"


@dataclass(frozen=True)
class Grows(Invariant):
    """Its magnitude is at most the greatest of `constant + Σ factor·|state|`."""

    kind: ClassVar[str] = "growth"
    forms: tuple[tuple[Fraction, ...], ...]

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, found in enumerate(growth(ranges)):
            if found is not None:
                yield cls(output, tuple((f.constant, *f.states) for f in found))

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        value = np.abs(evaluate(point)[self.output])
        sizes = [np.ones_like(value), *(np.abs(s) for s in point[1])]
        bound = np.max(
            [
                np.sum([float(c) * size for c, size in zip(form, sizes, strict=True)], axis=0)
                for form in self.forms
            ],
            axis=0,
        )
        return _relative(value - bound, np.maximum(value, bound))

    def sentence(self, graph: Graph) -> str:
        names = ["", *(f"|{s}|" for s in graph.states)]
        shown = [
            " + ".join(_scaled(c, n) for c, n in zip(form, names, strict=True) if c) or "0"
            for form in self.forms
        ]
        bound = shown[0] if len(shown) == 1 else f"max({', '.join(shown)})"
        return f"|{_new(graph, self.output)}| <= {bound}"


@dataclass(frozen=True)
class Affine(Invariant):
    """It is affine in the given leaves together."""

    kind: ClassVar[str] = "affine"
    leaves: tuple[int, ...]

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        names = (form.graph.input, *form.graph.states)
        for leaves in _groups(len(names)):
            found = entries(form.graph, [names[k] for k in leaves])
            for output, entry in enumerate(found):
                if entry <= Entry.AFFINE:
                    yield cls(output, leaves)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        opposite = _changed(point, self.leaves, np.negative)
        middle = _changed(point, self.leaves, np.zeros_like)
        one, two, zero = (evaluate(p)[self.output] for p in (point, opposite, middle))
        return _relative(np.abs(one + two - 2 * zero), np.maximum(np.abs(one), np.abs(two)))

    def sentence(self, graph: Graph) -> str:
        return f"{_new(graph, self.output)} is affine in {_leaves(graph, self.leaves)}"


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
        return _relative(-agreement, one)

    def sentence(self, graph: Graph) -> str:
        relation = "the same sign" if self.sign > 0 else "opposite signs"
        return f"{_new(graph, self.output)} and {_new(graph, self.other)} have {relation}"


@dataclass(frozen=True)
class Parity(Invariant):
    """Negating the leaves multiplies it by `sign`."""

    kind: ClassVar[str] = "parity"
    leaves: tuple[int, ...]
    sign: int

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for leaves in _groups(1 + len(form.graph.states)):
            for output, polynomial in enumerate(form.outputs):
                sign = _parity(form.ring, polynomial, leaves, {})
                if sign and polynomial:
                    yield cls(output, leaves, sign)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        one, two = (
            evaluate(p)[self.output] for p in (point, _changed(point, self.leaves, np.negative))
        )
        return _relative(np.abs(one - self.sign * two), one)

    def sentence(self, graph: Graph) -> str:
        what = "odd" if self.sign < 0 else "even"
        return f"{_new(graph, self.output)} is {what} in {_leaves(graph, self.leaves)}"


@dataclass(frozen=True)
class Fixed(Invariant):
    """No parameter influences it: it is one function, that of `graph`."""

    kind: ClassVar[str] = "fixed"
    graph: Graph = field(repr=False)

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, polynomial in enumerate(form.outputs):
            atoms = (form.ring.atoms[n] for n in form.ring.reachable([polynomial]))
            if all(a.op not in ("param", "linear") for a in atoms):
                yield cls(output, form.graph)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        size = point[1][0].shape[-1]
        zeros = {p.name: np.zeros(p.sizes(size, size)) for p in self.graph.parameters}
        wanted = precise.outputs(self.graph, point[0], point[1], zeros)[self.output]
        return _relative(np.abs(evaluate(point)[self.output] - wanted), wanted)

    def sentence(self, graph: Graph) -> str:
        return f"{_new(graph, self.output)} is one function of input and states"

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "output": self.output}


KINDS: tuple[type[Invariant], ...] = (Independent, Bounded, Grows, SameSign, Parity, Affine, Fixed)


def invariants(graph: Graph) -> tuple[Invariant, ...]:
    """All that are found to hold for a cell.  Raises OutOfBudget."""
    form = normal_form(graph, Ring(laws=LAWS))
    ranges = RangeAnalysis(graph)
    return tuple(invariant for kind in KINDS for invariant in kind.of(form, ranges))


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
        if atom.op in ("input", "state"):
            leaf = 0 if atom.op == "input" else 1 + int(atom.name or 0)
            inner = -1 if leaf in leaves else 1
        elif atom.op not in (*_ODD, "linear", "param"):
            inner = abs(inner) if inner == 1 or atom.op in _EVEN else 0
        known[number] = inner
    return known[number]


def _groups(count: int) -> list[tuple[int, ...]]:
    """Each leaf alone, all states, everything."""
    single = [(k,) for k in range(count)]
    several = [tuple(range(1, count)), tuple(range(count))]
    return list(dict.fromkeys(single + several))


def _changed(point: Point, leaves: Sequence[int], change: Callable[[Any], Any]) -> Point:
    values = [change(v) if k in leaves else v for k, v in enumerate((point[0], *point[1]))]
    return values[0], tuple(values[1:])


def _difference(evaluate: Evaluate, one: Point, two: Point, output: int) -> Array:
    first, second = (evaluate(p)[output] for p in (one, two))
    return _relative(np.abs(first - second), first)


def _relative(gap: Array, value: Array) -> Array:
    """The greatest gap of each point, relative to values greater than 1; 0 where not finite."""
    scaled = gap / np.maximum(1, np.abs(value))
    worst: Array = np.where(np.isfinite(scaled), scaled, 0).max(axis=-1)
    return worst


def _new(graph: Graph, output: int) -> str:
    names = {index: name for name, index in graph.values}
    return names.get(graph.outputs[output], f"new {graph.states[output]}")


def _leaf(graph: Graph, leaf: int) -> str:
    return (graph.input, *graph.states)[leaf]


def _leaves(graph: Graph, leaves: Sequence[int]) -> str:
    names = [_leaf(graph, k) for k in leaves]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} together"


def _scaled(factor: Fraction, name: str) -> str:
    return f"{float(factor):g}{name}" if factor != 1 or not name else name


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


__all__ = ["KINDS", "Evaluate", "Invariant", "Point", "invariants"]
