"""`json`: the flat cell for other programs; fields are only ever added.

version         1
name, space     of the cell
documentation   the comment block above it
bias            whether weighted nodes have one
input, states   names; outputs[k] is the node, input or state that is the next value of states[k]
output_rule     how the space forms the first output; rule_mean the node that it made, or null
canonical_key   equal for cells that are the same live graph
nodes           in order of evaluation: {name, function, live, edges, bias, gate_bias};
                the last two name parameters, or are null
  edges         in order: {source, kind, parameter, gate_parameter}; source is a name, an exact
                decimal, or `zero`; kind is plain, weighted or elementwise
parameters      of live nodes: {name, kind, shape}; kind is weight, elementwise or bias, shape
                in the symbols D (input size) and H (hidden size)
"""

from __future__ import annotations

import json
from typing import Any

from fenas_lang.emit.stages import Stages
from fenas_lang.emit.symbols import argument
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow, Edge, FlatNode, ParameterShape

VERSION = 1


def emit(stages: Stages) -> str:
    """The document as ASCII text, safe inside an HTML script element too."""
    text = json.dumps(document(stages), indent=2)
    return text.replace("<", "\\u003c") + "\n"


def document(stages: Stages) -> dict[str, Any]:
    """The values behind the text."""
    flow = stages.dataflow
    return {
        "version": VERSION,
        "name": flow.name,
        "space": flow.space,
        "documentation": stages.cell.documentation,
        "bias": flow.bias,
        "input": flow.input,
        "states": list(flow.states),
        "outputs": list(flow.outputs),
        "output_rule": flow.output_rule,
        "rule_mean": flow.rule_mean,
        "canonical_key": canonical_key(flow),
        "nodes": _nodes(flow),
        "parameters": [_parameter(shape) for shape in flow.parameters],
    }


def _nodes(flow: Dataflow) -> list[dict[str, Any]]:
    dead = {node.name for node in flow.dead}
    return [_node(node, node.name not in dead) for node in flow.nodes]


def _node(node: FlatNode, live: bool) -> dict[str, Any]:
    return {
        "name": node.name,
        "function": node.function,
        "live": live,
        "edges": [_edge(edge) for edge in node.edges],
        "bias": node.bias,
        "gate_bias": node.gate_bias,
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "source": argument(edge),
        "kind": edge.kind,
        "parameter": edge.parameter,
        "gate_parameter": edge.gate_parameter,
    }


def _parameter(shape: ParameterShape) -> dict[str, Any]:
    return {"name": shape.name, "kind": shape.kind, "shape": list(shape.shape)}
