"""A recurrent layer as an ONNX model: levels and directions, initial and last states, metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from onnx import ModelProto, helper

from fenas_lang.diagnostics import FenError
from fenas_lang.emit.onnx_graph import Array, Dimension, Writer
from fenas_lang.emit.onnx_operators import Recognised, operator_layer, recognise
from fenas_lang.emit.onnx_scan import BATCH, scan_direction
from fenas_lang.emit.plain import documentation_lines
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow, Graph
from fenas_lang.ir.lower import expand
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.schedule import make_plan
from fenas_lang.proof.ring_key import ring_key
from fenas_lang.syntax.ast import Cell

OPSET, IR_VERSION = 17, 8
"""Of 2022: every onnxruntime since 1.12 runs them, and what other runtimes read is not newer."""
TIME, STATE_BATCH = "time", "state_batch"
OUTPUT, FINAL = "output", "final_"


@dataclass(frozen=True)
class Layer:
    """What is exported: a cell, how it is laid out, and its weights.

    `written` and `lowered` are the cell.  `weights` are those of `layer.edges()`, all of one type:
    float16, float32 or float64.  Without `bias` those of biases are missing.
    """

    written: Cell
    lowered: Dataflow
    weights: Mapping[str, Array]
    input_size: int
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    bidirectional: bool = False

    @cached_property
    def cell(self) -> Cell:
        """The cell, `without bias` where the layer has none, which means the same."""
        return self.written if self.bias else replace(self.written, bias=False)

    @cached_property
    def dataflow(self) -> Dataflow:
        return self.lowered if self.bias else _without_bias(self.lowered)

    @cached_property
    def graph(self) -> Graph:
        return expand(self.dataflow)

    @cached_property
    def plan(self) -> Plan:
        return make_plan(self.graph)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the weights; float32 where there are none."""
        return next((w.dtype for w in self.weights.values()), np.dtype(np.float32))

    @cached_property
    def operator(self) -> Recognised | None:
        """The operator that the cell is proved to be; none in float64.

        onnxruntime computes those of float32 and float16 only, and everything in a Scan.
        """
        return None if self.dtype == np.float64 else recognise(self.graph)

    def prefixes(self, level: int) -> list[str]:
        """What the names of a level's weights begin with, a direction each."""
        if self.num_layers == 1 and not self.bidirectional:
            return [""]
        ways = ("", "reverse.") if self.bidirectional else ("",)
        return [f"l{level}.{way}" for way in ways]

    def input_size_of(self, level: int) -> int:
        return self.hidden_size * (1 + self.bidirectional) if level else self.input_size


def model(layer: Layer) -> ModelProto:
    """The model.

    Inputs are the sequence (T, B, D), or (B, T, D), under the name of the cell's input, and the
    initial states (levels · directions, B, H) under those of its states; a state that is not given
    is zero.  Outputs are `output` and `final_…` for each state.
    """
    writer = Writer(layer.dtype)
    names = [writer.name(name) for name in (layer.cell.input, *layer.cell.states)]
    results = [writer.name(name) for name in (OUTPUT, *(FINAL + s for s in layer.cell.states))]
    _write(layer, writer, names, results)
    inputs = [writer.variable(names[0], *_sequence(layer, layer.input_size))]
    inputs += [writer.variable(name, *_state(layer, STATE_BATCH)) for name in names[1:]]
    width = layer.input_size_of(1)
    outputs = [writer.variable(results[0], *_sequence(layer, width))]
    outputs += [writer.variable(name, *_state(layer, BATCH)) for name in results[1:]]
    return _model(layer, writer, inputs, outputs)


def _model(layer: Layer, writer: Writer, inputs: list[Any], outputs: list[Any]) -> ModelProto:
    made = helper.make_model(
        writer.graph(layer.cell.name, inputs, outputs),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="fenas_lang",
        doc_string="\n".join(documentation_lines(layer.cell)),
    )
    helper.set_model_props(made, dict(_properties(layer)))
    return made


def _sequence(layer: Layer, width: int) -> tuple[Dimension, ...]:
    return (BATCH, TIME, width) if layer.batch_first else (TIME, BATCH, width)


def _state(layer: Layer, batch: str) -> tuple[Dimension, ...]:
    return (layer.num_layers * (1 + layer.bidirectional), batch, layer.hidden_size)


