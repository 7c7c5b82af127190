"""The map of cells: arrows are proved, none follows from others, the committed map is new."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

import fenas_lang as fen
from fenas_lang.check.loader import load, shipped_cells
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.verdicts import PROVED, Finding, Kind
from fenas_lang.report.cell_map import Box, CellMap, arranged, cell_map
from fenas_lang.report.map_drawing import PAGE, draw

COMMITTED = Path(__file__).parents[2] / "docs" / "images" / "cells.svg"


@pytest.fixture(scope="module")
def shipped() -> CellMap:
    return cell_map({name: expand(lower(load(name))) for name in shipped_cells()})


def groups(root: ET.Element, name: str) -> Iterator[ET.Element]:
    return (e for e in root.iter() if name in e.get("class", "").split())


def titles(svg: str) -> tuple[set[str], set[str]]:
    """What the boxes and the arrows of a drawing say on hover."""
    root = ET.fromstring(svg)
    boxes, arrows = (
        {e[0].text or "" for e in groups(root, kind) if e[0].tag.endswith("title")}
        for kind in ("node", "edge")
    )
    return boxes, arrows


def test_the_committed_map_says_what_is_proved_now(shipped: CellMap) -> None:
    committed = titles(COMMITTED.read_text("utf-8"))
    assert committed == titles(draw(shipped)), "fenasc cells --map -o docs/images/cells.svg"


def test_arrows_are_verdicts_and_none_follows_from_others(shipped: CellMap) -> None:
    for one, two in shipped.arrows:
        names = shipped.boxes[one].names[0], shipped.boxes[two].names[0]
        assert fen.prove(*names).kind == Kind.CONTAINS
    graph = nx.DiGraph(list(shipped.arrows))
    assert nx.is_directed_acyclic_graph(graph)
    assert set(nx.transitive_reduction(graph).edges) == set(shipped.arrows)
    together = {box.names for box in shipped.boxes if len(box.names) > 1}
    assert ("GRU_Chung", "GRU_reset_before") in together
    for names in together:
        assert fen.prove(*names[:2]).kind in PROVED


def test_every_cell_is_on_the_map_once(shipped: CellMap) -> None:
    names = [name for box in shipped.boxes for name in box.names]
    assert sorted(names) == sorted(shipped_cells())


def test_boxes_and_arrows_from_verdicts() -> None:
    cells = [Box((name,), 1) for name in "ABCDE"]
    found = {
        (0, 1): Finding(Kind.EQUAL),
        (0, 2): Finding(Kind.CONTAINS),
        (1, 3): Finding(Kind.CONTAINS),
        (2, 3): Finding(Kind.CONTAINS),
        (3, 4): Finding(Kind.CONTAINED_IN, square=True),
    }
    made = arranged(cells, found)
    assert [box.names for box in made.boxes] == [("A", "B"), ("C",), ("D",), ("E",)]
    assert made.arrows == {(0, 1): False, (1, 2): False, (3, 2): True}
    assert made.title((3, 2)) == "E contains D where D = H"
    assert made.alone == []


def test_a_weaker_path_implies_no_arrow() -> None:
    found = {
        (0, 1): Finding(Kind.CONTAINS, square=True),
        (1, 2): Finding(Kind.CONTAINS),
        (0, 2): Finding(Kind.CONTAINS),
    }
    assert (0, 2) in arranged([Box((name,), 1) for name in "ABC"], found).arrows
    found[0, 2] = Finding(Kind.CONTAINS, square=True)
    assert (0, 2) not in arranged([Box((name,), 1) for name in "ABC"], found).arrows


def test_boxes_do_not_overlap(shipped: CellMap) -> None:
    root = ET.fromstring(draw(shipped))
    for part in ("nodes", "alone"):
        (group,) = groups(root, part)
        boxes = [
            tuple(float(shape.get(key, "nan")) for key in ("x", "y", "width", "height"))
            for shape in groups(group, "shape")
        ]
        for k, (x, y, width, height) in enumerate(boxes):
            assert x >= 0 and x + width <= PAGE
            for a, b, across, down in boxes[:k]:
                assert x + width <= a or a + across <= x or y + height <= b or b + down <= y


def test_a_map_without_arrows_or_cells() -> None:
    assert "no containment proved" in draw(CellMap((Box(("A",), 2),), {}))
    assert draw(CellMap((), {})).startswith("<svg")
