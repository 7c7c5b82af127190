"""Other edges: a node keeps its function and parents, and its edges become plain or weighted."""

from __future__ import annotations

from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import Mutation, edited
from fenas_lang.search.operations import Kind, fitted, kind_of, kinds_at
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Change the form of a random node among those whose function has another."""
    genome = Genome.of(cell, space)
    for position in rng.sample(genome.mutable, len(genome.mutable)):
        forms = _forms(genome, position)
        if forms:
            value = fitted(genome, position, rng.choice(forms), rng)
            return edited(genome, position, value, output, "edges")
    return None


def _forms(genome: Genome, position: int) -> list[Kind]:
    current = kind_of(genome, position)
    return [k for k in kinds_at(genome, position) if k[0] == current[0] and k != current]
