"""One node more: a random operation at a random place, read by one of the nodes after it.

At the end it reads the last node, so that the cell does not lose what it had.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fenas_lang.search.genome import Genome, with_parent
from fenas_lang.search.mutation import Mutation
from fenas_lang.search.operations import drawn, possible
from fenas_lang.spaces.flat import arguments_of, names_read
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell, Node
from fenas_lang.syntax.formatter import format_expression

KEEPS_NODES = False


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Insert a node, unless the cell has as many as the space samples at most."""
    genome = Genome.of(cell, space)
    position = rng.randint(genome.mutable.start, len(genome.nodes))
    if len(genome.nodes) >= space.nodes[1] or not possible(genome, position):
        return None
    at_end = position == len(genome.nodes)
    last = genome.before(position)[-1:] if at_end else ()
    node = Node(genome.fresh(), drawn(genome, position, rng, reads=last))
    later = _with_reader(genome.nodes[position:], node.name, rng)
    nodes = (*genome.nodes[:position], node, *later)
    child = replace(genome, nodes=nodes).cell(output)
    return Mutation(child, f"new node {node.name}: {format_expression(node.value)}")


def _with_reader(nodes: tuple[Node, ...], name: str, rng: Random) -> tuple[Node, ...]:
    """The nodes, a random input of which reads `name` now."""
    places = [
        (k, place)
        for k, node in enumerate(nodes)
        for place, argument in enumerate(arguments_of(node.value))
        if names_read(argument)
    ]
    if not places:
        return nodes
    k, place = rng.choice(places)
    reader = Node(nodes[k].name, with_parent(nodes[k].value, place, name))
    return (*nodes[:k], reader, *nodes[k + 1 :])
