"""The family of the best cells as a tree: generations from left to right, a row for each branch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from fenas_lang.report.document import add
from fenas_lang.report.family import Family, Member
from fenas_lang.report.run import Run
from fenas_lang.search.lineage import figure

WIDTH, LEFT, TOP, ROW = 960.0, 16.0, 26.0, 21.0
LABEL = 230.0
"""Room for the name at the end of the longest branch."""
STEP = 110.0
"""The most that one generation is from the next."""
RING, DOT, SMALL_DOT = 8.0, 5.5, 4.5
"""Radii: of one of the best cells, of what leads to one, of the rest."""
GRADES = 5
NAME = 24
"""Letters of a name in the drawing."""


@dataclass(frozen=True)
class Tree:
    """Where each member stands, and how good it is among those shown: 0 to GRADES - 1."""

    family: Family
    places: Mapping[int, tuple[int, int]]
    grades: Mapping[int, int]

    @property
    def step(self) -> float:
        deepest = max(column for column, _ in self.places.values())
        return min(STEP, (WIDTH - LEFT - LABEL) / max(1, deepest))

    @property
    def height(self) -> float:
        return 2 * TOP + ROW * max(row for _, row in self.places.values())

    def at(self, number: int) -> tuple[float, float]:
        column, row = self.places[number]
        return round(LEFT + column * self.step, 1), TOP + ROW * row


def tree(family: Family) -> Tree | None:
    """The tree of a family; None where nobody in it has a child."""
    children: dict[int | None, list[Member]] = {}
    for member in family.values():
        children.setdefault(member.parent, []).append(member)
    if len(children) < 2:
        return None
    places: dict[int, tuple[int, int]] = {}
    row = 0
    for root in sorted(children[None], key=lambda member: _rank(member, children)):
        row = _place(root, children, places, 0, row) + 1
    return Tree(family, places, _grades(family))


def _place(
    member: Member,
    children: Mapping[int | None, Sequence[Member]],
    places: dict[int, tuple[int, int]],
    column: int,
    row: int,
) -> int:
    """Place a member and all below it; its first child goes on in its row.  The last row used."""
    places[member.trial.number] = column, row
    below = sorted(children.get(member.trial.number, ()), key=lambda one: _rank(one, children))
    for position, child in enumerate(below):
        row = _place(child, children, places, column + 1, row + (position > 0))
    return row


def _rank(
    member: Member, children: Mapping[int | None, Sequence[Member]]
) -> tuple[float, float, int]:
    """First what leads to the best cell, then by score."""
    score = member.trial.score
    best = _best_place(member, children)
    return best, float("inf") if score is None else -score, member.trial.number


def _best_place(member: Member, children: Mapping[int | None, Sequence[Member]]) -> float:
    """The place of the best cell among a member and all below it; infinite where there is none."""
    own = float("inf") if member.place is None else float(member.place)
    below = (_best_place(child, children) for child in children.get(member.trial.number, ()))
    return min([own, *below])


def _grades(family: Family) -> dict[int, int]:
    """By rank, so that one very bad cell does not make all others look the same."""
    scores = {n: m.trial.score for n, m in family.items() if m.trial.score is not None}
    levels = sorted(set(scores.values()))
    last = max(1, len(levels) - 1)
    return {n: round((GRADES - 1) * levels.index(score) / last) for n, score in scores.items()}


def draw_family(parent: Element, run: Run, shown: Tree) -> None:
    """The SVG, in a figure with a legend."""
    frame = add(parent, "figure", class_="family")
    label = "Ancestors of the best cells and their other children"
    around = add(frame, "div", class_="wide", tabindex="0", role="region", aria_label=label)
    size = f"0 0 {WIDTH:.0f} {shown.height:.0f}"
    canvas = add(around, "svg", viewBox=size, role="img", aria_label=label)
    add(canvas, "title", label)
    members = sorted(shown.family.items(), key=lambda item: item[1].on_line)
    for number, member in members:
        _draw_edge(canvas, shown, number, member)
    for number, member in members:
        _draw_member(canvas, run, shown, number, member)
    _draw_legend(add(frame, "figcaption"), run, shown)


def _draw_edge(canvas: Element, shown: Tree, number: int, member: Member) -> None:
    if member.parent is None:
        return
    (x, y), (from_x, from_y) = shown.at(number), shown.at(member.parent)
    names = ["edge", *["line"][: member.on_line], *["skips"][: member.skipped]]
    path = f"M{from_x:g} {from_y:g}V{y:g}H{x:g}"
    edge = add(canvas, "path", class_=" ".join(names), d=path)
    if member.skipped:
        add(edge, "title", f"{member.skipped} steps between are left out")


def _draw_member(canvas: Element, run: Run, shown: Tree, number: int, member: Member) -> None:
    """A dot, a numbered ring for one of the best, and a name at the end of a branch."""
    x, y = shown.at(number)
    is_best = member.place is not None
    best = " found" if is_best else ""
    radius = RING if is_best else DOT if member.on_line else SMALL_DOT
    grade = f"grade{shown.grades.get(number, 0)}{best}"
    dot = add(canvas, "circle", class_=grade, cx=f"{x:g}", cy=f"{y:g}", r=f"{radius:g}")
    add(dot, "title", spoken(member, run.metric))
    if is_best:
        add(canvas, "text", f"{member.place}", class_="place", x=f"{x:g}", y=f"{y + 3.7:g}")
    if all(other.parent != number for other in shown.family.values()):
        name = member.trial.name
        short = name if len(name) <= NAME else f"{name[: NAME - 1]}…"
        words = f"{short}  {figure(member.trial.metric)}"
        at = {"x": f"{x + radius + 6:g}", "y": f"{y + 4.5:g}"}
        add(canvas, "text", words, class_=f"name{best}", **at)


def spoken(member: Member, metric: str) -> str:
    """A member in words."""
    trial, many = member.trial, member.children
    place = "" if member.place is None else f", number {member.place} of the best cells"
    children = f", {many} {'child' if many == 1 else 'children'}" if many else ""
    about = f"{trial.name}, trial {trial.number}: {metric} {figure(trial.metric)}"
    return f"{about}{place}{children}; {trial.edit}"


def _draw_legend(caption: Element, run: Run, shown: Tree) -> None:
    legend = add(caption, "ul", class_="legend")
    scale = add(legend, "li")
    add(scale, "span", "worse")
    for grade in range(GRADES):
        add(scale, "span", class_=f"key grade grade{grade}", aria_hidden="true")
    add(scale, "span", "better")
    for name, words in _entries(shown):
        entry = add(legend, "li")
        add(entry, "span", class_=f"key {name}", aria_hidden="true")
        add(entry, "span", words)
    scored = sum(trial.score is not None for trial in run.trials)
    words = f"{len(shown.family)} of {scored} trials with a score are shown."
    add(caption, "p", f"{words} Numbers are places among the best cells below.")


def _entries(shown: Tree) -> Iterator[tuple[str, str]]:
    yield "found", "one of the best cells"
    yield "line", "leads to a best cell"
    if any(member.skipped for member in shown.family.values()):
        yield "skips", "steps left out"
