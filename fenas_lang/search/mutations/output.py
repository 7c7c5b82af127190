"""Another output: a state of the cell gets its next value from another node.

The first output follows the output rule, and is chosen here only where the rule is `any`.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import Mutation
from fenas_lang.spaces.model import ANY, Space
from fenas_lang.syntax.ast import Cell


def mutate(cell: Cell, space: Space, rng: Random, output: str) -> Mutation | None:
    """Choose another node, uniformly, for a random output."""
    genome = Genome.of(cell, space)
    free = range(0 if output == ANY else 1, len(genome.outputs))
    names = [node.name for node in genome.nodes]
    names += genome.inputs if space.outputs_from_inputs else ()
    choices = [(k, name) for k in free for name in names if name != genome.outputs[k]]
    if not choices:
        return None
    place, name = rng.choice(choices)
    old = genome.outputs[place]
    outputs = (*genome.outputs[:place], name, *genome.outputs[place + 1 :])
    child = replace(genome, outputs=outputs).cell(output)
    return Mutation(child, f"next {cell.states[place]}: {old} -> {name}")
