"""Another parent: one input of one node is read from somewhere else.

The zero node that stands in for a missing second parent counts as an input: it may be replaced by a
value, and a value by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from fenas_lang.search.genome import Edge, Gene, Genome
from fenas_lang.search.mutation import Mutation, edited
from fenas_lang.search.operations import mutable, operation_of
from fenas_lang.spaces.model import CALL, MIXED, PLAIN, SKIP, Space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell

SECOND = 1
"""The place of the parent for which zero may stand."""


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Rewire a random input of a random node; the new parent is drawn uniformly."""
    genome = Genome.of(cell, space)
    places = [(k, place) for k in mutable(genome) for place in _places(genome.genes[k], space)]
    for position, place in rng.sample(places, len(places)):
        genes = list(_rewired(genome, position, place))
        if genes:
            after = genome.having(rng.choice(genes), position)
            return edited(genome, after, position, output, "input")
    return None


def _places(gene: Gene, space: Space) -> Iterator[int]:
    """The inputs of a gene, a missing second one included."""
    yield from (k for k, edge in enumerate(gene.edges) if edge.parent is not None or edge.is_zero)
    if len(gene.edges) == SECOND and _may_miss(gene, space):
        yield SECOND


def _may_miss(gene: Gene, space: Space) -> bool:
    rule = space.by_name[gene.function]
    room = rule.max_parents is None or rule.max_parents > SECOND
    return rule.zero != "never" and room and rule.min_parents <= SECOND


def _rewired(genome: Genome, position: int, place: int) -> Iterator[Gene]:
    """The gene with each other parent at a place."""
    gene, space = genome.genes[position], genome.space
    form = _form_at(gene, place)
    current = gene.edges[place].parent if place < len(gene.edges) else None
    sources = genome.before(position, inputs=operation_of(gene, space).rule.inputs)
    for source in sources:
        if source != current:
            edge = Edge(ast.Name(source), form)
            yield replace(gene, edges=(*gene.edges[:place], edge, *gene.edges[place + 1 :]))
    if place == SECOND == len(gene.edges) - 1 and current and _may_miss(gene, space):
        alone = replace(gene, edges=gene.edges[:SECOND])
        if alone.parents and alone.form in space.by_name[gene.function].forms:
            yield alone


def _form_at(gene: Gene, place: int) -> str:
    """The form of the edge there; that of the other edges where there is none yet."""
    if place < len(gene.edges) and not gene.edges[place].is_zero:
        return gene.edges[place].form
    return PLAIN if gene.form in (SKIP, CALL, MIXED) else gene.form
