"""One node more: a random operation at a random place, read by one of the nodes after it.

At the end it reads the last node, so that the cell does not lose what it had.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fenas_lang.search.genome import Edge, Gene, Genome
from fenas_lang.search.mutation import Mutation
from fenas_lang.search.operations import drawn, mutable, operations
from fenas_lang.spaces.model import Space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell

KEEPS_NODES = False


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Insert a node, unless the cell has as many as the space samples at most."""
    genome = Genome.of(cell, space)
    if len(genome.genes) >= space.nodes[1]:
        return None
    position = rng.randint(mutable(genome).start, len(genome.genes))
    possible = operations(space, position)
    if not possible:
        return None
    operation = rng.choice(possible)
    sources = genome.before(position, inputs=operation.rule.inputs)
    last = sources[-1:] if position == len(genome.genes) else ()
    gene = drawn(genome.fresh(), operation, sources, rng, reads=last)
    later = _with_reader(genome.genes[position:], gene.name, rng)
    genes = (*genome.genes[:position], gene, *later)
    child = replace(genome, genes=genes).cell(output)
    return Mutation(child, f"new node {gene.name}: {gene}")


def _with_reader(genes: tuple[Gene, ...], name: str, rng: Random) -> tuple[Gene, ...]:
    """The genes, a random input of which reads `name` now."""
    places = [
        (k, place)
        for k, gene in enumerate(genes)
        for place, edge in enumerate(gene.edges)
        if edge.parent is not None
    ]
    if not places:
        return genes
    k, place = rng.choice(places)
    edges = list(genes[k].edges)
    edges[place] = Edge(ast.Name(name), edges[place].form)
    return (*genes[:k], replace(genes[k], edges=tuple(edges)), *genes[k + 1 :])
