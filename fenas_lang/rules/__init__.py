"""Every diagnostic of the language and its tools, once: code, severity, message, hint, explanation.

A rule is a `Rule` in one of this folder's files, by what it is about; all are collected in `RULES`,
where a code used twice is an error.  To report one: `UNKNOWN_NAME.at(span, source, name="a")` makes
a `Diagnostic`, `MISSING_FILE.error(path="a.fen")` the exception for what is not about a text.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from functools import cache
from textwrap import fill
from typing import Any

from fenas_lang.diagnostics import ERROR, Diagnostic, FenError, Fix
from fenas_lang.source import NOWHERE, SourceFile, Span


@dataclass(frozen=True)
class Rule:
    """A diagnostic's definition.

    `message` and `hint` are format strings; a hint is left out where one of its values is None.
    `bad` and `good` are whole .fen files (or, where `language` is not `fen`, an excerpt of that):
    `bad` gets this very code, `good` no message; both are run as tests.
    """

    code: str
    title: str
    message: str
    explanation: str
    bad: str
    good: str
    hint: str | None = None
    severity: str = ERROR
    language: str = field(default="fen", kw_only=True)

    def at(
        self,
        span: Span = NOWHERE,
        source: SourceFile | None = None,
        fix: Fix | None = None,
        **values: Any,
    ) -> Diagnostic:
        """This diagnostic at a place."""
        hint = self.hint
        if hint is not None and any(v is None and f"{{{k}}}" in hint for k, v in values.items()):
            hint = None
        return Diagnostic(
            self.code,
            self.severity,
            self.message.format(**values),
            hint.format(**values) if hint else None,
            fix,
            span,
            source,
        )

    def error(self, **values: Any) -> FenError:
        """The exception for a mistake that is not in a text."""
        return FenError(self.at(**values))

    def page(self) -> str:
        """What `fenasc explain` prints."""
        head = f"{self.code}: {self.title} ({self.severity})"
        parts = [head, "=" * len(head), "", fill(self.explanation, 80), ""]
        for label, example in (("Not this:", self.bad), ("But this:", self.good)):
            parts += [label, "", *(f"    {line}" for line in example.strip().splitlines()), ""]
        return "\n".join(parts)


def example(*lines: str, header: str = "cell RNN(x, h_prev) -> h {") -> str:
    """The text of a cell, for a rule's `bad` or `good`."""
    return "\n".join([header, *(f"    {line}" for line in lines), "}"])


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its code, in order."""
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__):
        for value in vars(importlib.import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, Rule) and found.setdefault(value.code, value) is not value:
                raise ValueError(f"two diagnostics have the code {value.code}")
    return dict(sorted(found.items()))
