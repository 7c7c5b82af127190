"""Other edges: a node keeps its function and parents, and its edges become plain or weighted."""

from __future__ import annotations

from random import Random

from fenas_lang.search.genome import Gene, Genome
from fenas_lang.search.mutation import Mutation, edited
from fenas_lang.search.operations import Operation, fitted, mutable, operation_of
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Change the form of a random node among those whose function has another."""
    genome = Genome.of(cell, space)
    choices = [(k, form) for k in mutable(genome) for form in _forms(genome.genes[k], space)]
    if not choices:
        return None
    position = rng.choice(sorted({k for k, _ in choices}))
    form = rng.choice([form for k, form in choices if k == position])
    operation = Operation(space.by_name[genome.genes[position].function], form)
    gene = fitted(genome, position, operation, rng)
    return edited(genome, genome.having(gene, position), position, output, "edges")


def _forms(gene: Gene, space: Space) -> list[str]:
    """Forms that the node could have with the parents that it has."""
    current = operation_of(gene, space)
    possible = (Operation(current.rule, form) for form in sorted(current.rule.forms))
    count = len(gene.parents)
    return [o.form for o in possible if o != current and o.least <= count]
