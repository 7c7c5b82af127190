"""The two stages of a lowered cell, both frozen.

`Dataflow` is the flat cell: one node a function of the language, each edge plain or with a named
parameter.  `Graph` is the same cell over primitives, in static single assignment; it is what the
interpreter, the normal form, the planner and every backend read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from fenas_lang.functions import FUNCTIONS, NodeFunction
from fenas_lang.primitives import Attribute
from fenas_lang.source import NOWHERE, Span

PLAIN, WEIGHTED, ELEMENTWISE = "plain", "weighted", "elementwise"

INPUT_SIZE, HIDDEN_SIZE = "D", "H"


@dataclass(frozen=True, slots=True)
class ParameterShape:
    """A parameter by the name of LANGUAGE section 4, and its shape in the symbols D and H.

    `kind` is `weight` (matrix), `elementwise` or `bias` (vectors of size H).
    """

    name: str
    kind: str
    shape: tuple[str, ...]

    def sizes(self, input_size: int, hidden_size: int) -> tuple[int, ...]:
        """The shape in numbers."""
        return tuple(input_size if s == INPUT_SIZE else hidden_size for s in self.shape)


@dataclass(frozen=True, slots=True)
class Edge:
    """One argument of a node.

    `source` names a node, the input or a state; a literal is a Fraction, the zero vector None.
    `parameter` is the weight's name (`r.x`), `gate_parameter` a skip node's (`n3.gate.x`); a skip
    argument is one edge, of kind `weighted`.
    """

    source: str | Fraction | None
    kind: str = PLAIN
    parameter: str | None = None
    gate_parameter: str | None = None


@dataclass(frozen=True, slots=True)
class FlatNode:
    """`name = function(edges)`; `bias` and `gate_bias` name its bias parameters, if it has them."""

    name: str
    function: str
    edges: tuple[Edge, ...]
    bias: str | None = None
    gate_bias: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def definition(self) -> NodeFunction:
        return FUNCTIONS[self.function]

    @property
    def sources(self) -> tuple[str, ...]:
        """Names that it reads, in order, with repetitions."""
        return tuple(e.source for e in self.edges if isinstance(e.source, str))


@dataclass(frozen=True)
class Dataflow:
    """A cell after lowering: flat, every edge with its parameter.

    `nodes` holds dead nodes too, in the order of evaluation; `rule_mean` names the node that is
    the output rule's mean (not one of the counted nodes), if there is one.
    """

    name: str
    input: str
    states: tuple[str, ...]
    outputs: tuple[str, ...]
    bias: bool
    nodes: tuple[FlatNode, ...]
    space: str = "fenas"
    rule_mean: str | None = None
    output_rule: str = "any"

    @cached_property
    def by_name(self) -> dict[str, FlatNode]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def live(self) -> tuple[FlatNode, ...]:
        """The nodes that some output depends on, in order."""
        wanted = set(self.outputs)
        kept = []
        for node in reversed(self.nodes):
            if node.name in wanted:
                kept.append(node)
                wanted.update(node.sources)
        return tuple(reversed(kept))

    @cached_property
    def dead(self) -> tuple[FlatNode, ...]:
        alive = {node.name for node in self.live}
        return tuple(node for node in self.nodes if node.name not in alive)

    @cached_property
    def square_edges(self) -> tuple[tuple[FlatNode, Edge], ...]:
        """Live edges that force D = H: the input read plainly, elementwise, or by a skip."""
        return tuple(
            (node, edge)
            for node in self.live
            for edge in node.edges
            if edge.source == self.input and (edge.kind != WEIGHTED or edge.gate_parameter)
        )

    @property
    def forces_square(self) -> bool:
        """Whether D = H is forced (also by an output that is the input itself)."""
        return bool(self.square_edges) or self.input in self.outputs

    @cached_property
    def parameters(self) -> tuple[ParameterShape, ...]:
        """All parameters of live nodes, in the order of nodes, edges before the bias."""
        return tuple(shape for node in self.live for shape in self._node_parameters(node))

    def _node_parameters(self, node: FlatNode) -> list[ParameterShape]:
        found = [self._weight(e, e.parameter) for e in node.edges if e.parameter is not None]
        if node.bias:
            found.append(ParameterShape(node.bias, "bias", (HIDDEN_SIZE,)))
        found += [
            self._weight(e, e.gate_parameter) for e in node.edges if e.gate_parameter is not None
        ]
        if node.gate_bias:
            found.append(ParameterShape(node.gate_bias, "bias", (HIDDEN_SIZE,)))
        return found

    def _weight(self, edge: Edge, name: str) -> ParameterShape:
        if edge.kind == ELEMENTWISE:
            return ParameterShape(name, "elementwise", (HIDDEN_SIZE,))
        columns = INPUT_SIZE if edge.source == self.input else HIDDEN_SIZE
        return ParameterShape(name, "weight", (HIDDEN_SIZE, columns))


@dataclass(frozen=True, slots=True)
class Node:
    """One primitive applied to earlier nodes (operands are indices into `Graph.nodes`)."""

    op: str
    operands: tuple[int, ...] = ()
    attribute: Attribute = None


@dataclass(frozen=True)
class Graph:
    """Primitives in static single assignment: operands come before their users; all nodes live.

    `values[k]` is the index of the primitive node that holds flat node k's value (by name), for
    printing and drawing.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]
    input: str
    states: tuple[str, ...]
    parameters: tuple[ParameterShape, ...]
    values: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    name: str = field(default="Cell", compare=False)
