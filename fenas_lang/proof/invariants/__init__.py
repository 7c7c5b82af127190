"""What holds for a cell whatever its parameters, inputs and states are.

Where it holds for one cell and fails for another at some parameters, the other is not contained in
the first.  The same is true of both cells with some leaves set to zero, so invariants are also
looked for where all are: then a cell without biases is often fixed.  Each kind is one class: `of`
lists the invariants of a cell, `gap` measures by how much a cell violates one at given values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, lru_cache

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.invariants.base import Evaluate, Invariant, Point, changed
from fenas_lang.proof.invariants.bounds import Bounded, Grows, Side
from fenas_lang.proof.invariants.entry import Affine, Degree, Independent, Slope, Unmixed
from fenas_lang.proof.invariants.fixed import Fixed
from fenas_lang.proof.invariants.symmetry import Multiple, Parity, SameSign
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.normal_form import Ring, normal_form

KINDS: tuple[type[Invariant], ...] = (
    Independent,
    Bounded,
    Grows,
    SameSign,
    Multiple,
    Parity,
    Affine,
    Degree,
    Fixed,
    Unmixed,
    Side,
    Slope,
)


CONSTANT: tuple[type[Invariant], ...] = (Fixed, Bounded, Multiple)
"""Kinds that say something of outputs that depend on no input and no state."""


@lru_cache(maxsize=32)
def invariants(graph: Graph, zero: tuple[int, ...] = ()) -> Invariants:
    """Those of a cell where some leaves are zero.  Raises OutOfBudget."""
    return Invariants(graph, zero)


class Invariants:
    """All that are found to hold for a cell, each kind being looked for when it is asked for."""

    def __init__(self, graph: Graph, zero: tuple[int, ...]):
        self.zero = zero
        self.where = restricted(graph, zero)
        self.form = normal_form(self.where, Ring(laws=LAWS))
        self.kinds = KINDS if len(zero) <= len(graph.states) else CONSTANT
        self._known: dict[type[Invariant], tuple[Invariant, ...]] = {}

    @cached_property
    def ranges(self) -> RangeAnalysis:
        return RangeAnalysis(self.where)

    def of(self, kind: type[Invariant]) -> tuple[Invariant, ...]:
        """Those of one kind."""
        if kind not in self._known:
            found = kind.of(self.form, self.ranges)
            self._known[kind] = tuple(replace(one, zero=self.zero) for one in found)
        return self._known[kind]

    def __iter__(self) -> Iterator[Invariant]:
        for kind in self.kinds:
            yield from self.of(kind)


def everything(graph: Graph) -> tuple[int, ...]:
    """All leaves."""
    return tuple(range(1 + len(graph.states)))


def restricted(graph: Graph, zero: Sequence[int]) -> Graph:
    """The cell with zeros for some leaves."""
    if not zero:
        return graph
    names = [(graph.input, *graph.states)[leaf] for leaf in zero]
    nodes = tuple(
        Node("const", (), Fraction(0))
        if node.op in ("input", "state") and node.attribute in names
        else node
        for node in graph.nodes
    )
    return replace(graph, nodes=nodes)


__all__ = [
    "KINDS",
    "Evaluate",
    "Invariant",
    "Point",
    "changed",
    "everything",
    "invariants",
    "restricted",
]
