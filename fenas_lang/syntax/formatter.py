"""The one way to write a cell: a node a line, `=` aligned, infix, the fewest parentheses.

Formatting is idempotent and keeps meaning and comments; `parse(print(tree)) == tree`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fenas_lang.source import LINE_END
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Comments, Expr, Function, Module, Node

WIDTH = 100
INDENT = "    "
SUM, PRODUCT, UNARY, EDGE, ATOM = range(5)
PRECEDENCE = {"+": SUM, "-": SUM, "*": PRODUCT}


def format_expression(expr: Expr) -> str:
    """An expression on one line."""
    return _format(expr, SUM)


def _precedence(expr: Expr) -> int:
    match expr:
        case ast.Binary():
            return PRECEDENCE[expr.op]
        case ast.Negate():
            return UNARY
        case ast.Weighted():
            return EDGE
    return ATOM


def _format(expr: Expr, at_least: int) -> str:
    text = _bare(expr)
    return text if _precedence(expr) >= at_least else f"({text})"


def _bare(expr: Expr) -> str:
    match expr:
        case ast.Name():
            return expr.id
        case ast.Number():
            return expr.text
        case ast.Zero():
            return "zero"
        case ast.Binary():
            level = PRECEDENCE[expr.op]
            return f"{_format(expr.left, level)} {expr.op} {_format(expr.right, level + 1)}"
        case ast.Negate():
            return f"-{_format(expr.operand, UNARY)}"
        case ast.Weighted():
            return _weighted(expr)
        case ast.Call():
            return f"{expr.function}({', '.join(map(format_expression, expr.arguments))})"
    raise ValueError("a tree with a hole has no source")


def _weighted(expr: ast.Weighted) -> str:
    direct = isinstance(expr.operand, ast.Name | ast.Number | ast.Zero)
    inner = format_expression(expr.operand)
    return f"{'@.' if expr.elementwise else '@'}{inner if direct else f'({inner})'}"


def _wrapped(prefix: str, expr: Expr) -> list[str]:
    """`prefix` and an expression, over several lines where one would be too long."""
    text = prefix + format_expression(expr)
    if len(text) <= WIDTH:
        return [text]
    indent = " " * (len(prefix) - len(prefix.lstrip())) + INDENT
    if isinstance(expr, ast.Call):
        lines, pieces = (
            [f"{prefix}{expr.function}("],
            [format_expression(a) for a in expr.arguments],
        )
        pieces = [f"{piece}," for piece in pieces[:-1]] + pieces[-1:]
        return [*lines, *_filled(indent, pieces), f"{indent[:-4]})"]
    pieces = format_expression(expr).split(" ")
    return [f"{prefix}(", *_filled(indent, pieces), f"{indent[:-4]})"]


def _filled(indent: str, pieces: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + 1 + len(piece) <= WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(indent + piece)
    return lines


def _comment(line: str) -> str:
    """One comment.  A line end in it (of a tree that no text was parsed for) would end it."""
    return f"# {LINE_END.sub(' ', line)}".rstrip()


def _comment_lines(lines: Sequence[str | None], indent: str = "") -> list[str]:
    return ["" if line is None else indent + _comment(line) for line in lines]


def _behind(text: str, comments: Comments) -> str:
    return text if comments.behind is None else f"{text}  {_comment(comments.behind)}"


def _node_lines(node: Node, width: int) -> list[str]:
    above = _comment_lines(node.comments.above, INDENT)
    *lines, last = _wrapped(f"{INDENT}{node.name:<{width}} = ", node.value)
    return [*above, *lines, _behind(last, node.comments)]


def _names(parameters: Sequence[ast.Parameter]) -> str:
    return f"({', '.join(p.name for p in parameters)})"


def _header(cell: Cell) -> str:
    space = f" in {cell.space} " if cell.space else ""
    outputs = cell.outputs[0].name if len(cell.outputs) == 1 else _names(cell.outputs)
    bias = "" if cell.bias else " without bias"
    return f"cell {cell.name}{space}{_names(cell.parameters)} -> {outputs}{bias} {{"


def _cell_lines(cell: Cell) -> list[str]:
    width = max((len(node.name) for node in cell.nodes), default=0)
    body = [line for node in cell.nodes for line in _node_lines(node, width)]
    end = _comment_lines(cell.comments.end, INDENT)
    return [_behind(_header(cell), cell.comments), *body, *end, "}"]


def _function_lines(function: Function) -> list[str]:
    *lines, last = _wrapped(f"fn {function.name}{_names(function.parameters)} = ", function.body)
    return [*lines, _behind(last, function.comments)]


def _item_lines(item: ast.Item) -> list[str]:
    own = _function_lines(item) if isinstance(item, Function) else _cell_lines(item)
    return [*_comment_lines(item.comments.above), *own]


def _joined(blocks: Iterable[list[str]]) -> str:
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def format_cell(cell: Cell) -> str:
    """The source of a cell, its functions first; ends with a line end."""
    items: tuple[ast.Item, ...] = (*cell.functions, cell)
    return _joined(map(_item_lines, items))


def format_module(module: Module) -> str:
    """The source of a whole file."""
    blocks = [_item_lines(item) for item in module.items]
    end = _comment_lines(module.comments.end)
    return _joined([*blocks, end] if end else blocks)
