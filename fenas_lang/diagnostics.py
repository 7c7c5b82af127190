"""What the compiler tells its user, as plain values, and the one exception that carries them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fenas_lang.source import NOWHERE, SourceFile, Span

ERROR, WARNING = "error", "warning"
MAX_DIAGNOSTICS = 50
"""At most so many messages a file."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Replace the code points `start` to `end` (exclusive) of the file by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Diagnostic:
    """One message: its code, severity, sentence, place, and if there is one a hint and a fix."""

    code: str
    severity: str
    message: str
    hint: str | None = None
    fix: Fix | None = None
    span: Span = NOWHERE
    source: SourceFile | None = field(default=None, compare=False, repr=False)

    @property
    def path(self) -> str | None:
        """The name that the text is shown under; None where the message is about no text."""
        return self.source.name if self.source else None

    @property
    def start(self) -> tuple[int, int]:
        """1-based (line, column); (1, 1) where there is no text."""
        return self.source.location(self.span.start) if self.source else (1, 1)

    @property
    def end(self) -> tuple[int, int]:
        """1-based, exclusive (line, column)."""
        return self.source.location(self.span.end) if self.source else (1, 1)

    def as_json(self) -> dict[str, Any]:
        """The documented JSON object of `fenasc check --format json`."""
        (line, column), (end_line, end_column) = self.start, self.end
        fix = self.fix and {"start": self.fix.start, "end": self.fix.end, "text": self.fix.text}
        return {
            "version": 1,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "path": self.path,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "hint": self.hint,
            "fix": fix,
        }

    def __str__(self) -> str:
        place = f"{self.path}:{self.start[0]}:{self.start[1]}: " if self.source else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.severity}[{self.code}]: {self.message}{hint}"


class FenError(Exception):
    """Input that the user can mend; `.diagnostics` are values that say where and how."""

    def __init__(self, diagnostics: Iterable[Diagnostic] | Diagnostic):
        one = isinstance(diagnostics, Diagnostic)
        self.diagnostics: tuple[Diagnostic, ...] = (
            (diagnostics,) if one else tuple(diagnostics)  # type: ignore[assignment,arg-type]
        )
        super().__init__("\n".join(str(d) for d in self.diagnostics))

    def __reduce__(self) -> tuple[type[FenError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


def has_errors(diagnostics: Sequence[Diagnostic]) -> bool:
    return any(d.severity == ERROR for d in diagnostics)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """By place in the text, at most `MAX_DIAGNOSTICS`; errors are kept before warnings."""
    ranked = sorted(diagnostics, key=lambda d: d.severity != ERROR)[:MAX_DIAGNOSTICS]
    return sorted(ranked, key=lambda d: (d.span, d.code))
