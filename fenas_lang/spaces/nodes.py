"""From a choice to the node of a cell, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fenas_lang.functions import ACTIVATION, FUNCTIONS, OPERATORS, SKIP, SYMBOLS
from fenas_lang.spaces.model import ELEMENTWISE, PLAIN, WEIGHTED
from fenas_lang.spaces.operations import EDGES, NodeChoice
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Expr, Node

WRITTEN: dict[str, Callable[[Expr], Expr]] = {
    PLAIN: lambda parent: parent,
    WEIGHTED: ast.weighted,
    ELEMENTWISE: lambda parent: ast.weighted(parent, elementwise=True),
}

ZERO_TAKING = frozenset(f.name for f in FUNCTIONS.values() if f.kind in (ACTIVATION, SKIP))
"""Functions of a sum, for which `zero` is no argument at all."""


def build(choice: NodeChoice, name: str, sources: Sequence[str]) -> Node:
    """The node of a choice; `sources` are the names of the input, the states and the nodes before.

    It is what the parser would make of its text.
    """
    operation = choice.operation
    names = [ast.Name(sources[parent]) for parent in choice.parents]
    arguments = [WRITTEN[e](n) for e, n in zip(operation.edges, names, strict=True)]
    return Node(name, _value(operation.function, arguments))


def _value(function: str, arguments: list[Expr]) -> Expr:
    if function in SYMBOLS:
        left, right = arguments
        return ast.binary(SYMBOLS[function], left, right)
    return ast.negate(arguments[0]) if function == "neg" else ast.call(function, tuple(arguments))


def read(value: Expr, sources: Sequence[str]) -> tuple[str | None, list[tuple[str, int]]]:
    """The function and edges of a flat node, in the order of an operation's; else (None, [])."""
    function, arguments = _function(value), list(ast.children(value))
    if function in ZERO_TAKING and isinstance(arguments[-1], ast.Zero):
        arguments.pop()
    edges = [_edge(argument, sources) for argument in arguments]
    known = [edge for edge in edges if edge is not None]
    if len(known) < len(edges):
        return None, []
    return function, sorted(known, key=lambda edge: EDGES.index(edge[0]))


def _edge(argument: Expr, sources: Sequence[str]) -> tuple[str, int] | None:
    match argument:
        case ast.Name(name) if name in sources:
            return PLAIN, sources.index(name)
        case ast.Weighted(ast.Name(name), elementwise) if name in sources:
            return ELEMENTWISE if elementwise else WEIGHTED, sources.index(name)
    return None


def _function(value: Expr) -> str | None:
    match value:
        case ast.Call(function):
            return function
        case ast.Binary(op):
            return OPERATORS[op]
        case ast.Negate():
            return "neg"
    return None
