"""What a node may compute at its place, and a node made to compute it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.spaces.choices import Choices, choices
from fenas_lang.spaces.flat import form_of, function_of, names_read
from fenas_lang.spaces.nodes import build
from fenas_lang.spaces.operations import Operation
from fenas_lang.syntax.ast import Expr

Kind = tuple[str, str]
"""A function and the form of its edges: what the paper calls the operation of a node."""


def kind_of(genome: Genome, position: int) -> Kind:
    """What a node computes now."""
    value = genome.nodes[position].value
    function = function_of(value)
    return function, form_of(value, function in genome.space.definitions)


def kinds_at(genome: Genome, position: int) -> list[Kind]:
    """What a node could compute at a position, in the order of the space."""
    return list(dict.fromkeys((o.function, o.form) for o in possible(genome, position)))


def possible(genome: Genome, position: int) -> list[Operation]:
    """The operations that find parents at a position, in the order of the space."""
    at = _choices(genome, position)
    return [operation for operation in at.operations if at.pool(operation) > 0]


def fitted(genome: Genome, position: int, kind: Kind, rng: Random) -> Expr:
    """The right-hand side of a node made to compute another kind of operation.

    Its parents stay as far as the operation can read them; where they are too few, more are drawn
    at random, and where they are too many, so are those that stay.
    """
    at = _choices(genome, position)
    able = [o for o in at.operations if (o.function, o.form) == kind]
    first = at.first_parent(able[0])
    sources = genome.before(position)
    read = [sources.index(name) for name in names_read(genome.nodes[position].value)]
    parents = [parent for parent in read if parent >= first]
    nearest = min(abs(len(o.edges) - len(parents)) for o in able)
    operation = rng.choice([o for o in able if abs(len(o.edges) - len(parents)) == nearest])
    return _node(at, operation, parents, sources, rng)


def drawn(genome: Genome, position: int, rng: Random, reads: Sequence[str] = ()) -> Expr:
    """A random right-hand side for a new node, `reads` among its parents as far as possible."""
    at, sources = _choices(genome, position), genome.before(position)
    operation = rng.choice(possible(genome, position))
    wanted = [sources.index(name) for name in reads]
    parents = [parent for parent in wanted if parent >= at.first_parent(operation)]
    return _node(at, operation, parents, sources, rng)


def _choices(genome: Genome, position: int) -> Choices:
    return choices(genome.space, position + 1, len(genome.frame.states))


def _node(
    at: Choices, operation: Operation, parents: list[int], sources: Sequence[str], rng: Random
) -> Expr:
    """A node with these parents, some left out or added at random to be as many as it takes."""
    wanted, first = len(operation.edges), at.first_parent(operation)
    kept = sorted(rng.sample(range(len(parents)), min(wanted, len(parents))))
    found = [parents[k] for k in kept]
    found += [rng.randrange(first, at.sources) for _ in range(wanted - len(found))]
    return build(operation.choose(found), "_", sources).value
