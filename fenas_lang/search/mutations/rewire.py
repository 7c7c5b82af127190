"""Another parent: one input of one node is read from somewhere else.

A missing second parent (the zero node of FENAS) counts as an input where the space allows it: it
may be replaced by a value, and a value by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from fenas_lang.search.genome import Genome, with_arguments, with_parent
from fenas_lang.search.mutation import Mutation, edited
from fenas_lang.spaces.flat import arguments_of, function_of, names_read
from fenas_lang.spaces.model import Space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr

SECOND = 1
"""The place of the parent that may be missing."""


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Rewire a random input of a random node; the new parent is drawn uniformly."""
    genome = Genome.of(cell, space)
    places = [
        (position, place) for position in genome.mutable for place in _places(genome, position)
    ]
    for position, place in rng.sample(places, len(places)):
        values = list(_rewired(genome, position, place))
        if values:
            return edited(genome, position, rng.choice(values), output, "input")
    return None


def _places(genome: Genome, position: int) -> Iterator[int]:
    """The inputs of a node, a missing second one included."""
    arguments = arguments_of(genome.nodes[position].value)
    for place, argument in enumerate(arguments):
        if names_read(argument) or isinstance(argument, ast.Zero):
            yield place
    if len(arguments) == SECOND and _may_miss(genome, position):
        yield SECOND


def _may_miss(genome: Genome, position: int) -> bool:
    """Whether the second parent of a node's function may be missing."""
    rule = genome.space.by_name[function_of(genome.nodes[position].value)]
    room = rule.max_parents is None or rule.max_parents > SECOND
    return rule.zero == "second" and room and rule.min_parents <= SECOND


def _rewired(genome: Genome, position: int, place: int) -> Iterator[Expr]:
    """The node with each other parent at a place."""
    value = genome.nodes[position].value
    arguments = arguments_of(value)
    rule = genome.space.by_name[function_of(value)]
    sources = genome.before(position)[0 if rule.inputs else len(genome.inputs) :]
    given = arguments[place : place + 1]
    if not given or isinstance(given[0], ast.Zero):
        value = with_arguments(value, (*arguments[:place], arguments[0]))
    current = names_read(given[0]) if given else ()
    yield from (with_parent(value, place, name) for name in sources if name not in current)
    if place == SECOND and current and _may_miss(genome, position) and names_read(arguments[0]):
        yield with_arguments(value, arguments[:SECOND])
