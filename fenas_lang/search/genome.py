"""A flat cell as the list of its counted nodes, which mutations edit.

The mean that an output rule makes is taken off here and made anew when the nodes are put together
again, so that every mutation leaves the output as the rule wants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fenas_lang.spaces.flat import arguments_of, names_read
from fenas_lang.spaces.model import ANY, Space
from fenas_lang.spaces.outputs import rule_mean, rule_output
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr, Node


@dataclass(frozen=True)
class Genome:
    """Nodes in order, and the names of the outputs; `frame` is the cell that they came from."""

    frame: Cell
    space: Space
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, cell: Cell, space: Space) -> Genome:
        """The nodes of a flat cell of the space."""
        made = rule_mean(cell, space)
        nodes = tuple(node for node in cell.nodes if node is not made)
        return cls(cell, space, nodes, cell.output_names)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the cell's input and states."""
        return (self.frame.input, *self.frame.states)

    @property
    def mutable(self) -> range:
        """Positions that mutations may touch: all but a first node that the space prescribes."""
        return range(0 if self.space.first is None else 1, len(self.nodes))

    def before(self, position: int) -> tuple[str, ...]:
        """What a node at this position can read: input, states, the nodes before it."""
        return (*self.inputs, *(node.name for node in self.nodes[:position]))

    def fresh(self, stem: str = "n") -> str:
        """A name `n1, n2, …` that the cell does not use."""
        used = {*self.inputs, *self.outputs, *(node.name for node in self.nodes)}
        return next(name for k in range(1, len(used) + 2) if (name := f"{stem}{k}") not in used)

    def having(self, value: Expr, position: int) -> Genome:
        """With another right-hand side at a position."""
        node = Node(self.nodes[position].name, value)
        return replace(self, nodes=(*self.nodes[:position], node, *self.nodes[position + 1 :]))

    def cell(self, output: str) -> Cell:
        """The cell again, its first output formed by the rule `output`."""
        nodes, first = self.nodes, self.outputs[0]
        if output != ANY:
            nodes, first = rule_output(self.space, output, nodes, self._name_of_mean())
        known = {*self.inputs, *(node.name for node in nodes)}
        further = (name if name in known else first for name in self.outputs[1:])
        outputs = tuple(map(ast.Parameter, (first, *further)))
        return replace(self.frame, nodes=nodes, outputs=outputs)

    def _name_of_mean(self) -> str:
        """That of the mean that there was, where no node has it."""
        first = self.outputs[0]
        taken = {*self.inputs, *(node.name for node in self.nodes)}
        return first if first not in taken else self.fresh("mean")


def with_arguments(value: Expr, arguments: Sequence[Expr]) -> Expr:
    """A flat node with other arguments."""
    match value:
        case ast.Binary(op):
            left, right = arguments
            return ast.binary(op, left, right)
        case ast.Negate():
            return ast.negate(arguments[0])
        case ast.Call(function):
            return ast.call(function, tuple(arguments))
    raise TypeError(f"{value} is no flat node")


def with_parent(value: Expr, place: int, name: str) -> Expr:
    """A flat node that reads `name` in one place, over an edge of the kind that is there."""
    arguments = list(arguments_of(value))
    arguments[place] = _over(arguments[place], name)
    return with_arguments(value, arguments)


def reading(node: Node, old: str, new: str) -> Node:
    """A node that reads one name wherever it read another."""
    if old not in names_read(node.value):
        return node
    arguments = (_over(a, new) if old in names_read(a) else a for a in arguments_of(node.value))
    return Node(node.name, with_arguments(node.value, tuple(arguments)))


def _over(argument: Expr, name: str) -> Expr:
    if isinstance(argument, ast.Weighted):
        return ast.weighted(ast.Name(name), argument.elementwise)
    return ast.Name(name)
