"""Curves with bands as an SVG picture: means over seeds, and their intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 36, 44
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Those of Okabe & Ito (2008), which colour-blind people tell apart."""
TICKS = 6
START, SQUEEZED = 0.1, 4
"""What happens in the first tenth of a chart may lie outside the picture, where all that follows
would have less than a quarter of it: first trials are often far worse than any later one."""

CLIP = (
    f'<clipPath id="plot"><rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}"'
    f' height="{HEIGHT - TOP - BOTTOM}"/></clipPath><g clip-path="url(#plot)">'
)
"""Begins what is cut off where it leaves the axes."""

Point = tuple[float, float, float, float]
"""x, y, and the lower and upper end of y's interval."""


@dataclass(frozen=True)
class Curve:
    """One line; dashed ones have the colour of the solid one before them."""

    name: str
    points: tuple[Point, ...]
    dashed: bool = False


@dataclass(frozen=True)
class Chart:
    """Curves over common axes."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]

    def svg(self) -> str:
        """The whole picture, as the text of a file."""
        size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        style = 'font-family="sans-serif" font-size="12"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>'
        body = (*self._axes(), CLIP, *self._lines(), "</g>", *self._legend())
        frame = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>'
        return "\n".join((head, frame, *body, "</svg>", ""))

    @property
    def _x_range(self) -> tuple[float, float]:
        values = [x for curve in self.curves for x, *_ in curve.points] or [0.0, 1.0]
        return min(values), max(values)

    @property
    def _y_range(self) -> tuple[float, float]:
        low, high = self._x_range
        whole, later = self._extent(low), self._extent(low + START * (high - low))
        squeezed = whole[1] - whole[0] > SQUEEZED * (later[1] - later[0]) > 0
        return later if squeezed else whole

    def _extent(self, start: float) -> tuple[float, float]:
        """Least and greatest y from an x on."""
        points = (point for curve in self.curves for point in curve.points if point[0] >= start)
        values = [y for _, *found in points for y in found]
        return min(values, default=0.0), max(values, default=1.0)

    def _x(self, value: float) -> float:
        return LEFT + _share(value, self._x_range) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - _share(value, self._y_range) * (HEIGHT - TOP - BOTTOM)

    def _axes(self) -> Iterator[str]:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        yield f'<text x="{LEFT}" y="14" font-weight="bold">{escape(self.title)}</text>'
        for value in ticks(*self._x_range):
            x = self._x(value)
            yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="#eee"/>'
            yield _text(x, bottom + 16, f"{value:g}", "middle")
        for value in ticks(*self._y_range):
            y = self._y(value)
            yield f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>'
            yield _text(LEFT - 6, y + 4, f"{value:g}", "end")
        yield f'<path d="M{LEFT},{TOP} V{bottom} H{right}" fill="none" stroke="black"/>'
        yield _text((LEFT + right) / 2, HEIGHT - 8, self.x_label, "middle")
        yield _text(LEFT - 6, TOP - 6, self.y_label, "start")

    def _coloured(self) -> Iterator[tuple[Curve, str]]:
        number = -1
        for curve in self.curves:
            number += not curve.dashed or number < 0
            yield curve, COLOURS[number % len(COLOURS)]

    def _lines(self) -> Iterator[str]:
        for curve, colour in self._coloured():
            upper = [f"{self._x(x):.1f},{self._y(high):.1f}" for x, _, _, high in curve.points]
            lower = [f"{self._x(x):.1f},{self._y(low):.1f}" for x, _, low, _ in curve.points]
            band = " ".join([*upper, *lower[::-1]])
            yield f'<polygon points="{band}" fill="{colour}" opacity="0.15"/>'
            line = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y, *_ in curve.points)
            yield f'<polyline points="{line}" {_stroke(curve, colour)}/>'

    def _legend(self) -> Iterator[str]:
        x = WIDTH - RIGHT + 14
        for row, (curve, colour) in enumerate(self._coloured()):
            y = TOP + 10 + 18 * row
            yield f'<polyline points="{x},{y} {x + 26},{y}" {_stroke(curve, colour)}/>'
            yield _text(x + 32, y + 4, curve.name, "start")


def _stroke(curve: Curve, colour: str) -> str:
    dash = ' stroke-dasharray="5 3"' if curve.dashed else ""
    return f'fill="none" stroke="{colour}" stroke-width="1.8"{dash}'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _share(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return (value - low) / (high - low) if high > low else 0.5


def ticks(low: float, high: float) -> list[float]:
    """Round numbers within the limits, at most seven, at a distance of 1, 2 or 5 times 10ⁿ."""
    if high <= low:
        return [low]
    unit = 10.0 ** floor(log10((high - low) / TICKS))
    step = next(s * unit for s in (1, 2, 5, 10) if (high - low) / (s * unit) <= TICKS)
    first, last = -int(-low // step), int(high // step)
    return [round(step * number, 12) for number in range(first, last + 1)]
