"""Two nodes trade their operations, and keep their parents."""

from __future__ import annotations

from itertools import combinations
from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import Mutation
from fenas_lang.search.operations import fitted, mutable, operation_of, operations
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Swap the operations of a random pair among those that compute different ones."""
    genome = Genome.of(cell, space)
    computed = [operation_of(gene, space) for gene in genome.genes]
    pairs = [
        (i, j)
        for i, j in combinations(mutable(genome), 2)
        if computed[i] != computed[j] and computed[j] in operations(space, i)
    ]
    if not pairs:
        return None
    i, j = rng.choice(pairs)
    first = fitted(genome, i, computed[j], rng)
    second = fitted(genome, j, computed[i], rng)
    child = genome.having(first, i).having(second, j).cell(output)
    names = f"{first.name} and {second.name}"
    return Mutation(child, f"operations of {names} swapped: {first}, {second}")
