"""The shapes of a drawing as SVG elements: marks, arrows, text.

All text goes into an XML tree as text, so that nothing in it can become markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import dist, hypot
from xml.etree.ElementTree import Element, SubElement

from fenas_lang.emit.layout import Curve, Point
from fenas_lang.emit.picture import (
    AVERAGE,
    FUNCTION,
    GATE,
    INPUT,
    OPERATION,
    RESULT,
    SKIP_FUNCTION,
    Arrow,
    Mark,
)
from fenas_lang.ir.graph import PLAIN

HALF_HEAD = {True: 3.6, False: 4.2}
"""Half the width of an open and of a filled arrowhead."""
PERIPHERY = 8
"""What a second border adds to width and height, in Graphviz and so here."""
SIGN_DISTANCE, SIGN_DROP, CLEAR = 8, 5, 13
"""From an arrow to the middle of its sign, from there to its baseline, and to what is too near."""
NAMED_AT = {INPUT: (-1, 17), FUNCTION: (-0.5, 12)}
"""Baselines of label and name, from the middle of a mark."""
NAME_BELOW = 26
"""Baseline of an operation's name, from the middle of the mark."""


def draw_arrow(parent: Element, arrow: Arrow, curve: Curve) -> Element:
    """The line and its head; weighted heads are filled, plain ones open."""
    element = group(parent, arrow.title, "edge", arrow.kind, "dead" if arrow.dead else "")
    start, *rest = map(_at, curve.points)
    SubElement(element, "path", {"class": "line", "d": f"M{start}C{' '.join(rest)}"})
    SubElement(element, "path", {"class": "head", "d": _head(arrow, curve)})
    return element


def draw_sign(parent: Element, sign: str, curve: Curve, head: Point, crowd: list[Point]) -> None:
    """A sign next to an arrowhead, away from the `crowd` and from the name of its mark."""
    (x, y), (dx, dy) = curve.points[-1], _direction(curve)
    names = [(head[0] - part, head[1] + NAME_BELOW) for part in (0, SIGN_DISTANCE)]
    places = [
        (x + dy * side - dx * back, y - dx * side - dy * back)
        for back in (0, SIGN_DISTANCE)
        for side in (SIGN_DISTANCE, -SIGN_DISTANCE)
    ]
    best = max(places, key=lambda p: min(CLEAR, *(dist(p, point) for point in (*names, *crowd))))
    draw_text(parent, "sign halo", sign, (best[0], best[1] + SIGN_DROP))


def _direction(curve: Curve) -> Point:
    """Where the arrowhead points, as a unit vector."""
    base, tip = curve.points[-1], curve.tip
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = hypot(dx, dy) or 1.0
    return dx / length, dy / length


def _head(arrow: Arrow, curve: Curve) -> str:
    (x, y), (dx, dy) = curve.points[-1], _direction(curve)
    is_open = arrow.kind in (PLAIN, RESULT)
    half = HALF_HEAD[is_open]
    left, right = _at((x - dy * half, y + dx * half)), _at((x + dy * half, y - dx * half))
    tip = _at(curve.tip)
    return f"M{left}L{tip}L{right}" + (f"M{_at((x, y))}L{tip}" if is_open else "Z")


def draw_mark(parent: Element, mark: Mark, centre: Point, size: tuple[float, float]) -> None:
    """A mark's shape with its label, and its name inside or, for an operation, below."""
    element = group(parent, mark.title, "node", mark.role, "dead" if mark.dead else "")
    draw_outline(element, mark.role, centre, size)
    x, y = centre
    if mark.role == OPERATION:
        draw_text(element, "label", mark.label, (x, y + 6))
        draw_text(element, "name halo", mark.name, (x, y + NAME_BELOW))
        return
    up, down = NAMED_AT[INPUT if mark.role == INPUT else FUNCTION]
    label = draw_text(element, "label", mark.label, (x, y + (up if mark.name else 4.5)))
    if mark.time:
        SubElement(label, "tspan", {"class": "time", "dy": "4"}).text = mark.time
    if mark.name:
        draw_text(element, "name", mark.name, (x, y + down))


def draw_outline(parent: Element, role: str, centre: Point, size: tuple[float, float]) -> None:
    """The shape that a role has; inputs, outputs and literals have none."""
    for tag, attributes in _outlines(role, centre, *size):
        SubElement(parent, tag, attributes)


def _outlines(
    role: str, centre: Point, width: float, height: float
) -> Iterator[tuple[str, dict[str, str]]]:
    (x, y), w, h = centre, width / 2, height / 2
    if role == OPERATION:
        yield "circle", {"class": "shape", "cx": _number(x), "cy": _number(y), "r": _number(w)}
    elif role == FUNCTION:
        yield "rect", _box("shape", centre, width, height)
    elif role == SKIP_FUNCTION:
        yield "rect", _box("shape", centre, width + PERIPHERY, height + PERIPHERY)
        yield "rect", _box("inner", centre, width, height)
    elif role == GATE:
        corners = [(-w, 0), (-w / 2, -h), (w / 2, -h), (w, 0), (w / 2, h), (-w / 2, h)]
        yield "polygon", _polygon(centre, corners)
    elif role == AVERAGE:
        yield "polygon", _polygon(centre, [(-w, -h), (w, -h * 0.6), (w, h * 0.6), (-w, h)])


def _box(name: str, centre: Point, width: float, height: float) -> dict[str, str]:
    corner = {"x": _number(centre[0] - width / 2), "y": _number(centre[1] - height / 2)}
    radius = _number(min(8, height / 4))
    size = {"width": _number(width), "height": _number(height), "rx": radius}
    return {"class": name, **corner, **size}


def _polygon(centre: Point, corners: list[Point]) -> dict[str, str]:
    points = " ".join(_at((centre[0] + dx, centre[1] + dy)) for dx, dy in corners)
    return {"class": "shape", "points": points}


def group(parent: Element, title: str, *classes: str) -> Element:
    """A `g` of some classes, with what it says on hover."""
    element = SubElement(parent, "g", {"class": " ".join(filter(None, classes))})
    element.tail = "\n"
    if title:
        SubElement(element, "title").text = title
    return element


def draw_text(parent: Element, name: str, text: str, at: Point) -> Element:
    element = SubElement(parent, "text", {"class": name, "x": _number(at[0]), "y": _number(at[1])})
    element.text = text
    return element


def _at(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    """A coordinate to a tenth of a point, as short as it goes."""
    return f"{round(value, 1) + 0:.7g}"
