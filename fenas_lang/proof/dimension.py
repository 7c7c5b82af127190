"""How many dimensions the functions have that a cell can be: a rank, against a parameter count.

If all functions of one cell were functions of another, which depends on n numbers only, then the
map from the first one's parameters to its outputs at any points would take its values in the image
of n numbers under a Lipschitz map, and its Jacobian could nowhere have a rank above n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, ClassVar

import numpy as np

from fenas_lang.ir.graph import HIDDEN_SIZE, INPUT_SIZE, Graph
from fenas_lang.ir.interpret import Array
from fenas_lang.proof.composites import composites
from fenas_lang.proof.invariants import invariants
from fenas_lang.proof.jacobian import jacobian

SINGULAR = 1e-6
"""Singular values above this and the error are counted."""
_SVD_ERROR = 1e-11
"""Of a singular value, relative to the greatest: far above what LAPACK's algorithm can be off."""


@dataclass(frozen=True)
class Dimension:
    """A cell depends on `count` numbers, for D and H as in `sizes`, leaves in `zero` being zero."""

    kind: ClassVar[str] = "parameters"
    count: int
    sizes: tuple[int, int] = (2, 2)
    zero: tuple[int, ...] = ()

    def in_words(self, graph: Graph) -> str:
        d, h = self.sizes
        size = f"D = H = {d}" if d == h else f"D = {d}, H = {h}"
        names = [(graph.input, *graph.states)[leaf] for leaf in self.zero]
        where = f" where {' and '.join(names)} {'is' if len(names) == 1 else 'are'} 0"
        return f"{graph.name} has {self.count} parameters for {size}{where if names else ''}"

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"kind": self.kind, "count": self.count, "sizes": [*self.sizes]}
        return {**shown, "zero": [*self.zero]} if self.zero else shown


def parameter_count(graph: Graph, sizes: tuple[int, int], zero: tuple[int, ...] = ()) -> int:
    """How many numbers, made of its parameters, a cell's outputs depend on.

    Those of all parameters that influence an output, or those of the matrices and vectors that
    these are always met in (`V W`, `b + V c`), whichever are fewer.  Raises OutOfBudget.
    """
    parameters, met = _counted(graph, zero)
    sides = dict(zip((INPUT_SIZE, HIDDEN_SIZE), sizes, strict=True))
    return min(
        sum(prod(sides[s] for s in shape) for shape in shapes) for shapes in (parameters, met)
    )


Shapes = tuple[tuple[str, ...], ...]


@lru_cache(maxsize=32)
def _counted(graph: Graph, zero: tuple[int, ...]) -> tuple[Shapes, Shapes]:
    """Shapes of the parameters that have influence, and of what they are met in."""
    form = invariants(graph, zero).form
    present = (p.shape for p in graph.parameters if p.name in form.parameters)
    return tuple(present), tuple(c.shape for c in composites(form))


def dimension(
    graph: Graph, point: tuple[Array, tuple[Array, ...]], parameters: Mapping[str, Array]
) -> int:
    """A certain lower bound on the rank of the Jacobian by the parameters.

    By Weyl's inequality no singular value is further from the computed one than the error of the
    matrix in the Frobenius norm, which `jacobian` bounds.
    """
    values, errors = jacobian(graph, point, parameters)
    error = float(np.sqrt(np.sum(errors**2)))
    if not np.isfinite(error) or not np.isfinite(values).all() or not values.size:
        return 0
    singular = np.linalg.svd(values, compute_uv=False)
    return int((singular > SINGULAR + 2 * error + _SVD_ERROR * singular.max(initial=0)).sum())
