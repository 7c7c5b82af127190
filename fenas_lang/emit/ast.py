"""`ast`: the syntax tree, one piece a line, with places in the source as `line:column`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from fenas_lang.emit.stages import Stages
from fenas_lang.source import NOWHERE, SourceFile, Span
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Comments, Expr, Function, Node

INDENT = "  "


def emit(stages: Stages) -> str:
    """The tree of a cell and of the functions that it uses."""
    return "\n".join(_cell(stages.cell)) + "\n"


def _cell(cell: Cell) -> Iterator[str]:
    yield f"Cell {cell.name}{_place(cell.span, cell.source)}"
    yield from _indented(_cell_parts(cell))


def _cell_parts(cell: Cell) -> Iterator[str]:
    yield f"Space {cell.space or '(none named)'}"
    yield f"Bias {'with' if cell.bias else 'without'}"
    yield from _comments(cell.comments)
    source = cell.source
    for kind, parameters in (("Parameter", cell.parameters), ("Output", cell.outputs)):
        yield from (f"{kind} {p.name}{_place(p.span, source)}" for p in parameters)
    for function in cell.functions:
        yield from _function(function, source)
    for node in cell.nodes:
        yield from _node(node, source)


def _function(function: Function, source: SourceFile | None) -> Iterator[str]:
    yield f"Function {function.name}{_place(function.span, source)}"
    yield from _indented(_comments(function.comments))
    for parameter in function.parameters:
        yield f"{INDENT}Parameter {parameter.name}{_place(parameter.span, source)}"
    yield from _indented(_expression(function.body, source))


def _node(node: Node, source: SourceFile | None) -> Iterator[str]:
    yield f"Node {node.name}{_place(node.span, source)}"
    yield from _indented(_comments(node.comments))
    yield from _indented(_expression(node.value, source))


def _expression(expr: Expr, source: SourceFile | None) -> Iterator[str]:
    yield f"{_label(expr)}{_place(expr.span, source)}"
    for child in ast.children(expr):
        yield from _indented(_expression(child, source))


def _label(expr: Expr) -> str:
    match expr:
        case ast.Name():
            return f"Name {expr.id}"
        case ast.Number():
            return f"Number {expr.text}"
        case ast.Binary():
            return f"Binary {expr.op}"
        case ast.Weighted():
            return f"Weighted {'@.' if expr.elementwise else '@'}"
        case ast.Call():
            return f"Call {expr.function}"
    return type(expr).__name__


def _comments(comments: Comments) -> Iterator[str]:
    behind = [] if comments.behind is None else [comments.behind]
    yield from _quoted("above", comments.above)
    yield from _quoted("behind", behind)
    yield from _quoted("end", comments.end)


def _quoted(where: str, lines: Sequence[str | None]) -> Iterator[str]:
    """Comments as JSON strings, so that nothing in them looks like a piece of the tree."""
    yield from (f"Comment {where} {json.dumps(line)}" for line in lines if line is not None)


def _place(span: Span, source: SourceFile | None) -> str:
    if source is None or span == NOWHERE:
        return ""
    (line, column), (end_line, end_column) = source.location(span.start), source.location(span.end)
    return f"  <{line}:{column}-{end_line}:{end_column}>"


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (INDENT + line for line in lines)
