"""From text to a tree and diagnostics: an LALR automaton is fed, and what it refuses explained."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedToken

from fenas_lang.diagnostics import MAX_DIAGNOSTICS, Diagnostic
from fenas_lang.rules import syntax as rule
from fenas_lang.source import SourceFile, Span
from fenas_lang.syntax.ast import Cell, Function, Module, walk
from fenas_lang.syntax.comments import attach
from fenas_lang.syntax.driver import END, STRUCTURE, Driver
from fenas_lang.syntax.expected import explain
from fenas_lang.syntax.recovery import end_block, recover
from fenas_lang.syntax.tree import span

BLANK_LINE = re.compile(r"(\r\n|\n|\r)[ \t\f]*(\r\n|\n|\r)")
MAX_CHARACTERS = 200_000
KEYWORDS = frozenset(("CELL", "FN", "IN", "WITHOUT", "BIAS"))


def parse(source: SourceFile) -> tuple[Module, list[Diagnostic]]:
    """Parse a file: all that could be read of it, and what was wrong."""
    if len(source.text) > MAX_CHARACTERS:
        large = rule.TOO_LARGE.at(Span(0, 0), source, size=len(source.text), limit=MAX_CHARACTERS)
        return Module((), source=source), [large]
    return _Parser(source).run()


class _Parser(Driver):
    """One parse."""

    def __init__(self, source: SourceFile):
        super().__init__(source)
        self.words_reported: set[str] = set()

    def run(self) -> tuple[Module, list[Diagnostic]]:
        diagnostics = self.builder.diagnostics
        while self.more and len(diagnostics) < MAX_DIAGNOSTICS:
            self._step(self.raw[self.index])
        module = self._module(self._finish())
        if self.comments or BLANK_LINE.search(self.source.text):
            module = attach(module, self.comments)
        if not module.cells and not diagnostics:
            place = 0 if module.items else len(self.source.text)
            self.builder.report(rule.NO_CELL, Span(place, place))
        return module, diagnostics

    def _step(self, token: Token) -> None:
        if token.type not in STRUCTURE:
            self._feed(token)
        elif token.type == "COMMENT" or (token.type == "_NL" and self._newline_means_nothing()):
            self.pass_over()
        elif self.parens and self._ends_parenthesis(token):
            self._report_unclosed(self.parens[-1], ")")
            recover(self)
        elif self.where == "block" and self.starts_item(self.index):
            self._close_block(token.start_pos or 0)
        else:
            self._feed(token)

    def _feed(self, token: Token) -> None:
        if token.type == "BAD":
            self._report_bad(token)
            return
        try:
            self.shift(token)
        except UnexpectedToken:
            self._report_unexpected(token)

    def _newline_means_nothing(self) -> bool:
        if self.parens:
            return not self.starts_statement(self.index + 1)
        return self.where == "cell"

    def _ends_parenthesis(self, token: Token) -> bool:
        if token.type == "SEMICOLON":
            return self.starts_statement(self.index + 1)
        return token.type in ("_NL", "RBRACE", "LBRACE") or self.starts_item(self.index)

    # Messages.

    def _report_bad(self, token: Token) -> None:
        end = self.index
        while self.kind(end) == "BAD" and self._adjacent(end):
            end += 1
        where = span(token).cover(span(self.raw[end - 1]))
        text = self.source.text[where.start : where.end]
        if self.kind(end) == "NUMBER" and text == ".":
            where = where.cover(span(self.raw[end]))
            self.builder.report(rule.BAD_NUMBER, where, hint=f"write `0.{self.raw[end]}`")
        else:
            shown = text if text.isprintable() and len(text) <= 20 else ascii(text[:20])[1:-1]
            hint = "there is no division in the language" if text == "/" else None
            self.builder.report(rule.BAD_CHARACTER, where, characters=f"`{shown}`", hint=hint)
        recover(self)

    def _adjacent(self, index: int) -> bool:
        return index == self.index or self.raw[index].start_pos == self.raw[index - 1].end_pos

    def _report_unexpected(self, token: Token) -> None:
        closes_nothing = token.type == "RPAREN" and not self.parens
        if closes_nothing or (token.type == "RBRACE" and not (self.brace or self.parens)):
            self.builder.report(rule.UNMATCHED, span(token), bracket=str(token))
            if self.where == "top":
                self.index += 1
                return
        elif not self._report_number(token):
            self._report_expected(token)
        recover(self)

    def _report_number(self, token: Token) -> bool:
        """Whether a name is glued to a number, as in `1e3` and `2x`."""
        previous = self.raw[self.index - 1] if self.index else token
        if (previous.type, token.type) != ("NUMBER", "NAME") or previous.end_pos != token.start_pos:
            return False
        exponent = token[0] in "eE"
        hint = "write it without an exponent" if exponent else "write a `*` between the two"
        self.builder.report(rule.BAD_NUMBER, span(previous).cover(span(token)), hint=hint)
        return True

    def _report_expected(self, token: Token) -> None:
        accepted = self.automaton.accepts()
        if "NAME" in accepted and token.type in KEYWORDS:
            if str(token) not in self.words_reported:
                self.words_reported.add(str(token))
                self.builder.report(rule.KEYWORD, span(token), word=str(token))
            return
        expected, found, hint = explain(accepted, token, self.where)
        self.builder.report(rule.UNEXPECTED, span(token), expected=expected, found=found, hint=hint)

    def _report_unclosed(self, bracket: Token, closing: str) -> None:
        self.builder.report(rule.UNCLOSED, span(bracket), bracket=str(bracket), closing=closing)

    # The end.

    def _close_block(self, offset: int) -> None:
        assert self.brace is not None
        self._report_unclosed(self.brace, "}")
        end_block(self, offset)

    def _finish(self) -> list[Any]:
        """The items of the file, after closing what is open at its end."""
        end = len(self.source.text)
        if self.parens:
            self._report_unclosed(self.parens[-1], ")")
            recover(self)
        if self.where == "block":
            self._close_block(end)
        eof = Token(END, "", start_pos=end, end_pos=end)
        try:
            return list(self.automaton.feed(eof))
        except UnexpectedToken:
            self._report_expected(eof)
            self.automaton.restore(self.item_state)
            return list(self.automaton.feed(eof))

    def _module(self, items: list[Any]) -> Module:
        readable = [item for item in items if self._is_readable(item)]
        broken = frozenset(self.broken_functions)
        return Module(tuple(_with_functions(readable)), broken, source=self.source)

    def _is_readable(self, item: Any) -> bool:
        if isinstance(item, Cell):
            return item.block_span.start not in self.broken_cells
        return isinstance(item, Function)


def _with_functions(items: list[Cell | Function]) -> list[Cell | Function]:
    """Give each cell the functions that it uses, of those defined before it."""
    known: dict[str, Function] = {}
    result: list[Cell | Function] = []
    for item in items:
        if isinstance(item, Function):
            known.setdefault(item.name, item)
        elif known:
            item = replace(item, functions=_used_functions(item, known))
        result.append(item)
    return result


def _used_functions(cell: Cell, known: dict[str, Function]) -> tuple[Function, ...]:
    """Those of the known functions that a cell calls, directly or not, in the order of `known`."""
    wanted: set[str] = set()
    pending = [node.value for node in cell.nodes]
    while pending:
        for expr in walk(pending.pop()):
            name = getattr(expr, "function", None)
            if name in known and name not in wanted:
                wanted.add(name)
                pending.append(known[name].body)
    return tuple(function for name, function in known.items() if name in wanted)
