"""The text of a DARTS genotype, read by hand: it is a Python expression, and is never run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from fenas_lang.diagnostics import FenError
from fenas_lang.rules.importers import NOT_A_GENOTYPE
from fenas_lang.source import SourceFile, Span

T = TypeVar("T")
TOKEN = re.compile(r"\s*(?:([A-Za-z_]\w*)|(\d{1,9})(?!\d)|'(\w*)'|\"(\w*)\"|(\S))", re.ASCII)
OPENING = {"[": "]", "(": ")"}


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    span: Span


class GenotypeReader:
    """Reads the text of a genotype, and nothing else that Python would understand.

    Raises FenError (FEN305) at the place where the text is something else.
    """

    def __init__(self, text: str):
        self.source = SourceFile(text)
        kinds = ("name", "number", "string", "string", "sign")
        self.tokens = [
            _Token(kinds[m.lastindex - 1], m[m.lastindex], Span(m.start(m.lastindex), m.end()))
            for m in TOKEN.finditer(text)
            if m.lastindex
        ]
        end = Span(len(text), len(text))
        self.tokens.append(_Token("end", "the end", end))
        self.position = 0

    def genotype(self) -> tuple[list[tuple[str, int]], Sequence[int] | None]:
        """`[NAME =] [Genotype(] [recurrent=] list [, [concat=] numbers] [)]`"""
        if self.tokens[min(1, len(self.tokens) - 1)].text == "=":
            self.take("name", "a name")
            self.sign("=")
        called = self.skip("Genotype")
        if called:
            self.sign("(")
            self.keyword("recurrent")
        nodes = list(self.items(self.pair, "a list of nodes"))
        concat = None
        if called:
            if self.skip(",") and not self.at(")"):
                self.keyword("concat")
                concat = self.numbers()
                self.skip(",")
            self.sign(")")
        self.take("end", "nothing more")
        return nodes, concat

    def numbers(self) -> Sequence[int]:
        if not self.skip("range"):
            return list(self.items(self.number, "`range(…)` or a list of numbers"))
        self.sign("(")
        bounds = [self.number()]
        if self.skip(","):
            bounds.append(self.number())
        self.sign(")")
        return range(*bounds)

    def items(self, item: Callable[[], T], expected: str) -> Iterator[T]:
        """Of a list or tuple; a last comma may stand."""
        if not (self.at("[") or self.at("(")):
            self.fail(expected)
        closing = OPENING[self.take("sign", expected)]
        while not self.at(closing):
            yield item()
            if not self.skip(","):
                break
        self.sign(closing)

    def pair(self) -> tuple[str, int]:
        if not (self.at("[") or self.at("(")):
            self.fail("a pair like ('relu', 0)")
        closing = OPENING[self.take("sign", "a pair")]
        activation = self.take("string", "an activation in quotes")
        self.sign(",")
        predecessor = self.number()
        self.skip(",")
        self.sign(closing)
        return activation, predecessor

    def number(self) -> int:
        return int(self.take("number", "a number"))

    def keyword(self, name: str) -> None:
        """`name=`, which may be left out."""
        if self.tokens[self.position].kind == "name" and not self.at("range"):
            if not self.skip(name):
                self.fail(f"`{name}=`")
            self.sign("=")

    def at(self, text: str) -> bool:
        token = self.tokens[self.position]
        return token.kind in ("sign", "name") and token.text == text

    def skip(self, text: str) -> bool:
        found = self.at(text)
        self.position += found
        return found

    def sign(self, text: str) -> None:
        if not self.skip(text):
            self.fail(f"`{text}`")

    def take(self, kind: str, expected: str) -> str:
        token = self.tokens[self.position]
        if token.kind != kind:
            self.fail(expected)
        self.position += 1
        return token.text

    def fail(self, expected: str) -> NoReturn:
        token = self.tokens[self.position]
        found = token.text if token.kind == "end" else f"`{token.text[:40]}`"
        raise FenError(NOT_A_GENOTYPE.at(token.span, self.source, expected=expected, found=found))
