"""Nested expressions and calls of `fn`s become flat nodes: every node one call of a function.

Inner nodes of `h` are named `h_1, h_2, …` in the order of evaluation, skipping names in use; the
outermost keeps `h`.  A `fn`'s arguments are evaluated once, as nodes; its body's names are its
own, and each call has weights of its own.  Literals stay inline.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from fenas_lang.source import Span
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr, Function, Node

MAX_NODES = 4096
"""A cell has at most so many nodes after lowering."""

Atom = ast.Name | ast.Number | ast.Zero | ast.Negate
"""What stands inline: a name, a literal with or without its sign, the zero vector."""


class TooManyNodes(Exception):
    """The lowered cell would be larger than `MAX_NODES`; `node` is where that happened."""

    def __init__(self, node: Node):
        super().__init__(node.name)
        self.node = node


def flatten(cell: Cell, scope: Mapping[str, Function], keep: Collection[str] = ()) -> Cell:
    """The cell with flat nodes only.

    `scope` are the functions in sight; those named in `keep` stay calls (a space's own nodes).
    Raises TooManyNodes.
    """
    return replace(cell, nodes=tuple(_Flattener(cell, scope, keep).run()), functions=())


def is_literal(expr: Expr) -> bool:
    """A number, or one with a minus before it."""
    inner = expr.operand if isinstance(expr, ast.Negate) else expr
    return isinstance(inner, ast.Number)


@dataclass
class _Flattener:
    cell: Cell
    scope: Mapping[str, Function]
    keep: Collection[str]

    def run(self) -> Iterator[Node]:
        names = (p.name for p in self.cell.parameters)
        self.used = {*names, *(node.name for node in self.cell.nodes)}
        count = 0
        for node in self.cell.nodes:
            self.inner: list[Node] = []
            self.number = 0
            self.node = node
            self.site: Span | None = None
            value = self.outer(node.value, {})
            for flat in (*self.inner, replace(node, value=value)):
                count += 1
                if count > MAX_NODES:
                    raise TooManyNodes(node)
                yield flat

    def fresh(self) -> str:
        while True:
            self.number += 1
            name = f"{self.node.name}_{self.number}"
            if name not in self.used:
                self.used.add(name)
                return name

    def outer(self, expr: Expr, bound: Mapping[str, Expr]) -> Expr:
        """One flat call that computes the expression; what is inside it is named first."""
        match expr:
            case ast.Binary():
                left, right = self.atom(expr.left, bound), self.atom(expr.right, bound)
                return self.placed(ast.binary(expr.op, left, right, expr.span))
            case ast.Negate():
                return self.placed(ast.negate(self.atom(expr.operand, bound), expr.span))
            case ast.Call() if expr.function in self.scope and expr.function not in self.keep:
                return self.expand(expr, bound)
            case ast.Call():
                arguments = tuple(self.argument(a, bound) for a in expr.arguments)
                return self.placed(ast.call(expr.function, arguments, expr.span))
        return self.bind(expr, bound)

    def expand(self, expr: ast.Call, bound: Mapping[str, Expr]) -> Expr:
        """The body of a function, its parameters bound to the arguments' nodes."""
        function = self.scope[expr.function]
        values = [self.atom(argument, bound) for argument in expr.arguments]
        names = (p.name for p in function.parameters)
        outside, self.site = self.site, self.site or expr.span
        body = self.outer(function.body, dict(zip(names, values, strict=True)))
        self.site = outside
        return self.placed(body)

    def argument(self, expr: Expr, bound: Mapping[str, Expr]) -> Expr:
        if isinstance(expr, ast.Weighted):
            operand = self.atom(expr.operand, bound)
            return self.placed(ast.weighted(operand, expr.elementwise, expr.span))
        return self.atom(expr, bound)

    def atom(self, expr: Expr, bound: Mapping[str, Expr]) -> Expr:
        """Something that stands inline; anything else becomes a node of its own."""
        if isinstance(expr, ast.Name | ast.Number | ast.Zero) or is_literal(expr):
            return self.bind(expr, bound)
        value = self.outer(expr, bound)
        if len(self.inner) > MAX_NODES:
            raise TooManyNodes(self.node)
        name = self.fresh()
        span = self.site or expr.span
        self.inner.append(Node(name, value, span, span))
        return ast.Name(name, span)

    def bind(self, expr: Expr, bound: Mapping[str, Expr]) -> Expr:
        if isinstance(expr, ast.Name) and expr.id in bound:
            return replace(bound[expr.id], span=self.site or expr.span)
        return self.placed(expr)

    def placed(self, expr: Expr) -> Expr:
        """What comes from a function's body is shown at its call."""
        return replace(expr, span=self.site) if self.site else expr
