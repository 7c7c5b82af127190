"""The `fn` definitions in a space file: found, taken out of its text, and parsed as .fen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from fenas_lang.diagnostics import Diagnostic
from fenas_lang.functions import RESERVED
from fenas_lang.rules import names
from fenas_lang.rules.syntax import NO_CELL
from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Function
from fenas_lang.syntax.parser import parse

COMMENT = re.compile(r"#[^\r\n]*")
START = re.compile(r"(?:^|(?<=[;{}\r\n]))[ \t\f\ufeff]*(?=fn\b)")
STOP = re.compile(r"(?P<next>[\r\n]+\s*(?:fn|space)\b)|[\r\n]|[()};]")
NAMED = re.compile(r"\bfn\s+(\w+)")
VISIBLE = re.compile(r"[^\r\n]")


def blank(text: str) -> str:
    """Blanks of the same length, line ends kept, so that every position stays what it was."""
    return VISIBLE.sub(" ", text)


def separate(text: str) -> tuple[str, str]:
    """The text without its `fn` definitions, and they without the rest; each as long as the text.

    Comments are in neither.
    """
    code = COMMENT.sub(lambda comment: blank(comment[0]), text)
    clauses, functions, position = "", "", 0
    for start, end in _definitions(code):
        clauses += code[position:start] + blank(code[start:end])
        functions += blank(code[position:start]) + code[start:end]
        position = end
    return clauses + code[position:], functions


def _definitions(code: str) -> Iterator[tuple[int, int]]:
    position = 0
    while found := START.search(code, position):
        position = _end(code, found.end())
        yield found.end(), position


def _end(code: str, start: int) -> int:
    """Where a definition ends: at a line end outside of parentheses, or at `;` or `}`."""
    depth = 0
    for stop in STOP.finditer(code, start):
        depth += {"(": 1, ")": -1}.get(stop[0], 0)
        ends = stop["next"] or stop[0] in "};" or (depth <= 0 and stop[0] in "\r\n")
        if ends:
            return stop.start()
    return len(code)


@dataclass(frozen=True)
class Definitions:
    """The functions that could be read, and the names of those that could not."""

    functions: tuple[Function, ...] = ()
    broken: frozenset[str] = frozenset()


def read_functions(text: str, source: SourceFile) -> tuple[Definitions, list[Diagnostic]]:
    """The definitions in a text that `separate` made from the source, and what was wrong."""
    if not text.strip():
        return Definitions(), []
    module, found = parse(replace(source, text=text))
    diagnostics = [replace(d, source=source) for d in found if d.code != NO_CELL.code]
    diagnostics += _taken_names(module.functions, source)
    broken = {*NAMED.findall(text)} - {function.name for function in module.functions}
    return Definitions(module.functions, frozenset(broken)), diagnostics


def _taken_names(functions: tuple[Function, ...], source: SourceFile) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for function in functions:
        name, span = function.name, function.name_span
        if name in RESERVED:
            yield names.RESERVED.at(span, source, name=name, what="a word of the language")
        elif name in first:
            yield names.DEFINED_TWICE.at(span, source, name=name, line=first[name])
        first.setdefault(name, source.location(span.start)[0])
