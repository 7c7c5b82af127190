"""All cells of a small space, each once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from fenas_lang.ir.canonical import canonical_key
from fenas_lang.search.novelty import dataflow_of
from fenas_lang.search.useless import useless
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
    nodes is a numbered list of n nodes.
    """
    found: dict[str, AtlasCell] = {}
    for number in range(1, nodes + 1):
        fresh: dict[str, tuple[str, str]] = {}
        for cell in _lists(space, number):
            dataflow = dataflow_of(cell, space, WORDS[space.output[0]])
            key = canonical_key(dataflow)
            if key not in found and key not in fresh:
                fresh[key] = str(cell), useless(dataflow)
        for key, (source, why) in sorted(fresh.items()):
            found[key] = AtlasCell(len(found), key, source, number, why)
    return list(found.values())


def _lists(space: Space, nodes: int) -> Iterator[Cell]:
    asked = request(space, nodes, None, None)
    places = (choices(space, place, asked.states) for place in range(1, nodes + 1))
    return (assemble(space, asked, drawn, [], NAME) for drawn in product(*places))
