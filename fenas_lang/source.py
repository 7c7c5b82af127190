"""Source text and positions in it.  Offsets count code points; lines and columns are 1-based."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of code points, `start <= offset < end`."""

    start: int
    end: int

    def cover(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


NOWHERE = Span(0, 0)
"""The span of syntax that no text was parsed for (made by a sampler or a mutation)."""


@dataclass(frozen=True)
class SourceFile:
    """A text and the name it is shown under; `path` is None for text that came from no file."""

    text: str = field(repr=False)
    path: Path | None = None
    name: str = "<string>"

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in LINE_END.finditer(self.text))]

    def location(self, offset: int) -> tuple[int, int]:
        """1-based (line, column) of a code point offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a 1-based line, without its line end."""
        start = self._line_starts[number - 1]
        end = LINE_END.search(self.text, start)
        return self.text[start : end.start() if end else len(self.text)]
