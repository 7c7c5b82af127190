"""The cells of a benchmark: given ones, and random ones."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

from fenas_lang.bench.result import RANDOM
from fenas_lang.ir.lower import lower
from fenas_lang.rules.bench import NO_USEFUL_CELL
from fenas_lang.search.useless import useless
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

MOST_DRAWS = 1000


@dataclass(frozen=True)
class Subject:
    """A cell to be measured, its name in tables, and the group in which means are taken."""

    cell: Cell
    name: str
    group: str


def subjects(cells: Iterable[Cell]) -> list[Subject]:
    """Given cells, each a group by itself; of equal names all but the first get a number."""
    found = list[Subject]()
    for cell in cells:
        count = 1 + sum(subject.cell.name == cell.name for subject in found)
        name = cell.name if count == 1 else f"{cell.name} ({count})"
        found.append(Subject(cell, name, name))
    return found


def random_subjects(space: Space, count: int, nodes: int | None, seed: int) -> list[Subject]:
    """Cells drawn from a space, without those that ignore the input or the state.

    Raises FenError for a number of nodes that the space does not have, and where no such cell is
    found (FEN295).
    """
    rng = random.Random(seed)
    return [_drawn(space, nodes, rng, f"Random{number}") for number in range(1, count + 1)]


def _drawn(space: Space, nodes: int | None, rng: random.Random, name: str) -> Subject:
    for _ in range(MOST_DRAWS):
        cell = sample(space, rng=rng, nodes=nodes, name=name)
        if not useless(lower(cell, space)):
            return Subject(cell, name, RANDOM)
    raise NO_USEFUL_CELL.error(space=space.name, draws=MOST_DRAWS)
