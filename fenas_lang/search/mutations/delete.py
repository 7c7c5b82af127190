"""One node less: what read it reads one of its parents instead."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fenas_lang.search.genome import Gene, Genome
from fenas_lang.search.mutation import Mutation
from fenas_lang.search.operations import mutable
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell

KEEPS_NODES = False


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Delete a random node, unless the cell has as few as the space samples at least."""
    genome = Genome.of(cell, space)
    positions = mutable(genome)
    if len(genome.genes) <= max(space.nodes[0], 1) or not positions:
        return None
    position = rng.choice(positions)
    gone = genome.genes[position]
    heir = _heir(genome, position, rng)
    if heir is None:
        return None
    genes = [g.reading({gone.name: heir}) for g in genome.genes if g is not gone]
    outputs = tuple(
        _next_output(genes, space, heir, rng) if name == gone.name else name
        for name in genome.outputs
    )
    child = replace(genome, genes=tuple(genes), outputs=outputs).cell(output)
    return Mutation(child, f"without node {gone.name}: {gone}")


def _heir(genome: Genome, position: int, rng: Random) -> str | None:
    """What the readers of a node read instead: a parent of it, or else an earlier node."""
    gone = genome.genes[position]
    readers = [gene for gene in genome.genes[position + 1 :] if gone.name in gene.parents]
    inputs = all(genome.space.by_name[reader.function].inputs for reader in readers)
    allowed = genome.before(position, inputs=inputs)
    candidates = [name for name in gone.parents if name in allowed] or list(allowed)
    return rng.choice(candidates) if candidates else None


def _next_output(genes: list[Gene], space: Space, heir: str, rng: Random) -> str:
    names = [gene.name for gene in genes]
    return heir if heir in names or space.outputs_from_inputs else rng.choice(names)
