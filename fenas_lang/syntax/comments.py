"""Comments and blank lines become trivia on the tree, so that the formatter keeps them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from lark import Token

from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Cell, Comments, Function, Item, Module, Node

Lines = tuple[str | None, ...]
Piece = TypeVar("Piece", Node, Item)


def attach(module: Module, comments: Sequence[Token]) -> Module:
    """The module with each comment on the piece of syntax that it stands above or behind."""
    assert module.source is not None
    return _Attacher(module.source, comments).module(module)


def _text(comment: Token) -> str:
    return comment[1:].removeprefix(" ").rstrip()


def _joined(*parts: str | None) -> str | None:
    return " ".join(part for part in parts if part) or None


class _Attacher:
    def __init__(self, source: SourceFile, comments: Sequence[Token]):
        self.source = source
        self.comments = comments
        self.starts = [token.start_pos or 0 for token in comments]

    def line(self, offset: int) -> int:
        return self.source.location(offset)[0]

    def between(self, start: int, end: int) -> Sequence[Token]:
        return self.comments[bisect_left(self.starts, start) : bisect_left(self.starts, end)]

    def region(self, start: int, end: int, after: bool = True) -> tuple[str | None, Lines]:
        """Comments from `start` to `end`: what stands behind the first line (`after`), the rest."""
        line, behind = self.line(start), None
        lines: list[str | None] = []
        for token in self.between(start, end):
            here = self.line(token.start_pos or 0)
            if after and here == line and not lines:
                behind = _joined(behind, _text(token))
                continue
            if here > line + 1:
                lines.append(None)
            lines.append(_text(token))
            line = here
        if self.line(end) > line + 1:
            lines.append(None)
        return behind, tuple(lines)

    def inside(self, start: int, end: int) -> Lines:
        return tuple(_text(token) for token in self.between(start, end))

    def module(self, module: Module) -> Module:
        items: list[Item] = []
        position, first = 0, True
        for item in module.items:
            start = self._item_start(item)
            behind, above = self.region(position, start, after=not first)
            if behind is not None:
                items[-1] = _with(items[-1], behind=_joined(items[-1].comments.behind, behind))
            above = above[1:] if above[:1] == (None,) else above
            items.append(self.item(item, above))
            position, first = item.span.end, False
        behind, end = self.region(position, len(self.source.text), after=not first)
        if behind is not None:
            items[-1] = _with(items[-1], behind=_joined(items[-1].comments.behind, behind))
        lines = tuple(line for line in end if line is not None)
        return replace(module, items=tuple(items), comments=Comments(end=lines))

    def _item_start(self, item: Item) -> int:
        line, column = self.source.location(item.name_span.start)
        return item.name_span.start - (column - 1) if line else 0

    def item(self, item: Item, above: Lines) -> Item:
        if isinstance(item, Function):
            within = self.inside(item.span.start, item.span.end)
            return replace(item, comments=Comments(above + within))
        return self.cell(item, above)

    def cell(self, cell: Cell, above: Lines) -> Cell:
        header = self.inside(cell.span.start, cell.block_span.start)
        position = cell.block_span.start + 1
        behind: str | None = _joined(*header)
        nodes: list[Node] = []
        for node in cell.nodes:
            trailing, lines = self.region(position, node.span.start)
            if nodes and trailing is not None:
                nodes[-1] = _with(nodes[-1], behind=trailing)
            elif trailing is not None:
                behind = _joined(behind, trailing)
            lines = lines if nodes or lines[:1] != (None,) else lines[1:]
            lines += self.inside(node.span.start, node.span.end)
            nodes.append(replace(node, comments=Comments(lines)))
            position = node.span.end
        trailing, end = self.region(position, cell.block_span.end - 1)
        if nodes and trailing is not None:
            nodes[-1] = _with(nodes[-1], behind=trailing)
        elif trailing is not None:
            behind = _joined(behind, trailing)
        end = end[:-1] if end[-1:] == (None,) else end
        comments = Comments(above, behind, end)
        return replace(cell, nodes=tuple(nodes), comments=comments)


def _with(piece: Piece, behind: str | None) -> Piece:
    return replace(piece, comments=replace(piece.comments, behind=behind))
