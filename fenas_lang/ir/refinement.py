"""Ties in a canonical labelling: refinement of colours, and individualisation where it stops.

As in McKay & Piperno 2014 (Practical graph isomorphism, II): a class of vertices that look alike
is broken up by singling out one vertex and refining again; the choice that leads to the least
certificate wins, and vertices that a found automorphism maps to each other are tried once.  Parts
of the graph that tell nothing about each other are ordered by themselves, so that many
interchangeable parts cost their sum, not a product.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from fenas_lang.ir.partition import Orbits, Partition
from fenas_lang.rules.canonical import TOO_SYMMETRIC

MAX_WORK = 2_500_000
"""Edges that one search may look at: a few seconds."""
MAX_NESTING = 150
"""Classes that one search may break up, one inside the other."""

Operands = Sequence[Sequence[tuple[int, int]]]
"""Of each vertex, its operands as (edge label, earlier vertex); their order does not count."""
Signature = tuple[int, ...]
"""Sorted labels of the edges between one vertex and a class."""
Certificate = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
"""A part of the graph written in some order: of each vertex its colour and its operands there."""
Trace = list[tuple[int, int, tuple[tuple[Signature, int], ...]]]
"""What a refinement did: splitter, class split, and of each group what it saw and its size."""
Relation = Mapping[tuple[int, int], Signature]
"""Edge labels by (reader, operand)."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """An order of a part, and what tells it from other orders of it."""

    trace: Trace
    certificate: Certificate
    order: list[int]

    def rank(self) -> tuple[Trace, Certificate]:
        return self.trace, self.certificate


class Search:
    """The tree of refinements of one graph, and the work done in it."""

    def __init__(self, operands: Operands, users: Operands):
        self.operands, self.users = operands, users
        self.work = 0
        self.nesting = 0

    def order(self, colours: dict[int, int], stable: bool = False) -> list[int]:
        """The vertices in an order that isomorphic graphs, coloured alike, agree on.

        A colour is the number of vertices that have a smaller one.  `stable` colours are known to
        see the same colours along the same edges.
        """
        partition = Partition(colours)
        if not stable:
            self._refine(partition, sorted(partition.cells))
        return self._arrange(partition, Orbits())

    def _spend(self, work: int) -> None:
        self.work += work
        if self.work > MAX_WORK:
            raise TOO_SYMMETRIC.error()

    def _refine(
        self, partition: Partition, splitters: Iterable[int], bound: Trace | None = None
    ) -> Trace | None:
        """Split classes in place until all members of one see the same edges to each class.

        Of the parts of a class, all but a largest may still split others (Hopcroft 1971).
        None, and stopped midway, once it is certain that its trace comes after `bound`.
        """
        trace: Trace = []
        pending = dict.fromkeys(splitters)
        while pending:
            splitter, _ = pending.popitem()
            for cell, groups in self._seen_from(splitter, partition):
                trace.append((splitter, cell, tuple((key, len(g)) for key, g in groups)))
                if bound is not None and trace[-1:] != (due := bound[len(trace) - 1 : len(trace)]):
                    if trace[-1:] > due:
                        return None
                    bound = None
                parts = partition.split(cell, [group for _, group in groups])
                if cell not in pending:
                    parts.remove(max(parts, key=lambda part: len(partition.cells[part])))
                pending.update(dict.fromkeys(parts))
        return trace

    def _seen_from(
        self, splitter: int, partition: Partition
    ) -> list[tuple[int, list[tuple[Signature, list[int]]]]]:
        """The classes that a class splits, each with its groups that have edges to that class."""
        labels = self._edges_into(partition.cells[splitter], partition.colours)
        cells: dict[int, dict[Signature, list[int]]] = defaultdict(lambda: defaultdict(list))
        for vertex, seen in labels.items():
            cells[partition.colours[vertex]][tuple(sorted(seen))].append(vertex)
        return [
            (cell, sorted(groups.items()))
            for cell, groups in sorted(cells.items())
            if len(groups) > 1 or sum(map(len, groups.values())) < len(partition.cells[cell])
        ]

    def _edges_into(self, targets: set[int], inside: Mapping[int, int]) -> dict[int, list[int]]:
        """Labels of the edges between each vertex and the targets; inverted where they read it."""
        seen: dict[int, list[int]] = defaultdict(list)
        for target in targets:
            for label, vertex in self.users[target]:
                if vertex in inside:
                    seen[vertex].append(label)
            for label, vertex in self.operands[target]:
                if vertex in inside:
                    seen[vertex].append(~label)
            self._spend(1 + len(self.users[target]) + len(self.operands[target]))
        return seen

    def _arrange(self, partition: Partition, orbits: Orbits) -> list[int]:
        """The vertices of a refined partition in canonical order; automorphisms join `orbits`."""
        arranged: list[tuple[Certificate, list[int]]] = []
        for part in self._parts(partition):
            order = self._order_part(partition.restricted(part), orbits)
            arranged.append((self._certificate(order, partition), order))
        arranged.sort(key=lambda item: item[0])
        for (one, first), (two, second) in pairwise(arranged):
            if one == two:
                orbits.join(zip(first, second, strict=True))
        place = {v: (colour, 0, 0) for v, colour in partition.colours.items()}
        place |= {
            v: (partition.colours[v], rank, position)
            for rank, (_, order) in enumerate(arranged)
            for position, v in enumerate(order)
        }
        return sorted(place, key=place.__getitem__)

    def _order_part(self, part: Partition, orbits: Orbits) -> list[int]:
        if not part.ties:
            return part.order()
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise TOO_SYMMETRIC.error()
        order = self._least(part, orbits)
        self.nesting -= 1
        return order

    def _least(self, part: Partition, orbits: Orbits) -> list[int]:
        """The order with the least rank, over all choices of a vertex of one class."""
        best: _Leaf | None = None
        quick: dict[Certificate, list[int]] = {}
        tried: list[int] = []
        own = Orbits()
        for vertex in sorted(part.cells[part.smallest_tie()]):
            self._spend(len(tried))
            if any(own.find(vertex) == own.find(other) for other in tried):
                continue
            tried.append(vertex)
            inner = part.copy()
            trace = self._refine(inner, [inner.single_out(vertex)], best.trace if best else None)
            if trace is None:
                continue
            leaf = self._any_leaf(inner.copy())
            twin = quick.setdefault(self._certificate(leaf, part), leaf)
            own.join(zip(twin, leaf, strict=True))
            if twin is leaf:
                order = self._arrange(inner, own)
                found = _Leaf(trace, self._certificate(order, part), order)
                best = found if best is None or found.rank() < best.rank() else best
        orbits.join(own.parent.items())
        assert best is not None
        return best.order

    def _any_leaf(self, partition: Partition) -> list[int]:
        """An order reached without looking at alternatives: enough to find automorphisms."""
        while partition.ties:
            self._spend(len(partition.ties))
            vertex = min(partition.cells[partition.smallest_tie()])
            self._refine(partition, [partition.single_out(vertex)])
        return partition.order()

    def _certificate(self, order: Sequence[int], partition: Partition) -> Certificate:
        position = {v: k for k, v in enumerate(order)}
        self._spend(sum(1 + len(self.operands[v]) for v in order))
        return tuple(
            (
                partition.colours[v],
                tuple(sorted((e, position[u]) for e, u in self.operands[v] if u in position)),
            )
            for v in order
        )

    def _parts(self, partition: Partition) -> list[list[int]]:
        """Parts of the tied vertices that tell nothing about each other.

        Between two classes, the relation of most of their pairs (say, all of one read all of the
        other, or none does) holds no information; only the other relations connect vertices.
        """
        joined = Orbits()
        for cell in partition.ties:
            readers = partition.cells[cell]
            for operand_cell, relation in self._relations(readers, partition).items():
                joined.join(_exceptions(readers, partition.cells[operand_cell], relation))
        parts: dict[int, list[int]] = defaultdict(list)
        for vertex, colour in partition.colours.items():
            if colour in partition.ties:
                parts[joined.find(vertex)].append(vertex)
        return list(parts.values())

    def _relations(self, readers: set[int], partition: Partition) -> dict[int, Relation]:
        """How readers relate to operands that are in classes of several, by these classes."""
        found: dict[int, dict[tuple[int, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        for reader in readers:
            self._spend(1 + len(self.operands[reader]))
            for label, operand in self.operands[reader]:
                cell = partition.colours.get(operand)
                if cell in partition.ties:
                    found[cell][reader, operand].append(label)
        return {
            cell: {pair: tuple(sorted(labels)) for pair, labels in pairs.items()}
            for cell, pairs in found.items()
        }


def _exceptions(
    readers: set[int], operands: set[int], relation: Relation
) -> Iterable[tuple[int, int]]:
    """The pairs that are not related as most pairs of the two classes are."""
    counts = Counter(relation.values())
    counts[()] = len(readers) * len(operands) - len(relation)
    usual = min(counts, key=lambda labels: (-counts[labels], labels))
    pairs = relation if usual == () else product(readers, operands)
    return (pair for pair in pairs if relation.get(pair, ()) != usual)
