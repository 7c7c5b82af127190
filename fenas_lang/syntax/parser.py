"""From text to a tree and diagnostics: an LALR automaton, driven so that it recovers from mistakes.

After a mistake the parser resumes at a line end, `;`, `}`, `cell` or `fn`, and inside an unclosed
parenthesis at a line that starts with `NAME =`; a statement that could not be read leaves its name
with a `Hole`, so that one mistake gives one message.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lark import Token
from lark.exceptions import UnexpectedToken

from fenas_lang.diagnostics import Diagnostic
from fenas_lang.rules import syntax as rule
from fenas_lang.source import SourceFile, Span
from fenas_lang.syntax.ast import Cell, Function, Module, walk
from fenas_lang.syntax.comments import attach
from fenas_lang.syntax.expected import explain
from fenas_lang.syntax.grammar import Automaton
from fenas_lang.syntax.tree import span

BLANK_LINE = re.compile(r"(\r\n|\n|\r)[ \t\f]*(\r\n|\n|\r)")
MAX_CHARACTERS = 256 * 1024
STRUCTURE = frozenset(
    ("COMMENT", "_NL", "SEMICOLON", "LPAREN", "RPAREN", "LBRACE", "RBRACE", "CELL", "FN")
)
"""Tokens that say where the automaton is; all others are just fed to it."""

SYNTHETIC_HEADER = (
    ("CELL", "cell"),
    ("NAME", "broken"),
    ("LPAREN", "("),
    ("RPAREN", ")"),
    ("ARROW", "->"),
    ("NAME", "broken"),
)


def parse(source: SourceFile) -> tuple[Module, list[Diagnostic]]:
    """Parse a file: all that could be read of it, and what was wrong."""
    if len(source.text) > MAX_CHARACTERS:
        large = rule.TOO_LARGE.at(Span(0, 0), source, size=len(source.text), limit=MAX_CHARACTERS)
        return Module((), source=source), [large]
    return _Parser(source).run()


class _Parser:
    """One parse.  `where` is what the automaton is inside of: top, cell (header), block or fn."""

    def __init__(self, source: SourceFile):
        self.source = source
        self.automaton = Automaton(source)
        self.builder = self.automaton.builder
        self.raw = self.automaton.tokens()
        self.comments: list[Token] = []
        self.index = 0
        self.where = "top"
        self.parens: list[Token] = []
        self.brace: Token | None = None
        self.broken_cells: set[int] = set()
        self.broken_functions: set[str] = set()
        self.words_reported: set[str] = set()
        self._mark()

    # The main loop.

    def run(self) -> tuple[Module, list[Diagnostic]]:
        while self.index < len(self.raw):
            self._step(self.raw[self.index])
        items = self._finish()
        module = _module(items, self)
        if self.comments or BLANK_LINE.search(self.source.text):
            module = attach(module, self.comments)
        if not module.items and not self.builder.diagnostics:
            end = len(self.source.text)
            self.builder.report(rule.NO_CELL, Span(end, end))
        elif not module.cells and not self.builder.diagnostics:
            self.builder.report(rule.NO_CELL, Span(0, 0))
        return module, self.builder.diagnostics

    def _step(self, token: Token) -> None:
        if token.type not in STRUCTURE:
            self._feed(token)
        elif token.type == "COMMENT":
            self.comments.append(token)
            self.index += 1
        elif token.type == "_NL" and self._newline_means_nothing():
            self.index += 1
        elif self.parens and self._ends_parenthesis(token):
            self._fail_unclosed(self.parens[-1], ")")
        elif self.where == "block" and self._starts_item(self.index):
            self._close_block(token)
        else:
            self._feed(token)

    def _feed(self, token: Token) -> None:
        if token.type == "BAD":
            self._report_bad(token)
            return
        try:
            self.automaton.feed(token)
        except UnexpectedToken:
            self._report_unexpected(token)
            return
        self.index += 1
        if token.type in STRUCTURE:
            self._follow(token)

    def _follow(self, token: Token) -> None:
        """Keep track of where the automaton is, after it took a token."""
        match token.type:
            case "LPAREN":
                self.parens.append(token)
            case "RPAREN":
                self.parens.pop()
            case "CELL":
                self.where = "cell"
            case "FN":
                self.where = "fn"
            case "LBRACE":
                self.where, self.brace = "block", token
                self._mark()
            case "RBRACE":
                self.where, self.brace = "top", None
                self._mark()
            case "_NL" | "SEMICOLON":
                self.where = "block" if self.brace else "top"
                self._mark()

    def _mark(self) -> None:
        """A statement or item may start here: recovery returns to this state."""
        self.start = self.index
        if self.where == "block":
            self.line_state = self.automaton.snapshot()
        else:
            self.item_state = self.automaton.snapshot()

    # What a token means where it stands.

    def _newline_means_nothing(self) -> bool:
        if self.parens:
            return not self._starts_statement(self.index + 1)
        return self.where == "cell"

    def _ends_parenthesis(self, token: Token) -> bool:
        return token.type in ("_NL", "RBRACE", "LBRACE") or self._starts_item(self.index)

    def _next(self, index: int) -> int:
        """The next token that is no line end and no comment."""
        while index < len(self.raw) and self.raw[index].type in ("_NL", "COMMENT"):
            index += 1
        return index

    def _type(self, index: int) -> str:
        return self.raw[index].type if index < len(self.raw) else "$END"

    def _starts_statement(self, index: int) -> bool:
        index = self._next(index)
        return self._type(index) == "NAME" and self._type(index + 1) == "EQUAL"

    def _starts_item(self, index: int) -> bool:
        if self._type(index) not in ("CELL", "FN") or self._type(index + 1) != "NAME":
            return False
        return index == 0 or self.raw[index - 1].type in ("_NL", "RBRACE", "SEMICOLON", "COMMENT")

    # Messages.

    def _report_bad(self, token: Token) -> None:
        end = self.index
        while self._type(end) == "BAD" and self._adjacent(end):
            end += 1
        where = span(token).cover(span(self.raw[end - 1]))
        text = self.source.text[where.start : where.end]
        neighbour = self._type(end) == "NUMBER" and text == "."
        if neighbour:
            where = where.cover(span(self.raw[end]))
            self.builder.report(rule.BAD_NUMBER, where, hint=f"write `0.{self.raw[end]}`")
        else:
            shown = text if text.isprintable() and len(text) <= 20 else ascii(text[:20])[1:-1]
            hint = "there is no division in the language" if text == "/" else None
            self.builder.report(rule.BAD_CHARACTER, where, characters=f"`{shown}`", hint=hint)
        self._recover()

    def _adjacent(self, index: int) -> bool:
        return index == self.index or self.raw[index].start_pos == self.raw[index - 1].end_pos

    def _report_unexpected(self, token: Token) -> None:
        previous = self.raw[self.index - 1] if self.index else None
        glued = previous is not None and previous.end_pos == token.start_pos
        if token.type in ("RBRACE", "RPAREN") and not (self.brace or self.parens):
            self.builder.report(rule.UNMATCHED, span(token), bracket=str(token))
            if self.where == "top":
                self.index += 1
                return
        elif token.type == "RPAREN" and not self.parens:
            self.builder.report(rule.UNMATCHED, span(token), bracket=")")
        elif glued and previous is not None and previous.type == "NUMBER" and token.type == "NAME":
            where = span(previous).cover(span(token))
            self.builder.report(
                rule.BAD_NUMBER,
                where,
                hint="write a `*` between the two"
                if token[0] not in "eE"
                else "write it without an exponent",
            )
        else:
            self._report_expected(token)
        self._recover()

    def _report_expected(self, token: Token) -> None:
        accepted = self.automaton.accepts()
        if "NAME" in accepted and token.type in ("CELL", "FN", "IN", "WITHOUT", "BIAS"):
            if str(token) not in self.words_reported:
                self.words_reported.add(str(token))
                self.builder.report(rule.KEYWORD, span(token), word=str(token))
            return
        expected, found, hint = explain(accepted, token, self.where)
        self.builder.report(rule.UNEXPECTED, span(token), expected=expected, found=found, hint=hint)

    def _fail_unclosed(self, bracket: Token, closing: str) -> None:
        self.builder.report(rule.UNCLOSED, span(bracket), bracket=str(bracket), closing=closing)
        self._recover()

    # Recovery.

    def _recover(self) -> None:
        resume = {
            "block": self._resume_statement,
            "cell": self._resume_header,
            "fn": self._resume_function,
            "top": self._resume_item,
        }
        where = self.where
        failed_at, start = self.index, self.start
        resume[where]()
        self.parens.clear()
        if self.index == failed_at == start and where in ("top", "fn"):
            self.index += 1

    def _skip_line(self) -> None:
        """To the token that ends this statement, which stays.

        Where a line ended too early, the lines that go on with it belong to the statement.
        """
        depth = len(self.parens)
        early = self._type(self.index) == "_NL"
        while self.index < len(self.raw):
            kind = self._type(self.index)
            if kind == "RBRACE" or self._starts_item(self.index):
                return
            if kind == "SEMICOLON" and depth == 0:
                return
            if kind == "_NL" and (self._starts_statement(self.index) or not (depth or early)):
                return
            depth = max(0, depth + (kind == "LPAREN") - (kind == "RPAREN"))
            self._keep_comment()
            self.index += 1

    def _keep_comment(self) -> None:
        if self._type(self.index) == "COMMENT":
            self.comments.append(self.raw[self.index])

    def _resume_statement(self) -> None:
        start = self._next(self.start)
        self._skip_line()
        self.automaton.restore(self.line_state)
        if self._type(start) == "NAME" and self._type(start + 1) == "EQUAL":
            name = self.raw[start]
            last = self.raw[max(self.index - 1, start)]
            hole = Token("HOLE", "", start_pos=name.end_pos, end_pos=last.end_pos)
            for token in (name, self.raw[start + 1], hole):
                self.automaton.feed(token)

    def _resume_header(self) -> None:
        """Read the block of a cell whose header is wrong, for the mistakes in it."""
        while self.index < len(self.raw):
            kind = self._type(self.index)
            if kind == "LBRACE":
                self._synthetic_header(self.raw[self.index])
                self.index += 1
                return
            at_statement = kind == "_NL" and self._starts_statement(self.index)
            if at_statement or (kind == "NAME" and self._starts_statement(self.index)):
                self._synthetic_header(self.raw[self.index])
                return
            if self._starts_item(self.index) and self.index > self.start:
                break
            self._keep_comment()
            self.index += 1
        self.automaton.restore(self.item_state)
        self.where = "top"

    def _synthetic_header(self, brace: Token) -> None:
        start = self.raw[self.start] if self.start < len(self.raw) else brace
        self.automaton.restore(self.item_state)
        at = {"start_pos": start.start_pos, "end_pos": start.end_pos}
        for kind, text in SYNTHETIC_HEADER:
            self.automaton.feed(Token(kind, text, **at))
        brace = Token("LBRACE", "{", start_pos=brace.start_pos, end_pos=brace.end_pos)
        self.automaton.feed(brace)
        self.broken_cells.add(brace.start_pos or 0)
        self.where, self.brace = "block", brace
        self.parens.clear()
        self._mark()

    def _resume_function(self) -> None:
        name = self._next(self.start) + 1
        if self._type(name) == "NAME":
            self.broken_functions.add(str(self.raw[name]))
        self._skip_line()
        self.automaton.restore(self.item_state)
        self.where = "top"

    def _resume_item(self) -> None:
        self.automaton.restore(self.item_state)
        while self.index < len(self.raw) and not self._starts_item(self.index):
            self._keep_comment()
            self.index += 1
        self.start = self.index

    def _close_block(self, token: Token) -> None:
        assert self.brace is not None
        self.builder.report(rule.UNCLOSED, span(self.brace), bracket="{", closing="}")
        self._end_block(token.start_pos or 0)

    def _end_block(self, offset: int) -> None:
        try:
            self.automaton.feed(Token("RBRACE", "}", start_pos=offset, end_pos=offset))
        except UnexpectedToken:
            self._resume_statement()
            self.automaton.feed(Token("RBRACE", "}", start_pos=offset, end_pos=offset))
        self.where, self.brace = "top", None
        self._mark()

    def _finish(self) -> list[Any]:
        """The items of the file, after closing what is open at its end."""
        end = len(self.source.text)
        if self.parens:
            self._fail_unclosed(self.parens[-1], ")")
        if self.where == "block":
            assert self.brace is not None
            self.builder.report(rule.UNCLOSED, span(self.brace), bracket="{", closing="}")
            self._end_block(end)
        eof = Token("$END", "", start_pos=end, end_pos=end)
        try:
            items = self.automaton.feed(eof)
        except UnexpectedToken:
            self._report_expected(eof)
            self.automaton.restore(self.item_state)
            items = self.automaton.feed(eof)
        return [item for item in items if isinstance(item, Cell | Function)]


def _module(items: list[Any], parser: _Parser) -> Module:
    readable = [
        item
        for item in items
        if isinstance(item, Function) or item.block_span.start not in parser.broken_cells
    ]
    return Module(
        tuple(_with_functions(readable)),
        frozenset(parser.broken_functions),
        source=parser.source,
    )


def _with_functions(items: list[Any]) -> list[Any]:
    """Give each cell the functions that it uses, of those defined before it."""
    known: dict[str, Function] = {}
    result: list[Any] = []
    for item in items:
        if isinstance(item, Function):
            known.setdefault(item.name, item)
        elif known:
            item = replace(item, functions=used_functions(item, known))
        result.append(item)
    return result


def used_functions(cell: Cell, known: dict[str, Function]) -> tuple[Function, ...]:
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