def _write(layer: Layer, writer: Writer, names: list[str], results: list[str]) -> None:
    """All nodes, from the values called `names` to those called `results`."""
    x = names[0]
    if layer.batch_first:
        x = writer.node("Transpose", x, hint="time_first", perm=[1, 0, 2])
    states = [_initial(layer, writer, name, x) for name in names[1:]]
    finals = []
    for level in range(layer.num_layers):
        x, last = _write_level(layer, writer, level, x, [state[level] for state in states])
        finals.append(last)
    if layer.batch_first:
        writer.write("Transpose", [x], results[:1], perm=[1, 0, 2])
    else:
        writer.write("Identity", [x], results[:1])
    for name, levels in zip(results[1:], zip(*finals, strict=True), strict=True):
        writer.write("Concat", levels, [name], axis=0)


def _initial(layer: Layer, writer: Writer, name: str, x: str) -> list[str]:
    """The initial values of a state, (directions, B, H) for each level."""
    runs, _, size = _state(layer, BATCH)
    writer.initializer(name, np.zeros((int(runs), 1, int(size)), writer.dtype))
    one = writer.integers(1)
    batch = writer.node("Shape", x, hint="batch_size", start=1, end=2)
    shape = writer.concat([one, batch, one], axis=0, hint="one_batch_one")
    whole = writer.node("Expand", name, shape, hint=f"{name}_0")
    return writer.split(whole, [f"l{k}.{name}_0" for k in range(layer.num_layers)], axis=0)


def _write_level(
    layer: Layer, writer: Writer, level: int, x: str, states: list[str]
) -> tuple[str, list[str]]:
    """The output (T, B, H · directions) of a level, and its last states (directions, B, H)."""
    prefixes = layer.prefixes(level)
    if layer.operator:
        weights = [_of_direction(layer, prefix) for prefix in prefixes]
        prefix = prefixes[0]
        return operator_layer(writer, layer.operator, x, states, weights, prefix)
    runs = [
        _write_direction(layer, writer, (level, direction), x, states)
        for direction in range(len(prefixes))
    ]
    output = writer.concat([output for output, _ in runs], hint="steps")
    lasts = zip(*(last for _, last in runs), strict=True)
    return output, [writer.concat(list(last), axis=0, hint="lasts") for last in lasts]


def _write_direction(
    layer: Layer, writer: Writer, run: tuple[int, int], x: str, states: list[str]
) -> tuple[str, list[str]]:
    """The output (T, B, H) of a direction of a level by a Scan, and its last states (1, B, H)."""
    level, direction = run
    prefix = layer.prefixes(level)[direction]
    names = {
        edge: writer.initializer(writer.name(prefix + edge), weight)
        for edge, weight in _of_direction(layer, prefix).items()
    }
    index = writer.index(direction)
    output, lasts = scan_direction(
        writer,
        layer.plan,
        x,
        [writer.node("Gather", state, index, hint="initial", axis=0) for state in states],
        names.__getitem__,
        (layer.input_size_of(level), layer.hidden_size),
        reverse=direction == 1,
    )
    zero = writer.integers(0)
    return output, [writer.node("Unsqueeze", last, zero, hint="last") for last in lasts]


def _of_direction(layer: Layer, prefix: str) -> dict[str, Array]:
    """The weights of one direction of a level, by the names of edges in the cell."""
    return {p.name: layer.weights[prefix + p.name] for p in layer.graph.parameters}


def _properties(layer: Layer) -> Iterator[tuple[str, str]]:
    """The metadata: what a reader of the model asks about the cell."""
    yield "fen.cell", layer.cell.name
    yield "fen.source", str(layer.cell).encode(errors="replace").decode()
    with suppress(FenError):
        yield "fen.canonical_key", canonical_key(layer.dataflow)
    yield "fen.ring_key", ring_key(layer.graph)
    found = layer.operator
    yield "fen.operator", found.operator.name if found else "Scan"
    if found:
        yield "fen.reference", found.reference.name
        yield "fen.correspondence", json.dumps(found.correspondence)


def _without_bias(dataflow: Dataflow) -> Dataflow:
    nodes = tuple(replace(node, bias=None, gate_bias=None) for node in dataflow.nodes)
    return replace(dataflow, bias=False, nodes=nodes)
