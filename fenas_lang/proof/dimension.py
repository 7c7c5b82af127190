"""How many dimensions the functions have that a cell can be: a rank, against a parameter count.

If all functions of one cell were functions of another, those with n parameters, then the map from
the first one's parameters to its outputs at any points would take its values in the image of n
numbers under a Lipschitz map, and its Jacobian could nowhere have a rank above n.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array, interpret
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.normal_form import Ring, normal_form

STEPS = (2e-5, 1e-5)
AGREEMENT = 1e-6
"""How far the Jacobians of both steps may be apart, in the Frobenius norm."""
SINGULAR = 1e-3
"""Singular values above are certainly not zero: they move less than a Jacobian's error."""


@dataclass(frozen=True)
class Dimension:
    """A cell has `count` parameters for D = H = 2 that influence it."""

    kind: ClassVar[str] = "parameters"
    count: int

    def sentence(self, graph: Graph) -> str:
        return f"{graph.name} has {self.count} parameters for D = H = 2"

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "count": self.count}


def parameter_count(graph: Graph, size: int) -> int:
    """Numbers in all parameters that influence an output.  Raises OutOfBudget."""
    present = normal_form(graph, Ring(laws=LAWS)).parameters
    return sum(int(np.prod(p.sizes(size, size))) for p in graph.parameters if p.name in present)


def dimension(
    graph: Graph, point: tuple[Array, tuple[Array, ...]], parameters: Mapping[str, Array]
) -> int:
    """A certain lower bound on the rank of the Jacobian by the parameters; 0 if there is none."""
    coarse, fine = (_jacobian(graph, point, parameters, step) for step in STEPS)
    error = float(np.linalg.norm(coarse - fine))
    if not error < AGREEMENT:
        return 0
    return int((np.linalg.svd(fine, compute_uv=False) > SINGULAR).sum())


def _jacobian(
    graph: Graph,
    point: tuple[Array, tuple[Array, ...]],
    parameters: Mapping[str, Array],
    step: float,
) -> Array:
    """(parameters, outputs), by central differences."""
    rows = []
    for name, value in parameters.items():
        for index in np.ndindex(value.shape):
            moved = np.zeros_like(value)
            moved[index] = step
            up, down = (
                np.concatenate(interpret(graph, *point, {**parameters, name: value + change}), -1)
                for change in (moved, -moved)
            )
            rows.append((up - down).ravel() / (2 * step))
    return np.array(rows)
