"""One node less: what read it reads one of its parents instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from fenas_lang.search.genome import Genome, reading
from fenas_lang.search.mutation import Mutation
from fenas_lang.spaces.flat import function_of, names_read
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell, Node
from fenas_lang.syntax.formatter import format_expression

KEEPS_NODES = False


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Delete a random node, unless the cell has as few as the space samples at least."""
    genome = Genome.of(cell, space)
    if len(genome.nodes) <= max(space.nodes[0], 1) or not genome.mutable:
        return None
    position = rng.choice(genome.mutable)
    gone = genome.nodes[position]
    heir = _heir(genome, position, rng)
    if heir is None:
        return None
    nodes = tuple(reading(node, gone.name, heir) for node in genome.nodes if node is not gone)
    outputs = tuple(
        _next_output(nodes, space, heir, rng) if name == gone.name else name
        for name in genome.outputs
    )
    child = replace(genome, nodes=nodes, outputs=outputs).cell(output)
    return Mutation(child, f"without node {gone.name}: {format_expression(gone.value)}")


def _heir(genome: Genome, position: int, rng: Random) -> str | None:
    """What the readers of a node read instead: a parent of it, or else an earlier node."""
    gone, rules = genome.nodes[position], genome.space.by_name
    readers = [n.value for n in genome.nodes[position + 1 :] if gone.name in names_read(n.value)]
    inputs = all(rules[function_of(reader)].inputs for reader in readers)
    allowed = genome.before(position)[0 if inputs else len(genome.inputs) :]
    candidates = [name for name in names_read(gone.value) if name in allowed] or allowed
    return rng.choice(candidates) if candidates else None


def _next_output(nodes: Sequence[Node], space: Space, heir: str, rng: Random) -> str:
    names = [node.name for node in nodes]
    return heir if heir in names or space.outputs_from_inputs else rng.choice(names)
