"""The paper's mutation: another operation at one node (Pasunuru & Bansal 2020, section 3.2).

The operation is the function and the form of its edges.  Parents stay; where the new operation
needs more, they are drawn at random, and where it takes fewer, those that stay are.
"""

from __future__ import annotations

from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import Mutation, edited
from fenas_lang.search.operations import fitted, mutable, operation_of, operations
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Change the operation of a random node; nodes and operations are drawn uniformly."""
    genome = Genome.of(cell, space)
    for position in rng.sample(mutable(genome), len(mutable(genome))):
        current = operation_of(genome.genes[position], space)
        others = [o for o in operations(space, position) if o != current]
        if others:
            gene = fitted(genome, position, rng.choice(others), rng)
            return edited(genome, genome.having(gene, position), position, output, "operation")
    return None
