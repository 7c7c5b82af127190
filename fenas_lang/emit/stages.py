"""What an emitter is given: one cell at every stage of the compiler, each made when first read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.schedule import make_plan
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


@dataclass(frozen=True)
class Stages:
    """A cell and what it becomes.

    `space` replaces the cell's own, as `--space` does.  Every stage raises `FenError` where the
    cell does not check.  The sizes and the seed of the weights are for targets that hold weights.
    """

    cell: Cell
    space: Space | None = None
    input_size: int = 300
    hidden_size: int = 300
    seed: int = 0

    @cached_property
    def dataflow(self) -> Dataflow:
        """The flat cell, dead nodes included."""
        return lower(self.cell, self.space)

    @cached_property
    def graph(self) -> Graph:
        """The live part over primitives."""
        return expand(self.dataflow)

    @cached_property
    def plan(self) -> Plan:
        """What to compute, in which order, fused how."""
        return make_plan(self.graph)
