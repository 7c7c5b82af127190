"""The analysis of a cell: everything that `fenasc analyze` reports, as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fenas_lang.analysis.cost import Formula, operation_count, parameter_count
from fenas_lang.analysis.equations import Equation, equations
from fenas_lang.analysis.gradients import GradientPaths, gradient_paths
from fenas_lang.analysis.identity import equivalents, form_of, recognised
from fenas_lang.analysis.recurrence import Recurrence, recurrence
from fenas_lang.analysis.relations import Relation, relations
from fenas_lang.analysis.structure import Structure, structure
from fenas_lang.check.check import checked
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.canonical import KEY_VERSION, canonical_key
from fenas_lang.ir.graph import Dataflow, ParameterShape
from fenas_lang.ir.lower import expand, lower_checked
from fenas_lang.proof.normal_form import NormalForm
from fenas_lang.proof.references import Recognition
from fenas_lang.proof.ring_key import ring_key
from fenas_lang.rules.analysis import SIZES
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


@dataclass(frozen=True)
class Analysis:
    """What is known of a cell.

    `space_nodes` counts nodes as the space does, a call of one of its `fn`s as one.  `square_edges`
    are the (node, source) pairs that force D = H.  `normal_form` is None where it would be too
    large; then nothing was recognised, and what cancels was not found.  `vanishing` names live
    parameters that have no influence on any output.
    """

    cell: Cell
    dataflow: Dataflow
    space_nodes: int
    input_size: int
    hidden_size: int
    structure: Structure
    parameters: Formula
    flops: Formula
    recurrence: Recurrence
    gradient_paths: tuple[GradientPaths, ...]
    equations: tuple[Equation, ...]
    normal_form: NormalForm | None
    recognised: Recognition | None
    equivalents: tuple[str, ...]
    canonical_key: str
    ring_key: str

    @property
    def name(self) -> str:
        return self.dataflow.name

    @property
    def parameter_shapes(self) -> tuple[ParameterShape, ...]:
        """Every parameter of a live node, in the order of nodes."""
        return self.dataflow.parameters

    @property
    def square_edges(self) -> tuple[tuple[str, str], ...]:
        return tuple((node.name, self.dataflow.input) for node, _ in self.dataflow.square_edges)

    @property
    def vanishing(self) -> tuple[str, ...]:
        if self.normal_form is None:
            return ()
        present = self.normal_form.parameters
        return tuple(p.name for p in self.parameter_shapes if p.name not in present)

    @cached_property
    def relations(self) -> tuple[Relation, ...] | None:
        """What is proved about the cell and shipped ones; None where it is too large to say.

        Computed when asked for: it takes as long as all the rest, up to a second or so.
        """
        return relations(self.cell, self.dataflow) if self.normal_form else None

    def as_json(self) -> dict[str, Any]:
        """The documented JSON object of `fenasc analyze --format json`."""
        from fenas_lang.analysis.document import document

        return document(self)

    def as_text(self) -> str:
        """The report for people."""
        from fenas_lang.analysis.text import report

        return report(self)

    def __str__(self) -> str:
        return self.as_text()


def analyze(
    cell: Cell, input_size: int = 300, hidden_size: int = 300, space: Space | None = None
) -> Analysis:
    """Analyse a cell for vectors of the given sizes, in its own space or `space`.

    Where the cell forces D = H, all vectors have the hidden size.  Raises FenError for a cell that
    does not check, or a size below 1.
    """
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise SIZES.error(name=name, value=size)
    source = checked(cell, space)
    dataflow = lower_checked(source)
    graph = expand(dataflow)
    form = form_of(graph)
    return Analysis(
        cell=cell,
        dataflow=dataflow,
        space_nodes=len(source.in_space.nodes) - (source.mean is not None),
        input_size=hidden_size if dataflow.forces_square else input_size,
        hidden_size=hidden_size,
        structure=structure(dataflow),
        parameters=parameter_count(dataflow, input_size, hidden_size),
        flops=operation_count(graph, dataflow, input_size, hidden_size),
        recurrence=recurrence(graph, form),
        gradient_paths=gradient_paths(dataflow),
        equations=equations(dataflow),
        normal_form=form,
        recognised=recognised(graph),
        equivalents=equivalents(cell, graph, form),
        canonical_key=_key(dataflow),
        ring_key=ring_key(graph),
    )


def _key(dataflow: Dataflow) -> str:
    """The canonical key; `fen1:none` for a cell that is too large and regular to have one."""
    try:
        return canonical_key(dataflow)
    except FenError:
        return f"{KEY_VERSION}:none"
