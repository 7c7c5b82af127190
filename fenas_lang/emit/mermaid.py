"""`mermaid`: the drawing as a flowchart, for pages that render Mermaid (GitHub, Obsidian, …)."""

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
from fenas_lang.emit.plain import documentation_lines
from fenas_lang.emit.stages import Stages
from fenas_lang.emit.style import INK, OUTLINE, colour_of, fill_of
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, WEIGHTED

SHAPES = {
    INPUT: ("[", "]"),
    OUTPUT: ("[", "]"),
    LITERAL: ("[", "]"),
    OPERATION: ("((", "))"),
    FUNCTION: ("(", ")"),
    GATE: ("{{", "}}"),
    SKIP_FUNCTION: ("[[", "]]"),
    AVERAGE: ("[/", "\\]"),
}
LINES = {WEIGHTED: "==>", ELEMENTWISE: "-.->", PLAIN: "-->", RESULT: "-->"}
BARE = "fill:none,stroke:none"


def emit(stages: Stages) -> str:
    """The drawing as a flowchart from left to right."""
    lines = flowchart(Picture(stages.dataflow), " ".join(documentation_lines(stages.cell)))
    return "\n".join(lines) + "\n"


def flowchart(picture: Picture, description: str) -> Iterator[str]:
    """The lines of the flowchart; `description` is its text for readers who do not see it."""
    ids = {mark.id: f"m{k}" for k, mark in enumerate(picture.marks)}
    yield "flowchart LR"
    yield f"    accTitle: {picture.dataflow.name}"
    if description:
        yield f"    accDescr: {_description(description)}"
    yield from (f"    {_mark(mark, ids[mark.id])}" for mark in picture.marks)
    yield from (f"    {_arrow(arrow, ids)}" for arrow in picture.arrows)
    yield from (f"    {line}" for line in _styles(picture, ids))


def _mark(mark: Mark, identifier: str) -> str:
    opening, closing = SHAPES[mark.role]
    label = f"{mark.label}({mark.time})" if mark.time else mark.label
    between = " " if mark.role == OPERATION else "<br/>"
    lines = between.join(_escaped(line) for line in (label, mark.name) if line)
    return f'{identifier}{opening}"{lines}"{closing}:::{mark.role}'


def _arrow(arrow: Arrow, ids: dict[str, str]) -> str:
    sign = f'|"{_escaped(arrow.sign)}"|' if arrow.sign else ""
    return f"{ids[arrow.tail]} {LINES[arrow.kind]}{sign} {ids[arrow.head]}"


def _styles(picture: Picture, ids: dict[str, str]) -> Iterator[str]:
    for role in SHAPES:
        if any(mark.role == role for mark in picture.marks):
            yield f"classDef {role} {_role_style(role)}"
    if picture.dataflow.dead:
        yield "classDef dead opacity:0.4,stroke-dasharray:3 3"
        yield f"class {','.join(ids[m.id] for m in picture.marks if m.dead)} dead"
    for kind in (WEIGHTED, ELEMENTWISE, PLAIN):
        drawn = [str(k) for k, arrow in enumerate(picture.arrows) if arrow.kind == kind]
        if drawn:
            width = 1 if kind == PLAIN else 2.5
            yield f"linkStyle {','.join(drawn)} stroke:{colour_of(kind)},stroke-width:{width}px"


def _role_style(role: str) -> str:
    if role in (INPUT, OUTPUT, LITERAL):
        return BARE
    return f"fill:{fill_of(role)},stroke:{OUTLINE},color:{INK}"


def _escaped(text: str) -> str:
    """Text inside a quoted label; everything that Mermaid may read otherwise as a code."""
    return "".join(c if c.isalnum() or c in " _-.()−⊙²·" else f"#{ord(c)};" for c in text)


def _description(text: str) -> str:
    """A line in which no tag, entity or directive (`%%{…}%%`) can begin."""
    return "".join(f"#{ord(c)};" if c in "%<>&#" else c for c in text)
