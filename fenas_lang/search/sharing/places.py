"""Where the weights of a cell lie in the supernet.

A weight belongs to the number of its node, the source of its edge and its role there: of the value,
of the gate, or of an inner node of a called `fn`.  What the node computes is no part of it, as in
ENAS (Pham et al. 2018, section 2.1) and DARTS, where all activations of an edge share its matrix; a
skip that a space writes out as a `fn` (their identity) shares with the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from fenas_lang.check.check import Checked
from fenas_lang.ir.graph import ELEMENTWISE, WEIGHTED, Dataflow, FlatNode
from fenas_lang.ir.lower import lower_checked
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.outputs import rule_mean
from fenas_lang.syntax.ast import Cell

INPUT = "x"
GATE = "gate"


@dataclass(frozen=True)
class Slot:
    """One parameter of a node: its role, the name that its edge reads, and its kind.

    A bias reads nothing; `kind` is `weighted` (a matrix), `elementwise` or `bias`.
    """

    role: str
    source: str
    kind: str

    def key(self, node: int, source: str) -> str:
        """The name of the shared weight, where the source has this label."""
        return "_".join(part for part in (f"n{node}", self.role, source, self.kind) if part)


def lowered(cell: Cell, space: Space) -> Dataflow:
    """The dataflow of a cell that is legal by construction."""
    named = replace(cell, source=None)
    made = rule_mean(named, space)
    return lower_checked(Checked(named, space, named, space.output[0], made, space.definitions))


def source_labels(cell: Cell) -> dict[str, str]:
    """From a cell's names to the supernet's: `x`, `s1` and on for states, `n1` and on for nodes."""
    states = {name: f"s{k}" for k, name in enumerate(cell.states, 1)}
    nodes = {node.name: f"n{k}" for k, node in enumerate(cell.nodes, 1)}
    return {cell.input: INPUT, **states, **nodes}


def keys(cell: Cell, dataflow: Dataflow) -> dict[str, str]:
    """Of each parameter of the cell, by its name, the name of the shared weight.

    Two edges of one node from one source share one weight, since their sum is one matrix.
    """
    labels, found = source_labels(cell), dict[str, str]()
    for number, group in enumerate(groups(cell, dataflow), 1):
        for name, slot in slots(group).items():
            found[name] = slot.key(number, labels.get(slot.source, ""))
    return found


def groups(cell: Cell, dataflow: Dataflow) -> Iterator[list[FlatNode]]:
    """The flat nodes of each node of the cell, whose `fn`s are now written out."""
    own, group = {node.name for node in cell.nodes}, list[FlatNode]()
    for node in dataflow.nodes:
        group.append(node)
        if node.name in own:
            yield group
            group = []


def slots(group: Sequence[FlatNode]) -> dict[str, Slot]:
    """The parameters of a node by their names."""
    written_out = is_skip(group)
    found: dict[str, Slot] = {}
    for number, node in enumerate(group, 1):
        role = "" if len(group) == 1 else f"f{number}"
        if written_out and number <= 2:
            role = (GATE, "")[number - 1]
        found |= _slots(node, role, GATE if role == "" else f"{role}_{GATE}")
    return found


def _slots(node: FlatNode, role: str, gate: str) -> dict[str, Slot]:
    found = {}
    for edge in node.edges:
        kind = ELEMENTWISE if edge.kind == ELEMENTWISE else WEIGHTED
        if edge.parameter:
            found[edge.parameter] = Slot(role, str(edge.source), kind)
        if edge.gate_parameter:
            found[edge.gate_parameter] = Slot(gate, str(edge.source), kind)
    if node.bias:
        found[node.bias] = Slot(role, "", "bias")
    if node.gate_bias:
        found[node.gate_bias] = Slot(gate, "", "bias")
    return found


def is_skip(group: Sequence[FlatNode]) -> bool:
    """Whether the nodes are `s + sigmoid(@s) * (f(@s) - s)`."""
    functions = [node.function for node in group]
    if functions[:1] + functions[2:] != ["sigmoid", "sub", "mul", "add"]:
        return False
    gate, value, difference, product, total = group
    read = gate.sources[0]
    weighted = [[e.kind for e in node.edges] == [WEIGHTED] for node in (gate, value)]
    return (
        all(weighted)
        and value.sources == (read,)
        and difference.sources == (value.name, read)
        and product.sources == (gate.name, difference.name)
        and total.sources == (read, product.name)
    )
