"""Puts dropout masks on the operands of weighted edges (variational: Gal & Ghahramani 2016).

Contract: Graph → Graph.  The operand of a matrix becomes its product with a mask, the same mask for
every edge from that source; plain and elementwise edges read the operand as it is.  A mask is a
`param` leaf that is none of the graph's own parameters; `mask_of` names it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from fenas_lang.ir.graph import Graph, Node

INPUT, STATE, INNER = "x", "h", "edges"
KINDS = (INPUT, STATE, INNER)

_PREFIX = "mask of "


def mask_of(source: str) -> str:
    """The leaf of the mask for edges from an input, state or node."""
    return _PREFIX + source


def masked_source(parameter: str) -> str | None:
    """The source that a leaf masks; None for a parameter of the cell's own."""
    return parameter.removeprefix(_PREFIX) if parameter.startswith(_PREFIX) else None


def mask_edges(graph: Graph, kinds: Collection[str]) -> Graph:
    """The graph with masks on weighted edges from its input, states or inner nodes, by `kinds`."""
    nodes: list[Node] = []
    moved: list[int] = []
    masked: dict[str, int] = {}
    for node in graph.nodes:
        operands = tuple(moved[k] for k in node.operands)
        source = _source(node)
        if source is not None and _kind(graph, source) in kinds:
            if source not in masked:
                nodes.append(Node("param", (), mask_of(source)))
                nodes.append(Node("mul", (*operands, len(nodes) - 1)))
                masked[source] = len(nodes) - 1
            operands = (masked[source],)
        nodes.append(replace(node, operands=operands))
        moved.append(len(nodes) - 1)
    return replace(
        graph,
        nodes=tuple(nodes),
        outputs=tuple(moved[k] for k in graph.outputs),
        values=tuple((name, moved[k]) for name, k in graph.values),
    )


def _source(node: Node) -> str | None:
    """Which name of the cell a weighted edge reads: `h` of `r.h`, `r.h.2` and `r.gate.h`.

    Nodes that are equal share a value in the graph, but each has a mask of its own.
    """
    if node.op != "linear":
        return None
    _, *parts = str(node.attribute).split(".")
    return parts[1] if parts[0] == "gate" else parts[0]


def _kind(graph: Graph, source: str) -> str:
    if source == graph.input:
        return INPUT
    return STATE if source in graph.states else INNER
