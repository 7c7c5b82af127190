"""The LALR automaton of one text under way: what it was fed, and where in the file it stands."""

from __future__ import annotations

from lark import Token

from fenas_lang.source import SourceFile
from fenas_lang.syntax.grammar import Automaton

STRUCTURE = frozenset(
    ("COMMENT", "_NL", "SEMICOLON", "LPAREN", "RPAREN", "LBRACE", "RBRACE", "CELL", "FN")
)
"""Tokens that say where the automaton is; all others are just fed to it."""
BEFORE_ITEM = frozenset(("_NL", "RBRACE", "SEMICOLON", "COMMENT"))
END = "$END"


class Driver:
    """Feeds the tokens of a text to the automaton.

    `where` is what it is inside of: top, cell (header), block or fn.  `start` is the token that the
    statement or item under way begins with; `line_state` and `item_state` are what the automaton
    was before it.
    """

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
        self._gap = (0, -1)
        self.mark()

    @property
    def more(self) -> bool:
        return self.index < len(self.raw)

    def shift(self, token: Token) -> None:
        """Feed the token at `index`; raises lark's UnexpectedToken where it has no place."""
        self.automaton.feed(token)
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
                self.open_block(token)
            case "RBRACE":
                self.leave_block()
            case "_NL" | "SEMICOLON":
                self.where = "block" if self.brace else "top"
                self.mark()

    def open_block(self, brace: Token) -> None:
        """What follows are the statements of a cell."""
        self.where, self.brace = "block", brace
        self.mark()

    def leave_block(self) -> None:
        """What follows are items of the file."""
        self.where, self.brace = "top", None
        self.mark()

    def mark(self) -> None:
        """A statement or item may start here: recovery returns to this state."""
        self.start = self.index
        if self.where == "block":
            self.line_state = self.automaton.snapshot()
        else:
            self.item_state = self.automaton.snapshot()

    def pass_over(self) -> None:
        """Leave out the token at `index`, unless it is a comment: those are kept."""
        if self.kind(self.index) == "COMMENT":
            self.comments.append(self.raw[self.index])
        self.index += 1

    # What stands where.

    def kind(self, index: int) -> str:
        return self.raw[index].type if index < len(self.raw) else END

    def next(self, index: int) -> int:
        """The next token that is no line end and no comment."""
        first, end = self._gap
        if not first <= index <= end:
            end = index
            while self.kind(end) in ("_NL", "COMMENT"):
                end += 1
            self._gap = (index, end)
        return end

    def starts_statement(self, index: int) -> bool:
        index = self.next(index)
        return self.kind(index) == "NAME" and self.kind(index + 1) == "EQUAL"

    def starts_item(self, index: int) -> bool:
        if self.kind(index) not in ("CELL", "FN") or self.kind(index + 1) != "NAME":
            return False
        return index == 0 or self.kind(index - 1) in BEFORE_ITEM
