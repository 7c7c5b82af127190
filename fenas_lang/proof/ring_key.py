"""The second key: equal for cells that are one function by algebra, at corresponding parameters."""

from __future__ import annotations

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.normal_form import NormalForm
from fenas_lang.proof.renaming import canonical_of, unnamed_form

KEY_VERSION = "ring1"
NO_RING_KEY = f"{KEY_VERSION}:none"
"""The key of a cell whose normal form is too large."""
BUDGET = 40_000
"""Part of the key's version: what is past it has no key."""


def ring_key(graph: Graph) -> str:
    """`ring1:` and 32 hexadecimal digits, or `ring1:none` past the budget.

    Two cells with one key have the same normal form under the laws, up to names of parameters.
    """
    return key_of(form_for_key(graph))


def form_for_key(graph: Graph) -> NormalForm | None:
    """The normal form that a graph has its key of; None past the budget."""
    try:
        return unnamed_form(graph, BUDGET)
    except OutOfBudget:
        return None


def key_of(form: NormalForm | None) -> str:
    """The same key, from that form."""
    try:
        return NO_RING_KEY if form is None else f"{KEY_VERSION}:{canonical_of(form).digest}"
    except OutOfBudget:
        return NO_RING_KEY
