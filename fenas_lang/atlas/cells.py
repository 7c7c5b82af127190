"""All cells of a small space, each once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.search.novelty import dataflow_of, judged
from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.request import WORDS, request
from fenas_lang.spaces.sample import assemble
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.atlas_file import AtlasCell

NAME = "Cell"


def all_cells(space: Space, nodes: int) -> list[AtlasCell]:
    """The cells of up to so many live nodes, one of each canonical key, fewest nodes first.

    Of a space whose states are fixed and whose output is the last node, so that a cell of n live
    nodes is a numbered list of n nodes.  Of cells that are one function by algebra, the first is
    trained for all: the ring key keeps apart what begins from other distributions, as
    `tanh(@x, @x)` and `tanh(@x, @(x - x))` do.
    """
    found: list[AtlasCell] = []
    keys, firsts = set[str](), dict[str, int]()
    for number in range(1, nodes + 1):
        fresh: dict[str, tuple[str, Dataflow]] = {}
        for cell in _lists(space, number):
            dataflow = dataflow_of(cell, space, WORDS[space.output[0]])
            key = canonical_key(dataflow)
            if key not in keys:
                keys.add(key)
                fresh[key] = str(cell), dataflow
        for key, (source, dataflow) in sorted(fresh.items()):
            ring_key, why_useless = judged(dataflow)
            first = firsts.setdefault(ring_key, len(found))
            found.append(AtlasCell(len(found), key, source, number, why_useless, first))
    return found


def _lists(space: Space, nodes: int) -> Iterator[Cell]:
    asked = request(space, nodes, None, None)
    places = (choices(space, place, asked.states) for place in range(1, nodes + 1))
    return (assemble(space, asked, drawn, [], NAME) for drawn in product(*places))
