"""Lowering: a checked cell becomes a `Dataflow` with named parameters, and that a `Graph`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenas_lang.check.check import Checked, checked
from fenas_lang.functions import ACTIVATION, SKIP, skip_body
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, WEIGHTED, Dataflow, Edge, FlatNode, Graph, Node
from fenas_lang.primitives import Attribute, Term, term
from fenas_lang.spaces.flat import arguments_of, function_of
from fenas_lang.spaces.model import Space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr


def lower(cell: Cell, space: Space | None = None) -> Dataflow:
    """The flat cell.  Raises FenError where the cell does not check in its space (or `space`)."""
    return lower_checked(checked(cell, space))


def lower_checked(source: Checked) -> Dataflow:
    """The flat cell of a checked one."""
    cell, flat = source.cell, source.flat
    return Dataflow(
        cell.name,
        cell.input,
        cell.states,
        cell.output_names,
        cell.bias,
        tuple(_flat_node(node, cell.bias) for node in flat.nodes),
        source.space.name,
        source.mean.name if source.mean else None,
        source.rule,
    )


def _flat_node(node: ast.Node, with_bias: bool) -> FlatNode:
    function = function_of(node.value)
    bare = FlatNode(node.name, function, ())
    arguments = arguments_of(node.value)
    skip = bare.definition.kind == SKIP
    names = _parameter_names(node.name, arguments, skip)
    edges = tuple(
        _edge(argument, name, skip) for argument, name in zip(arguments, names, strict=True)
    )
    biased = with_bias and any(name is not None for name in names)
    return FlatNode(
        node.name,
        function,
        edges,
        f"{node.name}.bias" if biased else None,
        f"{node.name}.gate.bias" if biased and skip else None,
        node.span,
    )


def _parameter_names(
    node: str, arguments: Sequence[Expr], skip: bool
) -> list[tuple[str, str] | None]:
    """(weight, gate weight) of each argument that has one: `r.x`, and `r.x.2` for a second edge."""
    seen: Counter[str] = Counter()
    names: list[tuple[str, str] | None] = []
    for argument in arguments:
        source = _atom(argument)
        if not isinstance(source, str) or not (skip or isinstance(argument, ast.Weighted)):
            names.append(None)
            continue
        seen[source] += 1
        suffix = source if seen[source] == 1 else f"{source}.{seen[source]}"
        names.append((f"{node}.{suffix}", f"{node}.gate.{suffix}"))
    return names


def _edge(argument: Expr, names: tuple[str, str] | None, skip: bool) -> Edge:
    source = _atom(argument)
    if names is None:
        return Edge(source)
    if skip:
        return Edge(source, WEIGHTED, *names)
    elementwise = isinstance(argument, ast.Weighted) and argument.elementwise
    return Edge(source, ELEMENTWISE if elementwise else WEIGHTED, names[0])


def _atom(argument: Expr) -> str | Fraction | None:
    """What an argument reads: a name, a literal's value, or None for zero."""
    match argument:
        case ast.Weighted():
            return _atom(argument.operand)
        case ast.Negate(operand=ast.Number() as number):
            return -number.value
        case ast.Number():
            return argument.value
        case ast.Name():
            return argument.id
    return None


def expand(dataflow: Dataflow) -> Graph:
    """The live cell over primitives, equal terms without weights of their own shared."""
    builder = _GraphBuilder(dataflow)
    for node in dataflow.live:
        builder.values[node.name] = builder.place(node_term(node))
    outputs = tuple(builder.values[name] for name in dataflow.outputs)
    return builder.finish(outputs)


def node_term(node: FlatNode) -> Term:
    """What a node computes, over leaves `value` that name what it reads."""
    definition = node.definition
    plain = [_value(edge.source) for edge in node.edges]
    if definition.combine is not None:
        return definition.combine(*plain)
    assert definition.activation is not None
    pre = _sum([_weighted(edge) for edge in node.edges], node.bias)
    if definition.kind == ACTIVATION:
        return definition.activation(pre)
    gate = _sum([_weighted(edge, gate=True) for edge in node.edges], node.gate_bias)
    return skip_body(definition.activation, pre, gate, _sum(plain, None))


class _GraphBuilder:
    """Places terms into SSA; a term is placed once, as its node is its key."""

    def __init__(self, dataflow: Dataflow):
        self.dataflow = dataflow
        self.nodes: list[Node] = []
        self.index: dict[Node, int] = {}
        self.values = {dataflow.input: self._add(Node("input", (), dataflow.input))}
        for state in dataflow.states:
            self.values[state] = self._add(Node("state", (), state))

    def _add(self, node: Node) -> int:
        if node not in self.index:
            self.index[node] = len(self.nodes)
            self.nodes.append(node)
        return self.index[node]

    def place(self, value: Term) -> int:
        """The index of a term's node.  Iterative, since a sum may have thousands of operands."""
        order, pending = [], [value]
        while pending:
            order.append(pending.pop())
            pending.extend(order[-1].operands)
        placed: dict[int, int] = {}
        for current in reversed(order):
            placed[id(current)] = self._place_one(current, placed)
        return placed[id(value)]

    def _place_one(self, value: Term, placed: Mapping[int, int]) -> int:
        if value.op == "value":
            return self.values[str(value.attribute)]
        operands = tuple(placed[id(operand)] for operand in value.operands)
        return self._add(Node(value.op, operands, value.attribute))

    def finish(self, outputs: tuple[int, ...]) -> Graph:
        """Drop what became dead (an unread input or state stays: it is part of the signature)."""
        keep = set(range(1 + len(self.dataflow.states))) | set(outputs)
        for number in range(len(self.nodes) - 1, -1, -1):
            if number in keep:
                keep.update(self.nodes[number].operands)
        renumbered = {old: new for new, old in enumerate(sorted(keep))}
        nodes = tuple(
            Node(n.op, tuple(renumbered[k] for k in n.operands), n.attribute)
            for n in (self.nodes[old] for old in renumbered)
        )
        values = tuple((name, renumbered[k]) for name, k in self.values.items() if k in renumbered)
        return Graph(
            nodes,
            tuple(renumbered[k] for k in outputs),
            self.dataflow.input,
            self.dataflow.states,
            self.dataflow.parameters,
            values,
            self.dataflow.name,
        )


def _leaf(op: str, attribute: Attribute) -> Term:
    return Term(op, (), attribute)


def _value(source: str | Fraction | None) -> Term:
    return _leaf("value", source) if isinstance(source, str) else term(source or 0)


def _weighted(edge: Edge, gate: bool = False) -> Term:
    value, name = _value(edge.source), edge.gate_parameter if gate else edge.parameter
    if edge.kind == PLAIN or name is None:
        return value
    op = "elementwise_weight" if edge.kind == ELEMENTWISE else "linear"
    return Term(op, (value,), name)


def _sum(terms: Sequence[Term], bias: str | None) -> Term:
    """The sum of the terms that are not zero, and of a bias."""
    parts = [t for t in terms if t.attribute != 0 or t.op != "const"]
    if bias is not None:
        parts.append(_leaf("param", bias))
    if not parts:
        return term(0)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
