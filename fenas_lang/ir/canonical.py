"""The canonical key: equal for cells that are the same live graph, and only for those."""

from __future__ import annotations

from dataclasses import dataclass

from fenas_lang.functions import ACTIVATION, SKIP
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, WEIGHTED, Dataflow, Edge, FlatNode
from fenas_lang.ir.labelling import canonical_digest, canonical_order

KEY_VERSION = "fen1"
KINDS = {PLAIN: 0, WEIGHTED: 1, ELEMENTWISE: 2}


def canonical_key(dataflow: Dataflow) -> str:
    """`fen1:` and 32 hexadecimal digits.

    Two cells have the same key exactly when their live graphs of function nodes are the same up to
    the names of nodes and cell, the order of nodes, and the order of commutative operands.  The
    order of states and outputs counts, and so does which nodes have a bias; `zero` among the
    operands of an activation or a skip does not.
    Raises FenError (FEN259) for a graph too large and regular to label.
    """
    graph = labelled(dataflow)
    order = canonical_order(graph.labels, graph.operands)
    return f"{KEY_VERSION}:{canonical_digest(graph.labels, graph.operands, order)}"


def canonical_names(dataflow: Dataflow) -> tuple[str, ...]:
    """Input, states and live nodes in canonical order.

    For two cells with one key, the names at equal positions correspond.
    """
    graph = labelled(dataflow)
    order = canonical_order(graph.labels, graph.operands)
    return tuple(graph.names[vertex] for vertex in order)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Vertices with their names and labels; operands as (edge label, earlier vertex)."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    operands: tuple[tuple[tuple[int, int], ...], ...]


def labelled(dataflow: Dataflow) -> Labelled:
    """The live graph with everything that counts in labels, and nothing else."""
    leaves = (dataflow.input, *dataflow.states)
    names = (*leaves, *(node.name for node in dataflow.live))
    vertex = {name: k for k, name in enumerate(names)}
    outputs = {
        name: ",".join(str(k) for k, output in enumerate(dataflow.outputs) if output == name)
        for name in set(dataflow.outputs)
    }
    labels = [f"leaf {k}" for k in range(len(leaves))]
    operands: list[tuple[tuple[int, int], ...]] = [()] * len(leaves)
    for node in dataflow.live:
        edges = _edges(node)
        literals = sorted(f"{label}={e.source or 0}" for label, e in edges if not _named(e))
        labels.append(f"{node.function} {_biases(node)} {' '.join(literals)}")
        operands.append(tuple((label, vertex[str(e.source)]) for label, e in edges if _named(e)))
    marked = (f"{label} > {outputs.get(n, '')}" for n, label in zip(names, labels, strict=True))
    return Labelled(names, tuple(marked), tuple(operands))


def _edges(node: FlatNode) -> list[tuple[int, Edge]]:
    """Edges that count, each with a label of its kind and, if operands are ordered, its place."""
    definition = node.definition
    drops_zero = definition.kind in (ACTIVATION, SKIP)
    return [
        (KINDS[edge.kind] + (0 if definition.commutative else len(KINDS) * place), edge)
        for place, edge in enumerate(node.edges)
        if _named(edge) or edge.source or not drops_zero
    ]


def _named(edge: Edge) -> bool:
    return isinstance(edge.source, str)


def _biases(node: FlatNode) -> str:
    return "+" * ((node.bias is not None) + (node.gate_bias is not None))
