"""`svg`: the drawing as one self-contained file, in light and dark; the places are Graphviz's.

Text stays text, every mark and arrow says on hover what it is, and the description reads the cell
out to whoever does not see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as xml
from xml.etree.ElementTree import Element, SubElement

from fenas_lang.emit.dot import digraph, edge_id, size
from fenas_lang.emit.layout import Curve, Layout, place
from fenas_lang.emit.picture import FUNCTION, GATE, SKIP_FUNCTION, Arrow, Picture
from fenas_lang.emit.plain import documentation_lines
from fenas_lang.emit.shapes import (
    draw_arrow,
    draw_mark,
    draw_outline,
    draw_sign,
    draw_text,
    group,
)
from fenas_lang.emit.stages import Stages
from fenas_lang.emit.style import style_sheet
from fenas_lang.emit.symbols import expression
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, WEIGHTED
from fenas_lang.rules.emit import TOO_LARGE_TO_DRAW

ROOT = "fen-cell"
MARGIN = 14
MAX_NODES = 500
"""Graphviz takes seconds for so many nodes, many minutes for the 4,096 that a cell may have."""
LEGEND = {
    WEIGHTED: "weighted",
    ELEMENTWISE: "elementwise weight",
    PLAIN: "no weight",
    GATE: "gate",
    SKIP_FUNCTION: "skip",
    "dead": "dead",
}
"""What each kind, role and state is called, in the order of the legend, which shows those drawn."""
NEAR = 50
"""Points across within which something may be in the way of a sign."""
SAMPLE, LETTER, GAP, LEGEND_HEIGHT = 24, 6.2, 14, 30
"""Points across of a legend's samples, letters and gaps, and its height."""


def emit(stages: Stages) -> str:
    """The drawing as SVG; FenError where no Graphviz works, or the cell is too large."""
    nodes = len(stages.dataflow.nodes)
    if nodes > MAX_NODES:
        raise TOO_LARGE_TO_DRAW.error(nodes=nodes, limit=MAX_NODES)
    picture = Picture(stages.dataflow)
    return draw(picture, place(digraph(picture)), documentation_lines(stages.cell))


def draw(picture: Picture, layout: Layout, documentation: Sequence[str]) -> str:
    """The SVG of a picture whose marks have their places."""
    entries = _legend_entries(picture)
    root = _canvas(picture, layout, documentation, _legend_width(entries))
    edges, nodes, legend = (group(root, "", name) for name in ("edges", "nodes", "legend"))
    _draw_arrows(edges, picture, layout)
    for mark in picture.marks:
        draw_mark(nodes, mark, layout.nodes[mark.id], size(mark))
    left = (layout.width - _legend_width(entries)) / 2
    _draw_legend(legend, entries, left, layout.height + LEGEND_HEIGHT - MARGIN / 2)
    return xml.tostring(root, encoding="unicode") + "\n"


def _draw_arrows(parent: Element, picture: Picture, layout: Layout) -> None:
    curves = [layout.edges[edge_id(k)] for k in range(len(picture.arrows))]
    samples = [(curve, point) for curve in curves for point in curve.samples()]
    for arrow, curve in zip(picture.arrows, curves, strict=True):
        element = draw_arrow(parent, arrow, curve)
        if arrow.sign:
            near = (item for item in samples if abs(item[1][0] - curve.tip[0]) < NEAR)
            crowd = [point for other, point in near if other is not curve]
            draw_sign(element, arrow.sign, curve, layout.nodes[arrow.head], crowd)


def _canvas(
    picture: Picture, layout: Layout, documentation: Sequence[str], least_width: float
) -> Element:
    name = picture.dataflow.name
    width = max(layout.width, least_width)
    left, across = (layout.width - width) / 2 - MARGIN, width + 2 * MARGIN
    down = layout.height + LEGEND_HEIGHT + 2 * MARGIN
    box = {"width": f"{across:.1f}", "height": f"{down:.1f}"}
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"{left:.1f} {-MARGIN} {across:.1f} {down:.1f}",
            **box,
            "class": ROOT,
            "role": "img",
            "aria-label": f"Recurrent cell {name}",
        },
    )
    SubElement(root, "title").text = name
    SubElement(root, "desc").text = "\n".join([*documentation, *_spoken(picture)])
    SubElement(root, "style").text = f"\n{style_sheet(ROOT)}\n"
    SubElement(root, "rect", {"class": "paper", "x": f"{left:.1f}", "y": f"{-MARGIN}", **box})
    root.text = "\n"
    for element in root:
        element.tail = "\n"
    return root


def _spoken(picture: Picture) -> Iterator[str]:
    """The cell as lines, for whoever hears the drawing."""
    flow = picture.dataflow
    yield f"From {', '.join((flow.input, *flow.states))} to {', '.join(flow.outputs)}:"
    yield from (f"{node.name} = {expression(node)}" for node in flow.nodes)


def _legend_entries(picture: Picture) -> list[str]:
    drawn = {arrow.kind for arrow in picture.arrows} | {mark.role for mark in picture.marks}
    if picture.dataflow.dead:
        drawn.add("dead")
    return [entry for entry in LEGEND if entry in drawn]


def _legend_width(entries: Sequence[str]) -> float:
    return sum(_entry_width(entry) for entry in entries) - GAP


def _entry_width(entry: str) -> float:
    return SAMPLE + 6 + LETTER * len(LEGEND[entry]) + GAP


def _draw_legend(parent: Element, entries: Sequence[str], left: float, y: float) -> None:
    for entry in entries:
        _draw_sample(parent, entry, left, y)
        draw_text(parent, "key", LEGEND[entry], (left + SAMPLE + 6, y + 4))
        left += _entry_width(entry)


def _draw_sample(parent: Element, entry: str, left: float, y: float) -> None:
    if entry in (WEIGHTED, ELEMENTWISE, PLAIN):
        points = [(left + SAMPLE * part, y) for part in (0, 0.2, 0.4, 0.68)]
        draw_arrow(parent, Arrow("", "", entry), Curve(tuple(points), (left + SAMPLE, y)))
        return
    role = FUNCTION if entry == "dead" else entry
    box = (12.0, 6.0) if role == SKIP_FUNCTION else (20.0, 14.0)
    sample = group(parent, "", "node", role, "dead" if entry == "dead" else "")
    draw_outline(sample, role, (left + SAMPLE / 2, y), box)
