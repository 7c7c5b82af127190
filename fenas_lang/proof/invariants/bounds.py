"""How large an output can get: absolutely, and against the states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.growth import growth
from fenas_lang.ir.interpret import Array
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.invariants.base import Evaluate, Invariant, Point, new_name, relative
from fenas_lang.proof.normal_form import NormalForm
from fenas_lang.proof.sides import one_sided

Forms = tuple[tuple[Fraction, ...], ...]


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
        return relative(np.maximum(below, above), value)

    def sentence(self, graph: Graph) -> str:
        name = new_name(graph, self.output)
        if self.low is None or self.high is None:
            sign, end = ("<=", self.high) if self.low is None else (">=", self.low)
            return f"{name} {sign} {float(end or 0):g}"
        return f"{float(self.low):g} <= {name} <= {float(self.high):g}"


@dataclass(frozen=True)
class Grows(Invariant):
    """Its magnitude is at most the greatest of `constant + Σ factor·|state|`."""

    kind: ClassVar[str] = "growth"
    forms: Forms

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        if all(None in sides for sides in one_sided(ranges)):
            return
        for output, found in enumerate(growth(ranges)):
            if found is not None:
                yield cls(output, tuple((f.constant, *f.states) for f in found))

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        value = np.abs(evaluate(point)[self.output])
        bound = _greatest(self.forms, [np.abs(s) for s in point[1]], value)
        return relative(value - bound, np.maximum(value, bound))

    def sentence(self, graph: Graph) -> str:
        bound = _in_words(self.forms, [f"|{s}|" for s in graph.states])
        return f"|{new_name(graph, self.output)}| <= {bound}"


@dataclass(frozen=True)
class Side(Invariant):
    """It is at most (`sign` 1), or its opposite is (-1), the greatest of some forms.

    Each is a constant plus multiples of every state's positive and negative part, both at least 0.
    """

    kind: ClassVar[str] = "side"
    sign: int
    forms: Forms

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, sides in enumerate(one_sided(ranges)):
            for sign, found in zip((1, -1), sides, strict=True):
                if found is not None and any(any(f.states) for f in found):
                    yield cls(output, sign, tuple((f.constant, *f.states) for f in found))

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        value = self.sign * evaluate(point)[self.output]
        parts = [np.maximum(sign * s, 0) for s in point[1] for sign in (1, -1)]
        bound = _greatest(self.forms, parts, value)
        return relative(value - bound, np.maximum(np.abs(value), np.abs(bound)))

    def sentence(self, graph: Graph) -> str:
        parts = [f"max({sign}{s}, 0)" for s in graph.states for sign in ("", "-")]
        name = ("-" if self.sign < 0 else "") + new_name(graph, self.output)
        return f"{name} <= {_in_words(self.forms, parts)}"


def _greatest(forms: Forms, parts: Sequence[Array], like: Array) -> Array:
    """The greatest of some forms over the given parts."""
    sizes = [np.ones_like(like), *parts]
    values = [
        np.sum([float(c) * size for c, size in zip(form, sizes, strict=True)], axis=0)
        for form in forms
    ]
    greatest: Array = np.max(values, axis=0)
    return greatest


def _in_words(forms: Forms, names: Sequence[str]) -> str:
    shown = [
        " + ".join(_scaled(c, n) for c, n in zip(form, ("", *names), strict=True) if c) or "0"
        for form in forms
    ]
    return shown[0] if len(shown) == 1 else f"max({', '.join(shown)})"


def _scaled(factor: Fraction, name: str) -> str:
    return f"{float(factor):g}{name}" if factor != 1 or not name else name
