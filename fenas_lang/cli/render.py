"""A diagnostic as text for people: the sentence, its place, the source line, the hint."""

from __future__ import annotations

import unicodedata

from fenas_lang.diagnostics import ERROR, Diagnostic

BEFORE, AFTER = 60, 40
COLOURS = {"error": "\033[1;31m", "warning": "\033[1;33m", "dim": "\033[34m", "off": "\033[0m"}


def render(diagnostic: Diagnostic, colour: bool = False) -> str:
    """Several lines, without a line end."""
    paint = _painter(colour)
    head = paint(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [f"{head}: {visible(diagnostic.message)}"]
    if diagnostic.source is not None:
        lines += _excerpt(diagnostic, paint)
    if diagnostic.hint:
        lines.append(f"   {paint('dim', '=')} hint: {visible(diagnostic.hint)}")
    return "\n".join(lines)


def visible(text: str) -> str:
    """The text with control characters escaped, so that it cannot steer a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def _painter(colour: bool):  # type: ignore[no-untyped-def]
    if not colour:
        return lambda kind, text: text
    return lambda kind, text: f"{COLOURS[kind]}{text}{COLOURS['off']}"


def _excerpt(diagnostic: Diagnostic, paint) -> list[str]:  # type: ignore[no-untyped-def]
    source = diagnostic.source
    assert source is not None
    (line, column), (end_line, end_column) = diagnostic.start, diagnostic.end
    text = source.line(line)
    last = end_column - 1 if end_line == line else len(text)
    start, stop = column - 1, max(last, column)
    left = max(0, start - BEFORE)
    right = min(len(text), max(stop, start + AFTER), start + AFTER + BEFORE)
    before, marked = _shown(text[left:start]), _shown(text[start : min(stop, right)])
    shown = _shown(text[left:right])
    margin = " " * len(str(line))
    bar = paint("dim", "|")
    carets = paint(diagnostic.severity, "^" * max(1, _width(marked)))
    return [
        f"{margin}{paint('dim', '-->')} {visible(source.name)}:{line}:{column}",
        f"{margin} {bar}",
        f"{paint('dim', str(line))} {bar} {'…' if left else ''}{shown}",
        f"{margin} {bar} {' ' * (_width(before) + bool(left))}{carets}",
    ]


def _shown(text: str) -> str:
    return visible(text.replace("\t", "    "))


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return wide - sum(1 for c in text if unicodedata.combining(c))


def summary(diagnostics: list[Diagnostic], files: int) -> str:
    """`2 errors and 1 warning in 3 files`."""
    errors = sum(d.severity == ERROR for d in diagnostics)
    warnings = len(diagnostics) - errors
    parts = [
        f"{n} {noun}{'s' * (n != 1)}" for n, noun in ((errors, "error"), (warnings, "warning")) if n
    ]
    where = f"in {files} file{'s' * (files != 1)}"
    return f"{' and '.join(parts)} {where}" if parts else f"no problems {where}"
