"""ONNX's own recurrent operators, and which of them a cell is proved to be.

The equations of `LSTM`, `GRU` and `RNN` are those of the operators' documentation.  A cell is an
operator where it is equal to it under names and signs of parameters: `(1-z)*n + z*h` is the GRU's,
and `z*n + (1-z)*h` is it with the weights of z negated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from fenas_lang.emit.onnx_graph import Array, Writer
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.references import REFERENCES, Reference, Slot, layers, slots
from fenas_lang.proof.relate import equal_by_names_and_signs
from fenas_lang.proof.substitution import Substitution

PEEPHOLE = "peephole"
Weights = Mapping[str, Array]


@dataclass(frozen=True)
class Operator:
    """An operator with its attributes.

    `order` gives its blocks in ONNX's order, as numbers of its reference's blocks; `activations`
    are those of one direction.
    """

    name: str
    order: tuple[int, ...]
    attributes: Mapping[str, int] = field(default_factory=dict)
    activations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recognised:
    """A cell is an operator: each parameter of the reference is (sign, a parameter of the cell)."""

    operator: Operator
    reference: Reference
    parameters: Mapping[str, tuple[int, str]]

    @property
    def correspondence(self) -> dict[str, str]:
        """The cell's parameters in the reference's symbols."""
        symbols = {name: slot.symbol for name, slot in self.reference.slots.items()}
        return {
            own: symbols[name] if sign > 0 else f"-({symbols[name]})"
            for name, (sign, own) in self.parameters.items()
        }


@lru_cache(maxsize=256)
def recognise(graph: Graph) -> Recognised | None:
    """The operator that a cell is, by proof; None where there is none, or it is too large."""
    for reference in (*REFERENCES, *OWN_REFERENCES):
        try:
            found = equal_by_names_and_signs(graph, reference.graph)
        except OutOfBudget:
            continue
        if found is not None:
            operator = OPERATORS[_without_bias(reference.name)]
            return Recognised(operator, reference, _signed(found.back or {}))
    return None


def _signed(values: Substitution) -> dict[str, tuple[int, str]]:
    pairs = ((name, value.single) for name, value in values.items())
    return {name: (int(pair[0]), pair[1]) for name, pair in pairs if pair}


def operator_layer(
    writer: Writer,
    found: Recognised,
    x: str,
    states: list[str],
    weights: Sequence[Weights],
    prefix: str,
) -> tuple[str, list[str]]:
    """The output (T, B, H · directions) and last states of one level, by one operator.

    x is (T, B, ·), each state (directions, B, H); `weights` are those of each direction.
    """
    directions = len(weights)
    operator = found.operator
    tensors = _tensors(writer, found, weights, prefix)
    inputs = [x, tensors["W"], tensors["R"], tensors["B"], "", *states, tensors["P"]]
    while not inputs[-1]:
        inputs.pop()
    attributes: dict[str, Any] = dict(operator.attributes)
    if operator.activations:
        attributes["activations"] = list(operator.activations) * directions
    every, *finals = writer.outputs(
        operator.name,
        inputs,
        ["steps", *("last_h", "last_c")[: len(states)]],
        hidden_size=_hidden_size(found, weights[0]),
        direction="forward" if directions == 1 else "bidirectional",
        **attributes,
    )
    if directions == 1:
        return writer.node("Squeeze", every, writer.integers(1), hint="steps"), finals
    turned = writer.node("Transpose", every, hint="steps", perm=[0, 2, 1, 3])
    return writer.node("Reshape", turned, writer.integers(0, 0, -1), hint="steps"), finals


def _hidden_size(found: Recognised, weights: Weights) -> int:
    _, own = next(iter(found.parameters.values()))
    return int(weights[own].shape[0])


def _tensors(
    writer: Writer, found: Recognised, weights: Sequence[Weights], prefix: str
) -> dict[str, str]:
    """The operator's weight inputs by their names in its documentation; empty for what is zero."""

    def tensor(name: str, *kinds: str) -> str:
        per_direction = [_blocks(found, own, kinds) for own in weights]
        if any(blocks is None for blocks in per_direction):
            return ""
        stacked = np.stack([blocks for blocks in per_direction if blocks is not None])
        return writer.initializer(writer.name(prefix + name), stacked.astype(writer.dtype))

    return {
        "W": tensor("W", "weight_ih"),
        "R": tensor("R", "weight_hh"),
        "B": tensor("B", "bias_ih", "bias_hh"),
        "P": tensor("P", PEEPHOLE),
    }


def _blocks(found: Recognised, weights: Weights, kinds: tuple[str, ...]) -> Array | None:
    """Blocks one below the other, zeros for those that are missing; None where there are none."""
    held = {
        (slot.tensors[0], slot.block): sign * weights[own]
        for name, slot in found.reference.slots.items()
        for sign, own in [found.parameters[name]]
    }
    places = [(kind, block) for kind in kinds for block in found.operator.order]
    if PEEPHOLE in kinds:
        places = [place for place in places if place in held]
    present = [held[place] for place in places if place in held]
    if not present:
        return None
    return np.concatenate([held.get(place, np.zeros_like(present[0])) for place in places])


def _without_bias(name: str) -> str:
    """A reference's name without the argument that it has no biases."""
    return name.replace("(bias=False)", "").replace(", bias=False", "")


RESET_BEFORE = """
cell GRU in open (x, h_prev) -> h {
    r = sigmoid(@x, @h_prev)
    z = sigmoid(@x, @h_prev)
    q = r * h_prev
    n = tanh(@x, @q)
    h = (1 - z) * n + z * h_prev
}
"""
PEEPHOLES = """
cell LSTM in open (x, h_prev, c_prev) -> (h, c) {
    i = sigmoid(@x, @h_prev, @.c_prev)
    f = sigmoid(@x, @h_prev, @.c_prev)
    g = tanh(@x, @h_prev)
    c = f * c_prev + i * g
    o = sigmoid(@x, @h_prev, @.c)
    h = o * tanh(c)
}
"""


def _own_references() -> list[Reference]:
    """What ONNX's operators have and PyTorch's layers have not, with and without biases."""
    before = slots("rzn")
    before["n.q"] = before.pop("n.h_prev")
    gates = {"i.c_prev": ("P_i", 0), "f.c_prev": ("P_f", 1), "o.c": ("P_o", 3)}
    peepholes = {name: Slot(symbol, (PEEPHOLE,), k) for name, (symbol, k) in gates.items()}
    return [
        *layers("onnx.GRU", RESET_BEFORE, before, "linear_before_reset=0"),
        *layers("onnx.LSTM", PEEPHOLES, {**slots("ifgo"), **peepholes}, "peepholes"),
    ]


OWN_REFERENCES = tuple(_own_references())
IOFC, ZRH = (0, 3, 1, 2), (1, 0, 2)
"""ONNX's order of blocks, in PyTorch's i f g o and r z n."""
OPERATORS: Mapping[str, Operator] = {
    "torch.nn.LSTM": Operator("LSTM", IOFC),
    "torch.nn.GRU": Operator("GRU", ZRH, {"linear_before_reset": 1}),
    "torch.nn.RNN": Operator("RNN", (0,), activations=("Tanh",)),
    "torch.nn.RNN(nonlinearity='relu')": Operator("RNN", (0,), activations=("Relu",)),
    "onnx.GRU(linear_before_reset=0)": Operator("GRU", ZRH),
    "onnx.LSTM(peepholes)": Operator("LSTM", IOFC),
}
"""By reference, with or without biases."""
