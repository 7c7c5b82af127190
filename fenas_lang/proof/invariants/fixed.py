"""Outputs that no parameter influences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array, interpret
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof import precise
from fenas_lang.proof.invariants.base import Evaluate, Invariant, Point, new_name, relative
from fenas_lang.proof.normal_form import NormalForm


@dataclass(frozen=True)
class Fixed(Invariant):
    """No parameter influences it: it is one function, that of `graph`."""

    kind: ClassVar[str] = "fixed"
    graph: Graph = field(repr=False)
    EXACTLY: ClassVar[int] = 2
    """Points that are evaluated with fifty digits, as many as a witness has; more are a search."""

    @classmethod
    def of(cls, form: NormalForm, ranges: RangeAnalysis) -> Iterator[Invariant]:
        for output, polynomial in enumerate(form.outputs):
            atoms = (form.ring.atoms[n] for n in form.ring.reachable([polynomial]))
            if all(a.op not in ("param", "linear") for a in atoms):
                yield cls(output, form.graph)

    def gap(self, evaluate: Evaluate, point: Point) -> Array:
        size = point[1][0].shape[-1]
        zeros = {p.name: np.zeros(p.sizes(size, size)) for p in self.graph.parameters}
        means = precise.outputs if len(point[0]) <= self.EXACTLY else interpret
        wanted = means(self.graph, point[0], point[1], zeros)[self.output]
        return relative(np.abs(evaluate(point)[self.output] - wanted), wanted)

    def sentence(self, graph: Graph) -> str:
        return f"{new_name(graph, self.output)} is one function of input and states"

    def as_json(self) -> dict[str, Any]:
        return {k: v for k, v in super().as_json().items() if k != "graph"}
