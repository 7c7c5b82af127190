"""Two cells that are certainly different: an invariant of one, and where the other violates it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from fenas_lang.ir.dependence import forces_square
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array, interpret
from fenas_lang.proof import precise
from fenas_lang.proof.dimension import Dimension, dimension, parameter_count
from fenas_lang.proof.invariants import (
    Evaluate,
    Invariant,
    Point,
    changed,
    everything,
    invariants,
)

SIZE = 2
"""D and H of witnesses against invariants."""
SIZES = ((SIZE, SIZE), (1, 2), (3, 1))
"""D and H where dimensions are compared."""
MARGIN = 1e-3
"""By how much a witness violates an invariant at least, relative to its values."""
POINTS = 64
MOST_ATOMS = 150
"""In normal forms of cells whose dimensions are also compared where a leaf is zero."""
MAX_RANKS = 2
"""Jacobians that are made for one claim, and as many where a leaf is zero."""
SCALES = (1.0, 3.0, 1.0, 3.0)
"""Of parameters and values, in the settings that are tried."""


@dataclass(frozen=True)
class Witness:
    """Parameters of a cell, and points."""

    x: Array
    states: tuple[Array, ...]
    parameters: dict[str, Array]

    @property
    def point(self) -> Point:
        return self.x, self.states

    def as_json(self) -> dict[str, Any]:
        return {
            "x": self.x.tolist(),
            "states": [state.tolist() for state in self.states],
            "parameters": {name: value.tolist() for name, value in self.parameters.items()},
        }


@dataclass(frozen=True)
class Refutation:
    """`violated` holds for one cell, and `witness` says where the other violates it."""

    violated: Invariant | Dimension
    witness: Witness
    gap: float


def refute(graph: Graph, other: Graph) -> Refutation | None:
    """Why a cell is not contained in another, if that is found.  Raises OutOfBudget."""
    for zero in ((), everything(graph)):
        found = _by_invariants(graph, other, zero)
        if found is not None:
            return found
    return _by_dimension(graph, other)


def _by_invariants(graph: Graph, other: Graph, zero: tuple[int, ...]) -> Refutation | None:
    wanted = invariants(other, zero)
    tries = [draw(graph, POINTS, scale, seed) for seed, scale in enumerate(SCALES)]
    evaluations = [_remembering(graph, drawn.parameters) for drawn in tries]
    for invariant in wanted:
        for drawn, evaluate in zip(tries, evaluations, strict=True):
            found = _violation(graph, invariant, drawn, evaluate)
            if found is not None:
                return found
    return None


def _remembering(graph: Graph, parameters: dict[str, Array]) -> Evaluate:
    """The cell's outputs, computed once at each point."""
    known: dict[tuple[bytes, ...], tuple[Array, ...]] = {}

    def evaluate(point: Point) -> tuple[Array, ...]:
        key = (point[0].tobytes(), *(state.tobytes() for state in point[1]))
        if key not in known:
            known[key] = interpret(graph, point[0], point[1], parameters)
        return known[key]

    return evaluate


def draw(
    graph: Graph, points: int, scale: float, seed: int, sizes: tuple[int, int] = (SIZE, SIZE)
) -> Witness:
    """Short numbers; `sizes` are D and H."""
    rng = np.random.default_rng(seed)

    def numbers(*shape: int) -> Array:
        drawn: Array = (scale * rng.standard_normal(shape)).round(2)
        return drawn

    x = numbers(points, sizes[0])
    states = [numbers(points, sizes[1]) for _ in graph.states]
    parameters = {p.name: numbers(*p.sizes(*sizes)) for p in graph.parameters}
    return Witness(x, tuple(states), parameters)


def _violation(
    graph: Graph, invariant: Invariant, drawn: Witness, evaluate: Evaluate
) -> Refutation | None:
    gaps = invariant.violation(evaluate, drawn.point)
    worst = int(gaps.argmax())
    if gaps[worst] <= MARGIN:
        return None
    rows = [worst, POINTS - 1 - worst]
    witness = Witness(drawn.x[rows], tuple(s[rows] for s in drawn.states), drawn.parameters)
    gap = gap_at(graph, invariant, witness)
    return Refutation(invariant, witness, gap) if gap > MARGIN else None


def gap_at(graph: Graph, invariant: Invariant, witness: Witness) -> float:
    """By how much a cell violates an invariant at a witness, from fifty digits."""
    evaluate: Evaluate = partial(_precisely, graph, witness)
    return float(invariant.violation(evaluate, witness.point).max())


def _precisely(graph: Graph, witness: Witness, point: Point) -> tuple[Array, ...]:
    return precise.outputs(graph, point[0], point[1], witness.parameters)


def _by_dimension(graph: Graph, other: Graph) -> Refutation | None:
    """By the rank, where the counts of parameters are furthest apart; first with all leaves."""
    square = forces_square(graph) or forces_square(other)
    sizes = SIZES[:1] if square else SIZES
    large = max(len(invariants(g, ()).form.atoms) for g in (graph, other)) > MOST_ATOMS
    for zeros in ([()], [] if large else [(leaf,) for leaf in everything(graph)]):
        promising = []
        for zero, size in product(zeros, sizes):
            most, count = (parameter_count(g, size, zero) for g in (graph, other))
            if most > count:
                promising.append((most / (count + 1), Dimension(count, size, zero)))
        promising.sort(key=lambda pair: -pair[0])
        for _, violated in promising[:MAX_RANKS]:
            found = _by_rank(graph, violated)
            if found is not None:
                return found
    return None


def _by_rank(graph: Graph, violated: Dimension) -> Refutation | None:
    points = violated.count // violated.sizes[1] + 8
    drawn = draw(graph, points, 1.0, 0, violated.sizes)
    at = changed(drawn.point, violated.zero, np.zeros_like)
    gap = dimension(graph, at, drawn.parameters) - violated.count
    return Refutation(violated, drawn, gap) if gap > 0 else None
