"""What an invariant is: a statement that holds for a cell whatever its parameters are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.normal_form import Atom, NormalForm

Point = tuple[Array, tuple[Array, ...]]
"""An input (N, D), and states (N, H)."""
Evaluate = Callable[[Point], tuple[Array, ...]]
"""A cell with some parameters: its outputs at a point."""


@dataclass(frozen=True)
class Invariant:
    """One statement about output number `output`, where the leaves in `zero` are zero.

    Leaf 0 is the input, then come the states.
    """

    kind: ClassVar[str] = ""
    output: int
    zero: tuple[int, ...] = field(default=(), kw_only=True)

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        """All of this kind that hold for a cell; `zero` is left to the caller."""
        raise NotImplementedError

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        """(N,), how far the cell is from it at each point, relative to its values."""
        raise NotImplementedError

    def sentence(self, graph: Graph) -> str:
        """In words, with the names of a cell that it holds for."""
        raise NotImplementedError

    def violation(self, evaluate: Evaluate, point: Point) -> Array:
        """The gap where the leaves in `zero` are zero; values that overflow count for nothing."""
        with np.errstate(all="ignore"):
            return self.gap(evaluate, changed(point, self.zero, np.zeros_like))

    def in_words(self, graph: Graph) -> str:
        """The sentence, and where it holds."""
        if not self.zero:
            return self.sentence(graph)
        names = " and ".join(leaf_name(graph, leaf) for leaf in self.zero)
        return f"{self.sentence(graph)} where {names} {'is' if len(self.zero) == 1 else 'are'} 0"

    def as_json(self) -> dict[str, Any]:
        shown = {k: _plain(v) for k, v in vars(self).items() if k != "zero" or v}
        return {"kind": self.kind, **shown}


def leaf_number(atom: Atom) -> int | None:
    """The number of a leaf; None for other atoms."""
    if atom.op == "input":
        return 0
    return 1 + int(atom.name or 0) if atom.op == "state" else None


def groups(count: int) -> list[tuple[int, ...]]:
    """Each leaf alone, all states, everything."""
    single = [(k,) for k in range(count)]
    several = [tuple(range(1, count)), tuple(range(count))]
    return list(dict.fromkeys(single + several))


def changed(point: Point, leaves: Sequence[int], change: Callable[[Any], Any]) -> Point:
    """A point with some leaves replaced by a function of them."""
    values = [change(v) if k in leaves else v for k, v in enumerate((point[0], *point[1]))]
    return values[0], tuple(values[1:])


def exchanged(value: Array) -> Array:
    """The first component from another point, the others as they are."""
    moved: Array = value.copy()
    moved[..., 0] = value[::-1, 0]
    return moved


def relative(gap: Array, value: Array) -> Array:
    """The greatest gap of each point, relative to values greater than 1; 0 where not finite."""
    scaled = gap / np.maximum(1, np.abs(value))
    worst: Array = np.where(np.isfinite(scaled), scaled, 0).max(axis=-1)
    return worst


def new_name(graph: Graph, output: int) -> str:
    names = {index: name for name, index in graph.values}
    return names.get(graph.outputs[output], f"new {graph.states[output]}")


def leaf_name(graph: Graph, leaf: int) -> str:
    return (graph.input, *graph.states)[leaf]


def leaf_names(graph: Graph, leaves: Sequence[int]) -> str:
    names = [leaf_name(graph, k) for k in leaves]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} together"


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return str(value)
    return [_plain(v) for v in value] if isinstance(value, tuple) else value
