"""What a cell is equal to: a layer of PyTorch, or cells of the shipped library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from fenas_lang.check.loader import one_cell, shipped, shipped_cells
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.normal_form import NormalForm, OutOfBudget
from fenas_lang.proof.references import Recognition, recognise
from fenas_lang.proof.renaming import equal_up_to_renaming, unnamed_form
from fenas_lang.syntax.ast import Cell


def form_of(graph: Graph) -> NormalForm | None:
    """The normal form, or None where it would be too large."""
    try:
        return unnamed_form(graph)
    except OutOfBudget:
        return None


def recognised(graph: Graph) -> Recognition | None:
    """The layer of PyTorch that a graph is by its normal form; None also where it is too large."""
    try:
        return recognise(graph)
    except OutOfBudget:
        return None


def equivalents(cell: Cell, graph: Graph, form: NormalForm | None) -> tuple[str, ...]:
    """Shipped cells, other than this very one, that are equal by normal form up to a renaming."""
    if form is None:
        return ()
    candidates = _library().get(form.signature, {})
    return tuple(
        name for name, other in candidates.items() if other != cell and _equal(graph, other)
    )


def _equal(graph: Graph, other: Cell) -> bool:
    try:
        return equal_up_to_renaming(graph, expand(lower(other))) is not None
    except OutOfBudget:
        return False


@cache
def _library() -> Mapping[tuple[object, ...], Mapping[str, Cell]]:
    """Shipped cells by the signature of their normal form, then by name."""
    found: dict[tuple[object, ...], dict[str, Cell]] = {}
    for name in shipped_cells():
        cell = one_cell(shipped(name))
        form = form_of(expand(lower(cell)))
        if form is not None:
            found.setdefault(form.signature, {})[name] = cell
    return found
