"""Two cells that are certainly different: an invariant of one, and where the other violates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array, interpret
from fenas_lang.proof import precise
from fenas_lang.proof.dimension import Dimension, dimension, parameter_count
from fenas_lang.proof.invariants import Evaluate, Invariant, Point

SIZE = 2
"""D and H of witnesses."""
MARGIN = 1e-3
"""By how much a witness violates an invariant at least, relative to its values."""
POINTS = 64
SCALES = (1.0, 3.0, 1.0, 3.0)
"""Of parameters and values, in the settings that are tried."""


@dataclass(frozen=True)
class Witness:
    """Parameters of a cell, and points, for D = H = 2."""

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


def refute(
    graph: Graph, other: Graph, own: Sequence[Invariant], others: Sequence[Invariant]
) -> Refutation | None:
    """Why a cell is not contained in another, whose invariants `others` are, if that is found."""
    wanted = [invariant for invariant in others if invariant not in own]
    for trial, scale in enumerate(SCALES if wanted else ()):
        drawn = draw(graph, POINTS, scale, seed=trial)
        for invariant in wanted:
            found = _violation(graph, invariant, drawn)
            if found is not None:
                return found
    return _by_dimension(graph, other)


def draw(graph: Graph, points: int, scale: float, seed: int) -> Witness:
    """Short numbers."""
    rng = np.random.default_rng(seed)
    x, *states = (scale * rng.standard_normal((1 + len(graph.states), points, SIZE))).round(2)
    parameters = {
        p.name: (scale * rng.standard_normal(p.sizes(SIZE, SIZE))).round(2)
        for p in graph.parameters
    }
    return Witness(x, tuple(states), parameters)


def _violation(graph: Graph, invariant: Invariant, drawn: Witness) -> Refutation | None:
    def evaluate(point: Point) -> tuple[Array, ...]:
        return interpret(graph, point[0], point[1], drawn.parameters)

    gaps = invariant.gap(evaluate, drawn.point)
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
    return float(invariant.gap(evaluate, witness.point).max())


def _precisely(graph: Graph, witness: Witness, point: Point) -> tuple[Array, ...]:
    return precise.outputs(graph, point[0], point[1], witness.parameters)


def _by_dimension(graph: Graph, other: Graph) -> Refutation | None:
    count = parameter_count(other, SIZE)
    own = parameter_count(graph, SIZE)
    if own <= count:
        return None
    drawn = draw(graph, own + 8, 1.0, seed=0)
    found = dimension(graph, drawn.point, drawn.parameters)
    return Refutation(Dimension(count), drawn, found - count) if found > count else None
