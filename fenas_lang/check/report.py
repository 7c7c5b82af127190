"""Collects diagnostics about one file."""

from __future__ import annotations

from typing import Any

from fenas_lang.diagnostics import ERROR, MAX_DIAGNOSTICS, Diagnostic, Fix
from fenas_lang.rules import Rule
from fenas_lang.source import SourceFile, Span


class Reporter:
    """Call it with a rule and a place; it returns False, so that a check can `return report(…)`."""

    def __init__(self, source: SourceFile | None):
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.errors = 0

    def __call__(self, rule: Rule, span: Span, fix: Fix | None = None, **values: Any) -> bool:
        self.errors += rule.severity == ERROR
        in_text = fix if self.source is not None else None
        self.diagnostics.append(rule.at(span, self.source, in_text, **values))
        return False

    @property
    def count(self) -> int:
        return len(self.diagnostics)

    @property
    def full(self) -> bool:
        """Whether further errors will not be shown, so that no work need go into them."""
        return self.errors >= MAX_DIAGNOSTICS

    def line(self, offset: int) -> int:
        """The 1-based line of an offset; 1 where there is no text."""
        return self.source.location(offset)[0] if self.source else 1

    def text(self, span: Span) -> str:
        """The source text in a span."""
        return self.source.text[span.start : span.end] if self.source else ""
