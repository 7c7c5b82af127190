"""`dot`: the drawing as Graphviz text; the `svg` target has Graphviz place this very text.

Sizes are fixed here, so that the layout depends on no font.
"""

from __future__ import annotations

from collections.abc import Iterator

from fenas_lang.emit.picture import (
    AVERAGE,
    FUNCTION,
    GATE,
    INPUT,
    LITERAL,
    OPERATION,
    OUTPUT,
    RESULT,
    SKIP_FUNCTION,
    Arrow,
    Mark,
    Picture,
)
from fenas_lang.emit.plain import comment_lines
from fenas_lang.emit.stages import Stages
from fenas_lang.emit.style import INK, OUTLINE, colour_of, fill_of
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, WEIGHTED

POINTS_PER_INCH = 72
SIZES = {
    INPUT: (30, 30),
    OUTPUT: (26, 30),
    LITERAL: (18, 18),
    OPERATION: (30, 30),
    FUNCTION: (46, 36),
    GATE: (52, 38),
    SKIP_FUNCTION: (46, 34),
    AVERAGE: (46, 64),
}
"""Least width and height of each role in points."""

LARGE_LETTER, LETTER, SMALL_LETTER = 10, 7.5, 6.3
"""Points across for a letter of an input's or output's label, of another label, and of a name."""

PAGE, SEPARATIONS = 760, (18, 36)
"""Points across that a drawing should stay within, by putting its ranks closer, to a limit."""

SHAPES = {
    INPUT: "shape=plaintext",
    OUTPUT: "shape=plaintext",
    LITERAL: "shape=plaintext",
    OPERATION: "shape=circle, style=filled",
    FUNCTION: 'shape=box, style="rounded,filled"',
    GATE: "shape=hexagon, style=filled",
    SKIP_FUNCTION: 'shape=box, style="rounded,filled", peripheries=2',
    AVERAGE: "shape=trapezium, orientation=270, style=filled",
}
EDGES = {
    WEIGHTED: "penwidth=2",
    ELEMENTWISE: "penwidth=2, style=dashed, arrowhead=empty",
    PLAIN: "penwidth=1.1, arrowhead=vee",
    RESULT: "penwidth=1.1, arrowhead=vee",
}
FADED = "#bbbbbb"


def emit(stages: Stages) -> str:
    """The drawing as a digraph from left to right."""
    comments = comment_lines(stages.cell, "//")
    return "\n".join([*comments, digraph(Picture(stages.dataflow))])


def digraph(picture: Picture) -> str:
    """The Graphviz text of a picture: inputs on the first rank, outputs on the last."""
    lines = [
        f"digraph {_quoted(picture.dataflow.name)} {{",
        f"    rankdir=LR; nodesep=0.25; ranksep={_rank_separation(picture):.2f}; mclimit=10",
        f'    node [fixedsize=true, fontname="Helvetica", fontsize=12, fontcolor="{INK}"]',
        f'    node [color="{OUTLINE}"]',
        "    edge [arrowsize=0.7]",
        *(f"    {line}" for line in _statements(picture)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _statements(picture: Picture) -> Iterator[str]:
    ends = {INPUT: "source", OUTPUT: "sink"}
    for role, rank in ends.items():
        group = "; ".join(_node(mark) for mark in picture.marks if mark.role == role)
        yield f"{{ rank={rank}; {group} }}"
    yield from (_node(mark) for mark in picture.marks if mark.role not in ends)
    yield from (_edge(k, arrow) for k, arrow in enumerate(picture.arrows))


def size(mark: Mark) -> tuple[float, float]:
    """Width and height of a mark in points: its role's, or wider for a long text."""
    width, height = SIZES[mark.role]
    label, name = LETTER * len(mark.label), SMALL_LETTER * len(mark.name)
    if mark.role == OPERATION:
        return width, height
    if mark.time:
        whole = LARGE_LETTER * len(mark.label) + SMALL_LETTER * len(mark.time)
        return max(width, whole + 4, name + 4), height + (14 if mark.name else 0)
    slanted = 1.35 if mark.role == GATE else 1
    return max(width, label + 8, slanted * (name + 8)), height


def _rank_separation(picture: Picture) -> float:
    """In inches: wide for a shallow cell, narrow for a deep one."""
    ranks: dict[str, int] = {}
    for arrow in picture.arrows:
        ranks[arrow.head] = max(ranks.get(arrow.head, 0), ranks.get(arrow.tail, 0) + 1)
    narrow, wide = SEPARATIONS
    room = PAGE / max(ranks.values()) - SIZES[FUNCTION][0]
    return min(wide, max(narrow, room)) / POINTS_PER_INCH


def _node(mark: Mark) -> str:
    width, height = (points / POINTS_PER_INCH for points in size(mark))
    label = f"{mark.label}({mark.time})" if mark.time else mark.label
    pieces = [f"label={_quoted(label, mark.name)}", SHAPES[mark.role]]
    if "filled" in SHAPES[mark.role]:
        pieces.append(f'fillcolor="{fill_of(mark.role)}"')
    pieces.append(f"width={width:.3f}, height={height:.3f}")
    if mark.dead:
        pieces.append(f'color="{FADED}", fontcolor="{FADED}"')
    return f"{_quoted(mark.id)} [{', '.join(pieces)}]"


def edge_id(k: int) -> str:
    """What arrow k of a picture is called in the Graphviz text."""
    return f"edge{k + 1}"


def _edge(k: int, arrow: Arrow) -> str:
    sign = f", headlabel={_quoted(arrow.sign)}" if arrow.sign else ""
    colour = FADED if arrow.dead else colour_of(arrow.kind)
    ends = f"{_quoted(arrow.tail)} -> {_quoted(arrow.head)}"
    return f'{ends} [id={edge_id(k)}, color="{colour}", {EDGES[arrow.kind]}{sign}]'


def _quoted(*lines: str) -> str:
    """A Graphviz string of one or more lines."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines if line)
    return '"' + "\\n".join(escaped) + '"'
