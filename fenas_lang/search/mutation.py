"""What a mutation is, and the ones there are.

A mutation is a file of `fenas_lang/search/mutations` with a function `mutate(cell, space, rng,
output)`: from a flat cell of the space it makes another, or None where it has nothing to change.
The child is legal by construction, has the parent's states, and its first output is formed by the
rule `output`.  A mutation that changes the number of nodes says `KEEPS_NODES = False`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from types import ModuleType

from fenas_lang import registry
from fenas_lang.rules import search as rules
from fenas_lang.search.genome import Genome
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell, Expr
from fenas_lang.syntax.formatter import format_expression

FOLDER = "fenas_lang.search.mutations"


@dataclass(frozen=True)
class Mutation:
    """A child, and in words what was done to its parent."""

    cell: Cell
    edit: str


def edited(genome: Genome, position: int, value: Expr, output: str, what: str) -> Mutation:
    """The mutation that gives the node at a position another right-hand side."""
    node = genome.nodes[position]
    old, new = format_expression(node.value), format_expression(value)
    child = genome.having(value, position).cell(output)
    return Mutation(child, f"{what} of {node.name}: {old} -> {new}")


@cache
def named(name: str) -> ModuleType:
    """The mutation of this name.  Raises FEN520."""
    try:
        return registry.load(FOLDER, name, "mutation")
    except registry.Unknown as unknown:
        raise rules.UNKNOWN_PLUGIN.error(
            kind="mutation",
            name=name,
            known=", ".join(unknown.candidates),
            suggestion=unknown.suggestion,
        ) from None


def keeps_nodes(name: str) -> bool:
    """Whether a child has as many nodes as its parent."""
    return bool(getattr(named(name), "KEEPS_NODES", True))


def mutate(
    cell: Cell, space: Space, rng: Random, output: str, weights: Mapping[str, float]
) -> Mutation | None:
    """Apply one mutation, chosen by weight among those that find something to change."""
    left = dict(weights)
    while left:
        name = rng.choices(list(left), list(left.values()))[0]
        mutation: Mutation | None = named(name).mutate(cell, space, rng, output)
        if mutation is not None:
            return mutation
        del left[name]
    return None
