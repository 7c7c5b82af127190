"""What the outputs of a graph depend on, and how the states enter them.

All of it is read off the graph's structure: `x - x` counts as depending on x (the normal form,
`proof/normal_form.py`, knows better).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from fenas_lang.ir.graph import Graph, Node


class Entry(IntEnum):
    """How a variable enters a value; each kind includes those before it.

    Affine is `A·s + b` with A and b free of s; elementwise means that A is diagonal, so that a
    sequence can be run by a parallel scan over vectors.
    """

    ABSENT = 0
    ELEMENTWISE = 1
    AFFINE = 2
    NONLINEAR = 3


def entries(graph: Graph, names: Iterable[str]) -> tuple[Entry, ...]:
    """How the named inputs and states, taken together, enter each output."""
    variables = frozenset(names)
    found: list[Entry] = []
    for node in graph.nodes:
        found.append(_entry(node, variables, [found[k] for k in node.operands]))
    return tuple(found[k] for k in graph.outputs)


def dependence(graph: Graph) -> tuple[frozenset[str], ...]:
    """The input and states that each output depends on, by name."""
    found: list[frozenset[str]] = []
    for node in graph.nodes:
        own = {str(node.attribute)} if node.op in ("input", "state") else set[str]()
        found.append(frozenset(own).union(*(found[k] for k in node.operands)))
    return tuple(found[k] for k in graph.outputs)


def forces_square(graph: Graph) -> bool:
    """Whether D = H is forced: the input is read, or given out, other than through a matrix."""
    inputs = {k for k, node in enumerate(graph.nodes) if node.op == "input"}
    return not inputs.isdisjoint(graph.outputs) or any(
        node.op != "linear" and not inputs.isdisjoint(node.operands) for node in graph.nodes
    )


def _entry(node: Node, variables: frozenset[str], operands: list[Entry]) -> Entry:
    highest = max(operands, default=Entry.ABSENT)
    match node.op:
        case "input" | "state":
            return Entry.ELEMENTWISE if node.attribute in variables else Entry.ABSENT
        case "linear" if highest:
            return max(highest, Entry.AFFINE)
        case "mul" if min(operands):
            return Entry.NONLINEAR
        case "add" | "sub" | "neg" | "mul" | "elementwise_weight":
            return highest
    return Entry.NONLINEAR if highest else Entry.ABSENT
