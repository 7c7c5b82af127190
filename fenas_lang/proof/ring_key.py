"""The second key: equal for cells that are one function by algebra, at corresponding parameters."""

from __future__ import annotations

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.renaming import canonical_form

KEY_VERSION = "ring1"
NO_RING_KEY = f"{KEY_VERSION}:none"
"""The key of a cell whose normal form is too large."""
BUDGET = 40_000
"""Part of the key's version: what is past it has no key."""


def ring_key(graph: Graph) -> str:
    """`ring1:` and 32 hexadecimal digits, or `ring1:none` past the budget.

    Two cells with one key have the same normal form under the laws, up to names of parameters.
    """
    try:
        return f"{KEY_VERSION}:{canonical_form(graph, BUDGET).digest}"
    except OutOfBudget:
        return NO_RING_KEY
