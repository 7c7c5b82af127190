"""Two nodes trade their operations, and keep their parents."""

from __future__ import annotations

from itertools import combinations
from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import Mutation
from fenas_lang.search.operations import fitted, kind_of, kinds_at
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Swap the operations of a random pair among those that compute different ones."""
    genome = Genome.of(cell, space)
    kinds = [kind_of(genome, position) for position in range(len(genome.nodes))]
    pairs = [
        (i, j)
        for i, j in combinations(genome.mutable, 2)
        if kinds[i] != kinds[j] and kinds[j] in kinds_at(genome, i)
    ]
    if not pairs:
        return None
    i, j = rng.choice(pairs)
    traded = genome.having(fitted(genome, i, kinds[j], rng), i)
    child = traded.having(fitted(genome, j, kinds[i], rng), j).cell(output)
    first, second = genome.nodes[i].name, genome.nodes[j].name
    return Mutation(child, f"{first} and {second} swap {kinds[i][0]} and {kinds[j][0]}")
