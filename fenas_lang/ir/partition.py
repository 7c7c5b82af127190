"""Ordered partitions of the vertices of a graph into classes, and orbits of vertices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence


class Partition:
    """Vertices by colour; a colour is the position at which its class starts.

    `cells` holds the class of each colour, `ties` the colours of classes of more than one vertex.
    """

    def __init__(self, colours: dict[int, int]):
        self.colours = colours
        self.cells: dict[int, set[int]] = defaultdict(set)
        for vertex, colour in colours.items():
            self.cells[colour].add(vertex)
        self.ties = {colour for colour, members in self.cells.items() if len(members) > 1}

    def restricted(self, vertices: Iterable[int]) -> Partition:
        """The same colours on some of the vertices (a copy)."""
        return Partition({v: self.colours[v] for v in vertices})

    def copy(self) -> Partition:
        return Partition(dict(self.colours))

    def smallest_tie(self) -> int:
        """Colour of a smallest class with more than one vertex, the first of these."""
        return min(self.ties, key=lambda colour: (len(self.cells[colour]), colour))

    def order(self) -> list[int]:
        return sorted(self.colours, key=self.colours.__getitem__)

    def split(self, colour: int, groups: Sequence[Sequence[int]]) -> list[int]:
        """Take groups out of a class, in place; the rest of it comes first.  All colours of it."""
        rest = self.cells[colour]
        for group in groups:
            rest.difference_update(group)
        colours = [colour] if rest else []
        start = colour + len(rest)
        for group in groups:
            self.cells[start] = set(group)
            self.colours.update(dict.fromkeys(group, start))
            colours.append(start)
            start += len(group)
        self.ties.discard(colour)
        self.ties.update(c for c in colours if len(self.cells[c]) > 1)
        return colours

    def single_out(self, vertex: int) -> int:
        """Give the vertex a class of its own, behind the rest of its class; its new colour."""
        return self.split(self.colours[vertex], [[vertex]])[-1]


class Orbits:
    """Vertices that known automorphisms map to each other (union-find)."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}

    def find(self, vertex: int) -> int:
        root = vertex
        while (above := self.parent.get(root, root)) != root:
            root = above
        while vertex != root:
            self.parent[vertex], vertex = root, self.parent[vertex]
        return root

    def join(self, pairs: Iterable[tuple[int, int]]) -> None:
        for a, b in pairs:
            if a != b:
                self.parent[self.find(a)] = self.find(b)
