"""A list of cells with the results of their trainings, and which of them are near each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fenas_lang.ir.graph import Dataflow
from fenas_lang.pools._distance import Colours, colours_of
from fenas_lang.syntax.ast import Cell

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Runs:
    """Trainings of one cell: a loss for each that ended well, and how many did not."""

    losses: tuple[float, ...]
    failed: int = 0

    @property
    def mean(self) -> float | None:
        """Mean loss of the runs that ended well; None where none did."""
        return sum(self.losses) / len(self.losses) if self.losses else None


@dataclass(frozen=True)
class Member:
    """One class of equal cells: the first of them, and the runs of all.

    `dataflow` is the cell lowered.
    """

    key: str
    cell: Cell
    dataflow: Dataflow
    runs: Runs


Nearest = tuple[tuple[Member, float], ...]
"""Members by distance, each with its distance."""


class Pool:
    """Members in the order of the list; `space` is the name of their space.

    `checksum` is that of the data.
    """

    def __init__(self, space: str, members: Iterable[Member], checksum: str):
        self.space, self.members, self.checksum = space, tuple(members), checksum
        self.by_key = {member.key: member for member in self.members}
        self._found: dict[tuple[str, int], Nearest] = {}

    @cached_property
    def _colours(self) -> list[Colours]:
        return [colours_of(member.dataflow, member.key) for member in self.members]

    @cached_property
    def _having(self) -> dict[int, tuple[Whole, Whole]]:
        """Of each colour, the members that have it, and how often they do."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for place, colours in enumerate(self._colours):
            for colour, times in colours.items():
                found[colour].append((place, times))
        arrays = {colour: np.array(pairs).T for colour, pairs in found.items()}
        return {colour: (places, times) for colour, (places, times) in arrays.items()}

    @cached_property
    def _sizes(self) -> Whole:
        return np.array([sum(colours.values()) for colours in self._colours])

    def neighbours(self, key: str, dataflow: Dataflow, count: int) -> Nearest:
        """The `count` members nearest to a cell, and their distances; never the cell itself.

        `key` is the cell's canonical key; it need not be a member's.  Of equally near members the
        first in the list come first.
        """
        if (key, count) not in self._found:
            self._found[key, count] = self._nearest(key, colours_of(dataflow, key), count)
        return self._found[key, count]

    def _nearest(self, key: str, own: Colours, count: int) -> Nearest:
        shared = np.zeros(len(self.members), dtype=np.int64)
        for colour, times in own.items():
            if colour in self._having:
                places, theirs = self._having[colour]
                shared[places] += np.minimum(times, theirs)
        distances = 1 - shared / (sum(own.values()) + self._sizes - shared)
        order = np.argsort(distances, kind="stable")[: count + 1]
        near = [(self.members[place], float(distances[place])) for place in order]
        return tuple(pair for pair in near if pair[0].key != key)[:count]
