"""The map of cells as SVG, in the style of the drawings of cells; the places are Graphviz's.

Cells without a proved containment stand below, side by side, by their number of states.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as xml
from xml.etree.ElementTree import Element, SubElement

from fenas_lang.emit.layout import Curve, Layout, Point, place
from fenas_lang.emit.picture import FUNCTION, Arrow
from fenas_lang.emit.shapes import draw_arrow, draw_outline, draw_text, group
from fenas_lang.emit.style import style_sheet
from fenas_lang.ir.graph import PLAIN
from fenas_lang.report.cell_map import Box, CellMap

ROOT = "fen-map"
POINTS_PER_INCH = 72
LETTER, SMALL_LETTER, KEY_LETTER = 7.6, 6.0, 5.0
"""Points across for a letter of a cell's name, of a layer's, and of the legend."""
LINE, SMALL_LINE, PADDING = 17, 14, 12
PAGE, MARGIN, GAP, KEY, TITLE = 740, 16, 10, 46, 30
"""Points: the drawing's width, its margins, between boxes, and for the legend and a title."""
DASHED = f".{ROOT} .square .line {{ stroke-dasharray: 5 3 }}"
NUMBERS = {1: "one state", 2: "two states", 3: "three states"}
ARROW, SQUARE = "contains, by fixing or tying some of its parameters", "the same, where D = H"
SHARED = "in one box: equal up to parameters"


def draw(cells: CellMap) -> str:
    """The SVG.  Raises FenError where no Graphviz works."""
    layout = place(digraph(cells)) if cells.arrows else Layout(0, 0, {}, {})
    rows = list(_rows(cells))
    top = layout.height + KEY
    root = _canvas(cells, max(PAGE, layout.width), top + sum(_down(cells, row) for row in rows))
    arrows, boxes, key, alone = (group(root, "", n) for n in ("edges", "nodes", "legend", "alone"))
    for element in (arrows, boxes):
        element.set("transform", f"translate({max(0, PAGE - layout.width) / 2:.1f})")
    _draw_arrows(arrows, cells, layout)
    for name, centre in layout.nodes.items():
        _draw_box(boxes, cells.boxes[int(name)], centre)
    _draw_key(key, layout.height + KEY / 2, any(cells.arrows.values()))
    for row in rows:
        _draw_row(alone, cells, row, top)
        top += _down(cells, row)
    return xml.tostring(root, encoding="unicode") + "\n"


def digraph(cells: CellMap) -> str:
    """The boxes that have arrows, the containing ones on top, as Graphviz text."""
    alone = set(cells.alone)
    lines = [
        "digraph cells {",
        "    rankdir=TB; nodesep=0.3; ranksep=0.5",
        "    node [fixedsize=true, shape=box]; edge [arrowsize=0.7]",
    ]
    for k, box in enumerate(cells.boxes):
        if k not in alone:
            width, height = (points / POINTS_PER_INCH for points in _size(box))
            lines.append(f"    {k} [width={width:.3f}, height={height:.3f}]")
    lines += [f"    {one} -> {two} [id=edge{k}]" for k, (one, two) in enumerate(cells.arrows)]
    return "\n".join([*lines, "}"]) + "\n"


def _canvas(cells: CellMap, width: float, height: float) -> Element:
    corner = {"x": f"{-MARGIN}", "y": f"{-MARGIN}"}
    across, down = f"{width + 2 * MARGIN:.1f}", f"{height + 2 * MARGIN:.1f}"
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"{-MARGIN} {-MARGIN} {across} {down}",
            "width": across,
            "height": down,
            "class": ROOT,
            "role": "img",
            "aria-label": "Which cells contain which",
        },
    )
    SubElement(root, "title").text = "Which cells contain which"
    SubElement(root, "desc").text = "\n".join(cells.title(pair) for pair in cells.arrows)
    SubElement(root, "style").text = f"\n{style_sheet(ROOT)}\n{DASHED}\n"
    SubElement(root, "rect", {"class": "paper", **corner, "width": across, "height": down})
    root.text = "\n"
    for element in root:
        element.tail = "\n"
    return root


def _size(box: Box) -> tuple[float, float]:
    """Width and height in points."""
    names = [LETTER * len(name) for name in box.names]
    layers = [SMALL_LETTER * len(layer) for layer in box.layers]
    height = LINE * len(names) + SMALL_LINE * len(layers) + PADDING
    return max(names + layers) + 2 * PADDING, height


def _draw_box(parent: Element, box: Box, centre: Point) -> None:
    """Names of cells, and below them of layers of PyTorch."""
    element = group(parent, " = ".join((*box.names, *box.layers)), "node", FUNCTION)
    draw_outline(element, FUNCTION, centre, _size(box))
    x, y = centre[0], centre[1] + (PADDING - _size(box)[1]) / 2 - 4
    for name in box.names:
        y += LINE
        draw_text(element, "label", name, (x, y))
    for layer in box.layers:
        y += SMALL_LINE
        draw_text(element, "name", layer, (x, y))


def _draw_arrows(parent: Element, cells: CellMap, layout: Layout) -> None:
    for k, (pair, square) in enumerate(cells.arrows.items()):
        arrow = Arrow(str(pair[0]), str(pair[1]), PLAIN, title=cells.title(pair))
        draw_arrow(group(parent, "", "square" if square else ""), arrow, layout.edges[f"edge{k}"])


def _draw_key(parent: Element, y: float, square: bool) -> None:
    x = 0.0
    for text, kind in ((ARROW, ""), (SQUARE, "square"))[: 1 + square]:
        points = tuple((x + 30 * part, y) for part in (0, 0.2, 0.4, 0.72))
        draw_arrow(group(parent, "", kind), Arrow("", "", PLAIN), Curve(points, (x + 30, y)))
        draw_text(parent, "key", text, (x + 38, y + 4))
        x += 38 + KEY_LETTER * len(text) + 2 * GAP
    draw_text(parent, "key", SHARED, (x, y + 4))


Row = tuple[str, Sequence[int]]
"""A title (none where a row goes on), and boxes side by side."""


def _rows(cells: CellMap) -> Iterator[Row]:
    """The boxes without arrows, as many in a row as there is room for."""
    for states in sorted({cells.boxes[k].states for k in cells.alone}):
        title = f"{NUMBERS.get(states, f'{states} states')}, no containment proved"
        row: list[int] = []
        fitting = [k for k in cells.alone if cells.boxes[k].states == states]
        for k in sorted(fitting, key=lambda k: not cells.boxes[k].layers):
            if row and _across(cells, [*row, k]) > PAGE:
                yield title, row
                title, row = "", []
            row.append(k)
        yield title, row


def _across(cells: CellMap, row: Sequence[int]) -> float:
    return sum(_size(cells.boxes[k])[0] for k in row) + GAP * (len(row) - 1)


def _down(cells: CellMap, row: Row) -> float:
    return max(_size(cells.boxes[k])[1] for k in row[1]) + GAP + (TITLE if row[0] else 0)


def _draw_row(parent: Element, cells: CellMap, row: Row, top: float) -> None:
    title, numbers = row
    if title:
        draw_text(parent, "key", title, (0, top + TITLE - GAP))
        top += TITLE
    x, height = 0.0, max(_size(cells.boxes[k])[1] for k in numbers)
    for k in numbers:
        width = _size(cells.boxes[k])[0]
        _draw_box(parent, cells.boxes[k], (x + width / 2, top + height / 2))
        x += width + GAP
