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

Split = Sequence[tuple[Sequence[int], Sequence[int]]]
"""Of each vertex, the labels of its edges, and its neighbours."""


def swept_order(labels: Sequence[str], operands: Operands) -> tuple[int, ...]:
    """The vertices in an order that depends on the graph's isomorphism class alone.

    Operands precede their users; edge labels are small non-negative integers.  Raises FenError
    (FEN259) past a stated amount of work.  (Labels that are told apart by text alone, and whose
    digests of 64 bits agree, can make it miss that two graphs are the same; never the opposite.)
    """
    users = reverse(operands)
    colours = [_of_label(label) for label in labels]
    stable = _settle(colours, _split(operands), _split(users))
    order = sorted(range(len(colours)), key=colours.__getitem__)
    if len(set(colours)) == len(order):
        return tuple(order)
    ranked = ranks([colours[v] for v in order], order)
    return tuple(Search(operands, users).order(ranked, stable))


def _settle(colours: list[int], below: Split, above: Split) -> bool:
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


def _sweep(colours: list[int], vertices: Iterable[int], edges: Split) -> None:
    """Mix the colours of neighbours into each vertex's, in place."""
    colour_of = colours.__getitem__
    for vertex in vertices:
        labels, others = edges[vertex]
        value = _OWN * colours[vertex] + sum(map(colour_of, others))
        if labels:
            value += _LABEL * sum(map(mul, labels, map(colour_of, others)))
        value = ((value ^ (value >> 30)) * _FIRST) & _MASK
        colours[vertex] = ((value ^ (value >> 27)) * _SECOND) & _MASK


def _split(edges: Operands) -> Split:
    """Labels are left out where all are 0, as most are."""
    split: list[tuple[Sequence[int], Sequence[int]]] = []
    for own in edges:
        labels, others = zip(*own, strict=True) if own else ((), ())
        split.append((labels if any(labels) else (), others))
    return split


@lru_cache(1 << 12)
def _of_label(label: str) -> int:
    return int.from_bytes(blake2b(label.encode(), digest_size=8).digest(), "big")
