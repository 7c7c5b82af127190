"""Canonical labelling of a labelled directed acyclic graph: one order for all isomorphic graphs.

Each vertex gets a digest of what it is computed from and of what is computed from it, which tells
all vertices of most cells apart; what is left, colour refinement settles (`refinement.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from fenas_lang.ir.refinement import Operands, Search


def canonical_order(labels: Sequence[str], operands: Operands) -> tuple[int, ...]:
    """The vertices in an order that depends on the graph's isomorphism class alone.

    Up to automorphisms: two isomorphic graphs become equal when both are written in this order.
    Operands precede their users.  Edge labels are small non-negative integers; order matters
    between operands only where their labels differ.
    Raises FenError (FEN259) past a stated amount of work, which takes a graph that is made for it.
    """
    users = reverse(operands)
    digests = _digests(labels, operands, users)
    order = sorted(range(len(labels)), key=digests.__getitem__)
    colours = ranks([digests[v] for v in order], order)
    if len(set(colours.values())) == len(order):
        return tuple(order)
    return tuple(Search(operands, users).order(colours))


def canonical_digest(labels: Sequence[str], operands: Operands, order: Sequence[int]) -> str:
    """32 hexadecimal digits for the graph written in a canonical order.

    A label may hold any text without a line end.
    """
    rank = {v: k for k, v in enumerate(order)}
    edges = (sorted((e, rank[u]) for e, u in operands[v]) for v in order)
    lines = [f"{labels[v]}{own}" for v, own in zip(order, edges, strict=True)]
    return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def reverse(operands: Operands) -> list[list[tuple[int, int]]]:
    """Of each vertex, its users as (edge label, vertex)."""
    users: list[list[tuple[int, int]]] = [[] for _ in operands]
    for vertex, edges in enumerate(operands):
        for label, operand in edges:
            users[operand].append((label, vertex))
    return users


def _digests(labels: Sequence[str], operands: Operands, users: Operands) -> list[bytes]:
    """Of each vertex, a digest of everything below it, then of that and everything above it."""
    digests = [b""] * len(labels)
    for vertex, label in enumerate(labels):
        digests[vertex] = _digest(label.encode(), operands[vertex], digests)
    for vertex in reversed(range(len(labels))):
        digests[vertex] = _digest(digests[vertex], users[vertex], digests)
    return digests


def _digest(own: bytes, edges: Iterable[tuple[int, int]], digests: Sequence[bytes]) -> bytes:
    parts = sorted([label.to_bytes(4, "big") + digests[vertex] for label, vertex in edges])
    return blake2b(b"".join(parts) + own, digest_size=16).digest()


def ranks(values: Sequence[bytes | int], order: Sequence[int]) -> dict[int, int]:
    """Of each vertex, how many have a smaller value; `values` are those of `order`."""
    colours: dict[int, int] = {}
    for position, vertex in enumerate(order):
        same = position > 0 and values[position] == values[position - 1]
        colours[vertex] = colours[order[position - 1]] if same else position
    return colours
