"""From the text of a space to Lark's tree of its clauses, with a message for each mistake.

After a mistake the clause that holds it is blanked out and the text parsed again, so that each
clause gets its own message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken

from fenas_lang.diagnostics import Diagnostic
from fenas_lang.registry import suggest
from fenas_lang.rules import space_files as rule
from fenas_lang.rules.syntax import TOO_LARGE
from fenas_lang.source import SourceFile, Span
from fenas_lang.spaces.functions import blank
from fenas_lang.syntax.expected import alternatives, found
from fenas_lang.syntax.grammar import resource, table_cache

MAX_CHARACTERS = 64 * 1024
MAX_MISTAKES = 20

CLAUSES = {"_STATES", "_BIAS", "_OUTPUT", "_ALLOW", "_SAMPLE", "_START", "_NODE"}
CLAUSE_START = re.compile(
    r"(?<=[;{\r\n])[ \t]*(?=(?:states|bias|output|allow|sample|start|node)\b)|(?=\})"
)
SPELLED = {"NAME": "a name", "NUMBER": "a number", "$END": "the end of the file"}
INSTEAD = {
    "nodes": "`sample 1 to 9 nodes`",
    "first": "`start with NAME`",
    "function": "`node NAME, NAME: …`",
    "functions": "`node NAME, NAME: …`",
    "literals": "`allow literals`",
    "inputs": "`allow inputs as outputs`",
    "parents": "`node NAME: 2 parents`",
}
"""What one says instead of a word that looks as if it began a clause."""


@cache
def grammar() -> Lark:
    """The parser, its tables read from the cache where they are there."""
    return Lark(
        resource("space.lark"),
        parser="lalr",
        maybe_placeholders=False,
        propagate_positions=True,
        cache=table_cache("space.tables"),
    )


def parse_clauses(text: str, source: SourceFile) -> tuple[Tree[Token] | None, list[Diagnostic]]:
    """The tree of a text without `fn` definitions (None if there is none), and what was wrong."""
    if len(text) > MAX_CHARACTERS:
        return None, [TOO_LARGE.at(source=source, size=len(text), limit=MAX_CHARACTERS)]
    diagnostics: list[Diagnostic] = []
    while len(diagnostics) < MAX_MISTAKES:
        try:
            return grammar().parse(text), diagnostics
        except UnexpectedInput as error:
            mistake = _Mistake.of(error)
            diagnostics.append(mistake.diagnostic(source))
            mended = _without_clause(text, mistake)
            if mended == text:
                break
            text = mended
    return None, diagnostics


@dataclass(frozen=True)
class _Mistake:
    """A token that does not fit, and the names of the terminals that would."""

    token: Token
    accepted: frozenset[str]

    @classmethod
    def of(cls, error: UnexpectedInput) -> _Mistake:
        if isinstance(error, UnexpectedToken):
            return cls(error.token, frozenset(error.accepts))
        character, allowed = error.char, error.allowed  # type: ignore[attr-defined]
        place = error.pos_in_stream or 0
        terminals = frozenset(t.name for t in grammar().terminals if not t.name.startswith("__"))
        return cls(
            Token("BAD", repr(character)[1:-1], place, end_pos=place + 1),
            terminals.intersection(allowed) or frozenset({"$END"}),
        )

    @cached_property
    def span(self) -> Span:
        end = self.token.end_pos or 0
        return Span(end if self.token.type == "$END" else self.token.start_pos or 0, end)

    @property
    def begins_clause(self) -> bool:
        """Whether it stands where a clause could begin, and could be meant as one."""
        return self.token.isidentifier() and self.accepted >= CLAUSES

    @cached_property
    def words(self) -> list[str]:
        """The words and signs that would fit."""
        names = sorted(self.accepted - SPELLED.keys())
        return [word for name in names for word in _spellings(name)]

    def diagnostic(self, source: SourceFile) -> Diagnostic:
        if self.accepted == {"$END"} and self.token == "space":
            return rule.TWO_SPACES.at(self.span, source)
        if self.begins_clause:
            return rule.UNKNOWN_CLAUSE.at(self.span, source, word=self.token, hint=self.hint())
        return rule.SYNTAX.at(
            self.span, source, expected=self.expected(), found=found(self.token), hint=self.hint()
        )

    def expected(self) -> str:
        wanted = [SPELLED[name] for name in SPELLED if name in self.accepted]
        clauses = {word for name in CLAUSES & self.accepted for word in _spellings(name)}
        wanted += [f"`{word}`" for word in self.words if word not in clauses | {";"}]
        return alternatives(wanted + ["another clause"] * bool(clauses))

    def hint(self) -> str | None:
        near = suggest(self.token, self.words)
        meant = INSTEAD.get(self.token) if self.begins_clause else None
        return meant or (f"did you mean `{near}`?" if near else None)


def _spellings(terminal: str) -> list[str]:
    """The words that a terminal of the grammar stands for."""
    pattern = grammar().get_terminal(terminal).pattern.value
    return re.sub(r"\\b|[()?]", "", pattern.replace(r"\s+", " ")).split("|")


def _without_clause(text: str, mistake: _Mistake) -> str:
    """The text with the clause blanked that holds the mistake; unchanged if it is in no clause."""
    position, opening = mistake.span.start, text.find("{")
    if not 0 <= opening < position or mistake.token.type == "$END" or mistake.accepted == {"$END"}:
        return text
    starts = [match.end() for match in CLAUSE_START.finditer(text, opening + 1)]
    before = [s for s in starts if s < position and not mistake.begins_clause]
    start = max(before, default=position)
    end = min((s for s in starts if s >= position), default=position)
    return text[:start] + blank(text[start:end]) + text[end:]
