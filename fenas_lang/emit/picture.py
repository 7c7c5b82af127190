"""What a drawing of a cell shows, before any format: marks and arrows, each with its role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from fenas_lang.emit.symbols import argument, expression, function_symbol, state_bases
from fenas_lang.functions import ACTIVATION, ATOMIC, MEAN, SKIP
from fenas_lang.ir.graph import Dataflow, Edge, FlatNode

INPUT, OUTPUT, LITERAL = "input", "output", "literal"
OPERATION, FUNCTION, GATE, SKIP_FUNCTION, AVERAGE = (
    "operation",
    "function",
    "gate",
    "skip",
    "mean",
)
RESULT = "result"
"""The kind of the arrow from a node to the output that it is; others have their edge's kind."""

NOW, BEFORE = "t", "t−1"
LONGEST_NAME = 12
_ROLES = {ATOMIC: OPERATION, ACTIVATION: FUNCTION, SKIP: SKIP_FUNCTION, MEAN: AVERAGE}


@dataclass(frozen=True, slots=True)
class Mark:
    """A thing with a place: `label` is read first, `name` is the node's; `title` says it all.

    `time` is the step that an input, state or output belongs to.
    """

    id: str
    role: str
    label: str
    name: str = ""
    time: str = ""
    title: str = ""
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one mark to another; `sign` stands at the head (the second operand of a difference)."""

    tail: str
    head: str
    kind: str
    sign: str = ""
    title: str = ""
    dead: bool = False


@dataclass(frozen=True)
class Picture:
    """A cell as marks and arrows, both in the order of the text."""

    dataflow: Dataflow

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        return (*self._inputs(), *self._nodes(), *self._outputs())

    @cached_property
    def arrows(self) -> tuple[Arrow, ...]:
        results = (
            Arrow(name, _output_id(k), RESULT) for k, name in enumerate(self.dataflow.outputs)
        )
        return (*(a for node in self.dataflow.nodes for a in self._edges(node)), *results)

    @cached_property
    def _dead(self) -> frozenset[str]:
        return frozenset(node.name for node in self.dataflow.dead)

    @cached_property
    def _factors(self) -> frozenset[str]:
        """Names that a product reads."""
        nodes = self.dataflow.nodes
        return frozenset(s for node in nodes if node.function == "mul" for s in node.sources)

    def _inputs(self) -> Iterator[Mark]:
        x = self.dataflow.input
        yield Mark(x, INPUT, _short(x), "", NOW, f"{x}: the input of this step")
        for state, base in zip(self.dataflow.states, state_bases(self.dataflow), strict=True):
            name = _short(state) if state != base else ""
            title = f"{state}: state of the step before"
            yield Mark(state, INPUT, _short(base), name, BEFORE, title)

    def _outputs(self) -> Iterator[Mark]:
        bases = state_bases(self.dataflow)
        for k, (name, base) in enumerate(zip(self.dataflow.outputs, bases, strict=True)):
            what = "output, and next value of" if k == 0 else "next value of"
            title = f"{name}: {what} state {self.dataflow.states[k]}"
            yield Mark(_output_id(k), OUTPUT, _short(base), "", NOW, title)

    def _nodes(self) -> Iterator[Mark]:
        for node in self.dataflow.nodes:
            yield self._mark(node)
            for k, edge in enumerate(node.edges):
                if not isinstance(edge.source, str) and _shown(node, edge):
                    text = "0" if edge.source is None else argument(edge).replace("-", "−")
                    dead = node.name in self._dead
                    yield Mark(_literal_id(node, k), LITERAL, _short(text), title=text, dead=dead)

    def _mark(self, node: FlatNode) -> Mark:
        gate = node.function == "sigmoid" and node.name in self._factors
        role = GATE if gate else _ROLES[node.definition.kind]
        dead = node.name in self._dead
        note = " (dead: no output depends on it)" if dead else ""
        title = f"{node.name} = {expression(node)}{note}"
        label, name = function_symbol(node.function), _short(node.name)
        return Mark(node.name, role, label, name, title=title, dead=dead)

    def _edges(self, node: FlatNode) -> Iterator[Arrow]:
        for k, edge in enumerate(node.edges):
            if _shown(node, edge):
                tail = edge.source if isinstance(edge.source, str) else _literal_id(node, k)
                sign = "−" if node.function == "sub" and k == 1 else ""
                parameters = [p for p in (edge.parameter, edge.gate_parameter) if p]
                title = ", ".join(parameters) or f"{argument(edge)}, without a weight"
                yield Arrow(tail, node.name, edge.kind, sign, title, node.name in self._dead)


def _shown(node: FlatNode, edge: Edge) -> bool:
    """Whether an edge is drawn: the zero vector adds nothing to what an activation sums."""
    summed = node.definition.kind in (ACTIVATION, SKIP)
    return edge.source is not None or not summed or len(node.edges) == 1


def _short(name: str) -> str:
    """A name that fits; titles have it whole."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _output_id(k: int) -> str:
    """An id that no name can be."""
    return f"output {k + 1}"


def _literal_id(node: FlatNode, k: int) -> str:
    return f"{node.name} {k + 1}"
