"""How a cell is related to those of the shipped library: equal, containing, or contained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from fenas_lang.check.loader import one_cell, shipped, shipped_cells
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.kin import Subject, related
from fenas_lang.proof.verdicts import Kind
from fenas_lang.syntax.ast import Cell

WORDS = {
    Kind.REPARAMETRISED: "It equals {} after a change of parameters that can be undone.",
    Kind.SAME_FAMILY: "It and {} become each other by a choice of parameters.",
    Kind.CONTAINS: "It contains {}, by fixing or tying some of its parameters.",
    Kind.CONTAINED_IN: "It is contained in {}, by fixing or tying some of the parameters there.",
}
"""What the report says; cells that are simply equal it names before."""


@dataclass(frozen=True)
class Relation:
    """A proved verdict on a cell and a shipped one; `square` where D = H is assumed."""

    name: str
    kind: Kind
    square: bool


def relations(cell: Cell, dataflow: Dataflow) -> tuple[Relation, ...] | None:
    """What is proved within a second or so, other than about this very cell, strongest first.

    None where the cell is too large to be compared.
    """
    subject = Subject(expand(dataflow))
    if subject.form is None:
        return None
    found = [
        Relation(name, _kind(finding.kind, dataflow, known.dataflow), finding.square)
        for name, known in _library().items()
        if known.cell != cell and (finding := related(subject, known.subject)) is not None
    ]
    return tuple(sorted(found, key=lambda relation: list(Kind).index(relation.kind)))


def _kind(kind: Kind, one: Dataflow, two: Dataflow) -> Kind:
    """As `prove` says it: Identical where even the graphs are the same."""
    with suppress(FenError):
        if kind == Kind.EQUAL and canonical_key(one) == canonical_key(two):
            return Kind.IDENTICAL
    return kind


@dataclass(frozen=True)
class _Known:
    cell: Cell
    dataflow: Dataflow
    subject: Subject


@cache
def _library() -> Mapping[str, _Known]:
    return {name: _known(one_cell(shipped(name))) for name in shipped_cells()}


def _known(cell: Cell) -> _Known:
    dataflow = lower(cell)
    return _Known(cell, dataflow, Subject(expand(dataflow)))


def sentences(found: tuple[Relation, ...]) -> Iterator[str]:
    """One for each kind weaker than Equal."""
    for kind, same in groupby(found, key=lambda relation: relation.kind):
        if kind in WORDS:
            names = (f"{r.name} (where D = H)" if r.square else r.name for r in same)
            yield WORDS[kind].format(", ".join(names))
