"""What the outputs of a graph depend on, and how the states enter them.

All of it is read off the graph's structure: `x - x` counts as depending on x (the normal form,
`proof/normal_form.py`, knows better).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from functools import reduce
from operator import or_
from typing import NamedTuple

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


class _Masks(NamedTuple):
    """Sets of variables as bits: those that a value depends on, through a matrix, not affinely."""

    present: int = 0
    mixed: int = 0
    bent: int = 0

    def entry(self, bit: int) -> Entry:
        kinds = (self.bent, Entry.NONLINEAR), (self.mixed, Entry.AFFINE)
        found = next((entry for mask, entry in kinds if mask & bit), Entry.ELEMENTWISE)
        return found if self.present & bit else Entry.ABSENT


def entries(graph: Graph, names: Iterable[str]) -> tuple[Entry, ...]:
    """How the named inputs and states, taken together, enter each output."""
    masks = _masks(graph, dict.fromkeys(names, 1))
    return tuple(mask.entry(1) for mask in masks)


def entering(graph: Graph) -> tuple[dict[str, Entry], ...]:
    """For each output, the states that enter it, each by itself, and how."""
    bits = {name: 1 << k for k, name in enumerate(graph.states)}
    return tuple(
        {name: mask.entry(bit) for name, bit in bits.items() if mask.present & bit}
        for mask in _masks(graph, bits)
    )


def dependence(graph: Graph) -> tuple[frozenset[str], ...]:
    """The input and states that each output depends on, by name."""
    bits = {name: 1 << k for k, name in enumerate((graph.input, *graph.states))}
    return tuple(
        frozenset(name for name, bit in bits.items() if mask.present & bit)
        for mask in _masks(graph, bits)
    )


def forces_square(graph: Graph) -> bool:
    """Whether D = H is forced: the input is read, or given out, other than through a matrix."""
    inputs = {k for k, node in enumerate(graph.nodes) if node.op == "input"}
    return not inputs.isdisjoint(graph.outputs) or any(
        node.op != "linear" and not inputs.isdisjoint(node.operands) for node in graph.nodes
    )


def _masks(graph: Graph, bits: Mapping[str, int]) -> tuple[_Masks, ...]:
    """Of each output."""
    found: list[_Masks] = []
    for node in graph.nodes:
        found.append(_step(node, bits, [found[k] for k in node.operands]))
    return tuple(found[k] for k in graph.outputs)


def _step(node: Node, bits: Mapping[str, int], operands: Sequence[_Masks]) -> _Masks:
    if node.op in ("input", "state"):
        return _Masks(bits.get(str(node.attribute), 0))
    present, mixed, bent = (
        reduce(or_, masks, 0) for masks in zip(_Masks(), *operands, strict=True)
    )
    match node.op:
        case "linear":
            return _Masks(present, present, bent)
        case "mul":
            return _Masks(present, mixed, bent | operands[0].present & operands[1].present)
        case "add" | "sub" | "neg" | "elementwise_weight":
            return _Masks(present, mixed, bent)
    return _Masks(present, mixed, present)
