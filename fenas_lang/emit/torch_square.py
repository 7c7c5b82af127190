"""Which use of the input forces D = H, in the words of an error message."""

from __future__ import annotations

from fractions import Fraction

from fenas_lang.functions import ATOMIC, SYMBOLS
from fenas_lang.ir.graph import ELEMENTWISE, WEIGHTED, Dataflow, Edge, FlatNode

LONGEST = 60


def unweighted_use(dataflow: Dataflow) -> str:
    """The first node that reads the input unweighted, as source (`n4 = x * h_prev`).

    Where only an output does, it is that; empty where nothing does.
    """
    if dataflow.square_edges:
        return _shortened(_source(dataflow.square_edges[0][0]))
    return f"the output {dataflow.input}" if dataflow.forces_square else ""


def _source(node: FlatNode) -> str:
    arguments = [_argument(edge) for edge in node.edges]
    if node.definition.kind != ATOMIC:
        return f"{node.name} = {node.function}({', '.join(arguments)})"
    if len(arguments) == 1:
        return f"{node.name} = -{arguments[0]}"
    return f"{node.name} = {f' {SYMBOLS[node.function]} '.join(arguments)}"


def _argument(edge: Edge) -> str:
    if edge.source is None:
        return "zero"
    if isinstance(edge.source, Fraction):
        return f"{float(edge.source):g}"
    mark = {WEIGHTED: "@", ELEMENTWISE: "@."}.get(edge.kind, "")
    return edge.source if edge.gate_parameter else mark + edge.source


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
