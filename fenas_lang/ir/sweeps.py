"""Canonical labelling of large directed acyclic graphs that tell most of their vertices apart.

As `labelling.py`, with colours that are swept up and down the graph until no class splits: a sweep
costs one sum of numbers for each vertex, far less than a digest, and what the sweeps leave tied is
stable, so that refinement has only symmetries to break.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import cycle, islice
from operator import mul

from fenas_lang.ir.labelling import ranks, reverse
from fenas_lang.ir.refinement import Operands, Search

MAX_SWEEPS = 40
"""Most graphs take three or four; a graph made for it could take as many as it has vertices."""
_MASK = (1 << 64) - 1
_FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
_OWN, _LABEL = 0x94D049BB133111EB, 0xD6E8FEB86659FD93
"""Odd numbers without pattern (constants of SplitMix64 and its kin)."""


class Edges:
    """Neighbours of vertices: `plain` ones, and those along `labels`, which are 1 or greater."""

    __slots__ = ("labelled", "labels", "plain")

    def __init__(self) -> None:
        self.plain: list[Sequence[int]] = []
        self.labels: list[Sequence[int]] = []
        self.labelled: list[Sequence[int]] = []

    def add(self, plain: Sequence[int], labels: Sequence[int], labelled: Sequence[int]) -> None:
        """The edges of the next vertex."""
        self.plain.append(plain)
        self.labels.append(labels)
        self.labelled.append(labelled)

    def reversed(self) -> Edges:
        """The same edges from their other ends."""
        plain: list[list[int]] = [[] for _ in self.plain]
        labels: list[list[int]] = [[] for _ in self.plain]
        labelled: list[list[int]] = [[] for _ in self.plain]
        for vertex, others in enumerate(self.plain):
            for other in others:
                plain[other].append(vertex)
        for vertex, others in enumerate(self.labelled):
            for label, other in zip(self.labels[vertex], others, strict=True):
                labels[other].append(label)
                labelled[other].append(vertex)
        users = Edges()
        users.plain[:], users.labels[:], users.labelled[:] = plain, labels, labelled
        return users

    def operands(self) -> Operands:
        """Of each vertex, pairs of a label (0 for a plain edge) and a neighbour."""
        return [
            [*((0, other) for other in plain), *zip(labels, labelled, strict=True)]
            for plain, labels, labelled in zip(self.plain, self.labels, self.labelled, strict=True)
        ]


class Labelled:
    """A directed acyclic graph, made by adding vertices after their operands."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.edges = Edges()

    def add(
        self,
        label: str,
        plain: Sequence[int] = (),
        labels: Sequence[int] = (),
        labelled: Sequence[int] = (),
    ) -> int:
        """A vertex over operands along plain edges, and along edges of certain labels (1, 2 …)."""
        self.labels.append(label)
        self.edges.add(plain, labels, labelled)
        return len(self.labels) - 1

    def order(self) -> tuple[int, ...]:
        """The vertices in an order that depends on the graph's isomorphism class alone.

        Raises FenError (FEN259) past a stated amount of work.  (Label texts whose digests of 64
        bits agree can make it miss that two graphs are the same; never the opposite.)
        """
        colours = [_of_label(label) for label in self.labels]
        stable = _settle(colours, self.edges, self.edges.reversed())
        order = sorted(range(len(colours)), key=colours.__getitem__)
        if len(set(colours)) == len(order):
            return tuple(order)
        operands = self.edges.operands()
        ranked = ranks([colours[v] for v in order], order)
        return tuple(Search(operands, reverse(operands)).order(ranked, stable))

    def digest(self, order: Sequence[int]) -> str:
        """32 hexadecimal digits for the graph written in an order.

        A label may hold any text without a line end.
        """
        place = {v: k for k, v in enumerate(order)}
        edges, lines = self.edges, []
        for vertex in order:
            plain = sorted([place[u] for u in edges.plain[vertex]])
            line = f"{self.labels[vertex]}{plain}"
            if edges.labels[vertex]:
                span = 1 + max(edges.labels[vertex])
                pairs = zip(edges.labels[vertex], edges.labelled[vertex], strict=True)
                line += f"{span}{sorted([span * place[u] + label for label, u in pairs])}"
            lines.append(line)
        return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def _settle(colours: list[int], below: Edges, above: Edges) -> bool:
    """Sweep until all differ, or equal colours see equal colours along equal edges: whether so."""
    ways = cycle(((range(len(colours)), below), (range(len(colours) - 1, -1, -1), above)))
    classes, unchanged = 0, 0
    for vertices, edges in islice(ways, MAX_SWEEPS):
        _sweep(colours, vertices, edges)
        found = len(set(colours))
        unchanged = unchanged + 1 if found == classes else 0
        if unchanged == 2 or found == len(colours):
            return True
        classes = found
    return False


def _sweep(colours: list[int], vertices: Iterable[int], edges: Edges) -> None:
    """Mix the colours of neighbours into each vertex's, in place."""
    colour_of = colours.__getitem__
    plain, labels, labelled = edges.plain, edges.labels, edges.labelled
    for vertex in vertices:
        value = _OWN * colours[vertex] + sum(map(colour_of, plain[vertex]))
        if labels[vertex]:
            value += _LABEL * sum(map(mul, labels[vertex], map(colour_of, labelled[vertex])))
        value = ((value ^ (value >> 30)) * _FIRST) & _MASK
        colours[vertex] = ((value ^ (value >> 27)) * _SECOND) & _MASK


@lru_cache(1 << 12)
def _of_label(label: str) -> int:
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "big")
