"""The paper's mutation: another operation at one node (Pasunuru & Bansal 2020, section 3.2).

The operation is the function and the form of its edges.  Parents stay; where the new operation
needs more, they are drawn at random, and where it takes fewer, those that stay are.
"""

from __future__ import annotations

from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import Mutation, edited
from fenas_lang.search.operations import fitted, kind_of, kinds_at
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Change the operation of a random node; nodes and operations are drawn uniformly."""
    genome = Genome.of(cell, space)
    for position in rng.sample(genome.mutable, len(genome.mutable)):
        current = kind_of(genome, position)
        others = [kind for kind in kinds_at(genome, position) if kind != current]
        if others:
            value = fitted(genome, position, rng.choice(others), rng)
            return edited(genome, position, value, output, "operation")
    return None
