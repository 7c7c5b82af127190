"""What to compute for a cell over a sequence, in which order, and fused how: plain data.

A plan says nothing about execution.  Emitted torch reads it, and so can a native kernel and its
reverse mode.  All numbers are indices of nodes in the plan's own graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fenas_lang.ir.graph import Graph


@dataclass(frozen=True, slots=True)
class Column:
    """One weighted edge of a fused product: `result = base + W · source`.

    `linear` is the edge's own node.  `base` is what it accumulates onto, a bias or a value computed
    earlier, and `result` their sum; without a base, `result` is `linear` itself.
    """

    linear: int
    base: int | None
    result: int


@dataclass(frozen=True, slots=True)
class Product:
    """The weighted edges that are ready together and share a source, as one matrix."""

    source: int
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """Matrix products in order, then the elementwise work that they make ready, in order.

    A product may accumulate onto the result of an earlier one of the same level.
    """

    products: tuple[Product, ...]
    pointwise: tuple[int, ...]

    @property
    def computed(self) -> Iterator[int]:
        """The nodes that this level computes; each weighted edge, then the sum it is part of."""
        for product in self.products:
            for column in product.columns:
                yield column.linear
                if column.base is not None:
                    yield column.result
        yield from self.pointwise


@dataclass(frozen=True)
class Plan:
    """A cell's schedule.

    `before` is computed once for all rows of all time steps and depends on no state; `loop` once a
    time step.  `handed` are the values of `before` that the loop or an output reads.
    """

    graph: Graph
    before: tuple[Level, ...]
    loop: tuple[Level, ...]
    handed: tuple[int, ...]
