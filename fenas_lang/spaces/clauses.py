"""What every clause of a space is read with: places in its tree, and numbers within limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lark import Token, Tree

from fenas_lang.diagnostics import MAX_DIAGNOSTICS, Diagnostic
from fenas_lang.rules import Rule
from fenas_lang.rules import space_files as rule
from fenas_lang.source import SourceFile, Span
from fenas_lang.spaces.model import Range
from fenas_lang.syntax.flatten import MAX_NODES

Clause = Tree[Token]

NAMES = {
    "start_with": "`start with`",
    "forms": "the form",
    "parents": "the number of parents",
    "from_nodes": "`from nodes`",
    "sampled_nodes": "the number of nodes",
    "sampled_parents": "the number of parents",
}
"""How messages call the rules of the grammar that are not named after a word of the clause."""


def tokens(clause: Clause) -> list[Token]:
    """What a clause holds, where it holds only tokens."""
    return [part for part in clause.children if isinstance(part, Token)]


def parts(clause: Clause) -> list[Clause]:
    """The clauses in a clause."""
    return [part for part in clause.children if isinstance(part, Tree)]


def span(part: Clause | Token) -> Span:
    """Where a tree or token stands."""
    place = part if isinstance(part, Token) else part.meta
    return Span(place.start_pos or 0, place.end_pos or 0)


@dataclass(frozen=True)
class Report:
    """Collects the mistakes of one text; call it with a rule and a place.

    A rule speaks once of a place, though what is written there may be wrong for several functions.
    """

    source: SourceFile
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def __call__(self, which: Rule, where: Clause | Token, **values: Any) -> None:
        said = {(d.code, d.span) for d in self.diagnostics}
        if not self.full and (which.code, span(where)) not in said:
            self.diagnostics.append(which.at(span(where), self.source, **values))

    @property
    def full(self) -> bool:
        """Whether no more messages would be shown."""
        return len(self.diagnostics) >= MAX_DIAGNOSTICS

    def text(self, clause: Clause) -> str:
        """What stands there, with single blanks."""
        where = span(clause)
        return " ".join(self.source.text[where.start : where.end].split())

    def twice(self, clauses: Iterable[Clause]) -> None:
        """Report each clause of a kind that stood before."""
        seen: set[str] = set()
        for clause in clauses:
            if clause.data in seen:
                self(rule.TWICE, clause, what=NAMES.get(clause.data, f"`{clause.data}`"))
            seen.add(clause.data)

    def range(self, holder: Clause, what: str) -> Range:
        """The range in a clause; an empty one is reported and read as 1."""
        (written,) = parts(holder)
        numbers = [self.number(token, what) for token in tokens(written)]
        first, last = numbers[0], None if written.data == "at_least" else numbers[-1]
        if first >= 1 and (last is None or first <= last):
            return first, last
        hint = f"write `{last} to {first}`" if first and last else "begin at 1"
        self(rule.EMPTY_RANGE, written, text=self.text(written), hint=hint)
        return 1, 1

    def number(self, token: Token, what: str) -> int:
        """A number, cut off at the limit of the language."""
        digits = token.lstrip("0") or "0"
        if len(digits) <= len(str(MAX_NODES)) and int(digits) <= MAX_NODES:
            return int(digits)
        shown = digits if len(digits) < 20 else f"{digits[:17]}…"
        self(rule.TOO_MANY, token, limit=MAX_NODES, what=what, number=shown)
        return MAX_NODES
