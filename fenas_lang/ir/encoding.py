"""A graph as one line of text and back: its name wherever only strings can go."""

from __future__ import annotations

import json
from fractions import Fraction

from fenas_lang.ir.graph import Graph, Node, ParameterShape
from fenas_lang.primitives import Attribute


def encoded(graph: Graph) -> str:
    """JSON on one line; equal graphs of one name give the same text in every process."""
    return json.dumps(
        {
            "cell": graph.name,
            "input": graph.input,
            "states": graph.states,
            "parameters": [[p.name, p.kind, *p.shape] for p in graph.parameters],
            "nodes": [_row(node) for node in graph.nodes],
            "outputs": graph.outputs,
        },
        separators=(",", ":"),
    )


def decoded(text: str) -> Graph:
    """The graph that `encoded` wrote, without the names of its inner values."""
    found = json.loads(text)
    return Graph(
        nodes=tuple(_node(*row) for row in found["nodes"]),
        outputs=tuple(found["outputs"]),
        input=found["input"],
        states=tuple(found["states"]),
        parameters=tuple(
            ParameterShape(name, kind, tuple(shape)) for name, kind, *shape in found["parameters"]
        ),
        name=found["cell"],
    )


def _row(node: Node) -> list[str | int | None]:
    value = node.attribute
    return [node.op, str(value) if isinstance(value, Fraction) else value, *node.operands]


def _node(op: str, attribute: str | None, *operands: int) -> Node:
    value: Attribute = attribute
    if op == "const" and attribute is not None:
        value = Fraction(attribute)
    return Node(op, operands, value)
