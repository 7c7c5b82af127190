"""What all candidates of a comparison compute: one cell, the same weights, the same input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from fenas_lang.bench.settings import INFERENCE, Settings
from fenas_lang.bench.shapes import Shape
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile as build
from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.syntax.ast import Cell

EARLY = 6
"""Many random cells are chaotic: only so many first time steps are compared."""

Values = Sequence[Any]
"""The output (T, B, H) and in training the gradient of x (T, B, D), as NumPy can read them."""


class Unavailable(Exception):
    """Why a peer cannot take part; the message is a clause without a full stop."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A cell at a shape.

    `x` is (T, B, D); `cotangent` (T, B, H) is the gradient of the output, and `early` the same, but
    zero from time step 6 on.  `edges` are the parameters by the names of the language.  States
    begin at zero.
    """

    cell: Cell
    dataflow: Dataflow
    graph: Graph
    shape: Shape
    settings: Settings
    x: Tensor = field(repr=False)
    cotangent: Tensor = field(repr=False)
    early: Tensor = field(repr=False)
    edges: dict[str, Tensor] = field(repr=False)

    def states(self) -> tuple[Tensor, ...]:
        size = (self.shape.batch, self.shape.hidden_size)
        return tuple(self.x.new_zeros(size) for _ in self.dataflow.states)

    def layer(self) -> CompiledLayer:
        """A layer of this package with the problem's weights.  Raises FenError (FEN201)."""
        shape, dtype = self.shape, self.x.dtype
        made = build(self.cell, shape.input_size, shape.hidden_size, dtype=dtype)
        made.load_edges(self.edges)
        return made

    def reference(self) -> Problem:
        """The first time steps in double precision."""
        return replace(
            self,
            shape=replace(self.shape, time=min(EARLY, self.shape.time)),
            x=self.x[:EARLY].double(),
            cotangent=self.early[:EARLY].double(),
            early=self.early[:EARLY].double(),
            edges={name: edge.double() for name, edge in self.edges.items()},
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """One way to run a problem.

    `inference()` and `training(early)` do one step and return when it is done; None where it
    cannot.  `same` is false for a layer that is another cell.  `seconds` is what a compiler took
    before the first run, and `note` says more about it.
    """

    name: str
    inference: Callable[[], Values] | None = None
    training: Callable[[bool], Values] | None = None
    same: bool = True
    seconds: float = 0.0
    note: str = ""

    def run(self, step: str, early: bool = False) -> Callable[[], Values] | None:
        """What does one step, or None; `early` is for training alone."""
        if step == INFERENCE:
            return self.inference
        return None if self.training is None else partial(self.training, early)


def pose(cell: Cell, shape: Shape, settings: Settings) -> Problem:
    """A problem with weights and inputs drawn from the seed.

    Raises FenError where the cell does not check, or has no layer of such sizes (FEN201).
    """
    dataflow = lower(cell)
    made = torch.Generator().manual_seed(settings.seed)
    dtype = settings.torch_dtype
    x = torch.randn(shape.time, shape.batch, shape.input_size, generator=made, dtype=dtype)
    cotangent = torch.randn(shape.time, shape.batch, shape.hidden_size, generator=made, dtype=dtype)
    early = cotangent.clone()
    early[EARLY:] = 0
    bound = shape.hidden_size**-0.5
    edges = {
        p.name: torch.empty(p.sizes(shape.input_size, shape.hidden_size), dtype=dtype).uniform_(
            -bound, bound, generator=made
        )
        for p in dataflow.parameters
    }
    graph = expand(dataflow)
    posed = Problem(cell, dataflow, graph, shape, settings, x, cotangent, early, edges)
    posed.layer()
    return posed


def torch_candidate(
    name: str,
    problem: Problem,
    forward: Callable[[Tensor], Tensor],
    parameters: Sequence[Tensor],
    **facts: Any,
) -> Candidate:
    """A candidate that torch differentiates; `forward` maps x to the output."""
    x = problem.x.clone().requires_grad_()

    def inference() -> Values:
        with torch.no_grad():
            return (forward(x),)

    def training(early: bool) -> Values:
        output = forward(x)
        if output.requires_grad:
            torch.autograd.backward(output, problem.early if early else problem.cotangent)
        gradient, x.grad = x.grad, None
        for parameter in parameters:
            parameter.grad = None
        return output.detach(), torch.zeros_like(x) if gradient is None else gradient

    return Candidate(name, inference, training, **facts)
