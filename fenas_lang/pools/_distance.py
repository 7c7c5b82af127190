"""How far two cells are apart: one fixed distance between live graphs, for search in a pool.

Colours are those of Weisfeiler & Leman (1968): at first a node's function, edges and biases, as in
the canonical key; then, three times over, its colour with those of what it reads and of what reads
it, by kind of edge.  A cell is the multiset of the colours that its nodes had in all four rounds,
and of its key.  The distance is that of Jaccard for multisets (Ruzicka 1958), `1 - shared/joint`,
where `shared` sums the lesser number of each colour and `joint` the greater: symmetric, from 0 to
1, with the triangle inequality, and 0 exactly between cells of one key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

from fenas_lang.ir.canonical import canonical_key, labelled
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.labelling import reverse

ROUNDS = 3
Colours = Mapping[int, int]
"""How often each colour occurs."""


def distance(one: Dataflow, other: Dataflow) -> float:
    """From 0, for cells with the same canonical key, to 1."""
    first, second = (colours_of(cell, canonical_key(cell)) for cell in (one, other))
    shared = sum(min(times, second.get(colour, 0)) for colour, times in first.items())
    return 1 - shared / (sum(first.values()) + sum(second.values()) - shared)


def colours_of(cell: Dataflow, key: str) -> Colours:
    """The multiset that a cell is to the distance; `key` is its canonical key."""
    graph = labelled(cell)
    users = reverse(graph.operands)
    colours = [_colour("node", label) for label in graph.labels]
    found = Counter([_colour("key", key), *colours])
    for _ in range(ROUNDS):
        colours = [
            _colour("round", own, _seen(graph.operands[v], colours), _seen(users[v], colours))
            for v, own in enumerate(colours)
        ]
        found.update(colours)
    return found


def _seen(edges: list[tuple[int, int]] | tuple[tuple[int, int], ...], colours: list[int]) -> str:
    return str(sorted((label, colours[vertex]) for label, vertex in edges))


def _colour(*parts: object) -> int:
    digest = blake2b("\n".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
