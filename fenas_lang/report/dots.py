"""Means with intervals beside published figures, as an SVG picture.

A panel for each column, in it a line for each row; a dot and whiskers for what was measured, a
diamond for what was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from fenas_lang.report.chart import COLOURS, ticks

LEFT, PANEL, GAP, TOP, STEP, BOTTOM = 190, 180, 26, 58, 22, 34
ACROSS = 4
"""So many panels side by side."""
OWN, PUBLISHED = COLOURS[0], COLOURS[1]
MOST_TICKS = 3


@dataclass(frozen=True)
class Dot:
    """A mean and its interval, which may be the mean alone."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Panel:
    """One column: for each row what was measured and what was published; None for neither."""

    title: str
    own: tuple[Dot | None, ...]
    published: tuple[float | None, ...]

    @property
    def limits(self) -> tuple[float, float]:
        """Of the axis, with a margin."""
        values = [v for dot in self.own if dot for v in (dot.low, dot.high)]
        values += [value for value in self.published if value is not None]
        low, high = min(values, default=0.0), max(values, default=1.0)
        margin = (high - low or abs(high) or 1.0) * 0.08
        return low - margin, high + margin


@dataclass(frozen=True)
class Dots:
    """The picture: rows by their names, and panels."""

    title: str
    rows: tuple[str, ...]
    panels: tuple[Panel, ...]

    def svg(self) -> str:
        """The whole picture, as the text of a file."""
        across = min(ACROSS, max(1, len(self.panels)))
        bands = -(-len(self.panels) // ACROSS)
        width = LEFT + across * (PANEL + GAP)
        height = 30 + bands * self._band
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        style = 'font-family="sans-serif" font-size="12"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>'
        frame = f'<rect width="{width}" height="{height}" fill="white"/>'
        return "\n".join((head, frame, *self._title(), *self._drawn(), "</svg>", ""))

    @property
    def _band(self) -> int:
        """Height of the panels side by side."""
        return TOP + STEP * len(self.rows) + BOTTOM

    def _title(self) -> Iterator[str]:
        yield f'<text x="12" y="20" font-weight="bold">{escape(self.title)}</text>'
        yield f'<circle cx="18" cy="36" r="4" fill="{OWN}"/>'
        yield _text(28, 40, "measured, mean and 95 % interval", "start")
        if any(value is not None for panel in self.panels for value in panel.published):
            yield _diamond(248, 36)
            yield _text(258, 40, "published", "start")

    def _drawn(self) -> Iterator[str]:
        for number, panel in enumerate(self.panels):
            x = LEFT + number % ACROSS * (PANEL + GAP)
            top = 30 + number // ACROSS * self._band + TOP
            if number % ACROSS == 0:
                yield from self._names(top)
            yield from self._panel(panel, x, top)

    def _names(self, top: int) -> Iterator[str]:
        for row, name in enumerate(self.rows):
            yield _text(LEFT - 10, top + STEP * row + STEP / 2 + 4, name, "end")

    def _panel(self, panel: Panel, left: int, top: int) -> Iterator[str]:
        bottom = top + STEP * len(self.rows)
        yield _text(left + PANEL / 2, top - 8, panel.title, "middle")
        yield f'<rect x="{left}" y="{top}" width="{PANEL}" height="{bottom - top}" {_EMPTY}/>'
        low, high = panel.limits
        for value in _few(ticks(low, high)):
            x = left + PANEL * _share(value, panel)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="#eee"/>'
            yield _text(x, bottom + 15, f"{value:g}", "middle")
        for row, (dot, published) in enumerate(zip(panel.own, panel.published, strict=True)):
            y = top + STEP * row + STEP / 2
            yield from _marks(panel, left, y, dot, published)


_EMPTY = 'fill="none" stroke="#999"'


def _marks(
    panel: Panel, left: int, y: float, dot: Dot | None, published: float | None
) -> Iterator[str]:
    if published is not None:
        yield _diamond(left + PANEL * _share(published, panel), y)
    if dot is not None:
        low, x, high = (left + PANEL * _share(v, panel) for v in (dot.low, dot.mean, dot.high))
        yield f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{OWN}"/>'
        yield f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{OWN}"/>'


def _few(values: Sequence[float]) -> Sequence[float]:
    return values[:: -(-len(values) // MOST_TICKS)] if values else values


def _share(value: float, panel: Panel) -> float:
    low, high = panel.limits
    return (value - low) / (high - low)


def _diamond(x: float, y: float) -> str:
    points = f"{x:.1f},{y - 5} {x + 5:.1f},{y} {x:.1f},{y + 5} {x - 5:.1f},{y}"
    return f'<polygon points="{points}" fill="none" stroke="{PUBLISHED}" stroke-width="1.6"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
