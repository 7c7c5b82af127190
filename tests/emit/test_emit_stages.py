"""The targets that print a stage of the compiler: `ast`, `nodes`, `ir`, `json`."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from strategies import cells_of_any_space

from fenas_lang.check.check import check_text
from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.emit import emit
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.lower import expand, lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax.ast import Cell

NESTED = """
# A cell with something inside something.
cell Nested in open (x, h) -> n without bias {
    # the only node that is written
    n = h*0.5 + tanh(@(x - h), @.h)  # and its remark
    # the end
}
"""


def comparable(cell: Cell) -> object:
    """What lowering gives, but for where it stands and the space that allowed it."""
    flow = lower(cell)
    return replace(flow, space="", rule_mean=None, output_rule="")


def check_round_trip(cell: Cell) -> None:
    again = loads(emit(cell, "nodes"))
    assert comparable(again) == comparable(cell)
    assert canonical_key(lower(again)) == canonical_key(lower(cell))
    assert emit(again, "nodes") == emit(cell, "nodes")


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space())
def test_nodes_are_the_same_cell_with_the_same_parameters(cell: Cell) -> None:
    check_round_trip(cell)


@pytest.mark.parametrize("name", shipped_cells())
def test_nodes_of_a_shipped_cell_are_the_same_cell(name: str) -> None:
    check_round_trip(load(name))


def test_nodes_are_flat_and_keep_comments() -> None:
    assert emit(loads(NESTED), "nodes") == (
        "# A cell with something inside something.\n"
        "cell Nested in open (x, h) -> n without bias {\n"
        "    n_1 = h * 0.5\n"
        "    n_2 = x - h\n"
        "    n_3 = tanh(@n_2, @.h)\n"
        "    # the only node that is written\n"
        "    n   = n_1 + n_3  # and its remark\n"
        "    # the end\n"
        "}\n"
    )


def test_nodes_keep_dead_nodes() -> None:
    text = "cell C(x, h) -> n {\n    d = x * h\n    n = tanh(@x, @h)\n}\n"
    assert emit(loads(text), "nodes") == text


def test_nodes_of_a_cell_with_functions_leave_its_space() -> None:
    text = emit(load("ENAS"), "nodes")
    assert "cell ENAS in open (" in text and "first(" not in text
    assert [d for d in check_text(text) if d.severity == "error"] == []


def test_another_space_may_be_given() -> None:
    cell = loads("cell C in open (x, h) -> n {\n    n = sin(@x, @h)\n}\n")
    assert emit(cell, "nodes", load_space("open")) == emit(cell, "nodes")


def test_the_tree_shows_places_and_comments() -> None:
    lines = emit(loads(NESTED), "ast").splitlines()
    assert lines[0] == "Cell Nested  <3:6-7:2>"
    assert '  Comment above "A cell with something inside something."' in lines
    assert "  Bias without" in lines and "  Parameter h  <3:25-3:26>" in lines
    assert "        Number 0.5  <5:11-5:14>" in lines
    assert "        Weighted @.  <5:32-5:35>" in lines
    assert '    Comment behind "and its remark"' in lines


def test_the_tree_shows_functions() -> None:
    text = "fn twice(a) = a + a\ncell C in open (x, h) -> n {\n    n = twice(h)\n}\n"
    lines = emit(loads(text), "ast").splitlines()
    assert lines[lines.index("  Function twice  <1:4-1:20>") + 1].startswith("    Parameter a")


def test_a_cell_without_source_has_no_places() -> None:
    assert "<" not in emit(replace(loads(NESTED), source=None), "ast")


@settings(max_examples=30, deadline=None)
@given(cells_of_any_space())
def test_ir_defines_every_value_before_its_use(cell: Cell) -> None:
    defined: set[str] = set()
    for line in emit(cell, "ir").splitlines():
        if match := re.match(r" +(%\d+) = (.*?)(  #.*)?$", line):
            assert set(re.findall(r"%\d+", match[2])) <= defined
            defined.add(match[1])
    assert len(defined) == len(expand(lower(cell)).nodes)


def test_the_document_says_what_the_cell_is() -> None:
    body = "n = tanh(@x, @.h, 0.5); d = n + zero"
    cell = loads(f"# Says\n# two.\ncell C in open (x, h) -> n {{ {body} }}")
    document = json.loads(emit(cell, "json"))
    edges = document["nodes"][0].pop("edges")
    assert [(e["source"], e["kind"], e["parameter"]) for e in edges] == [
        ("x", "weighted", "n.x"),
        ("h", "elementwise", "n.h"),
        ("0.5", "plain", None),
    ]
    assert document["nodes"][0] == {
        "name": "n",
        "function": "tanh",
        "live": True,
        "bias": "n.bias",
        "gate_bias": None,
    }
    assert not document["nodes"][1]["live"]
    assert document["nodes"][1]["edges"][1]["source"] == "zero"
    assert document["parameters"] == [
        {"name": "n.x", "kind": "weight", "shape": ["H", "D"]},
        {"name": "n.h", "kind": "elementwise", "shape": ["H"]},
        {"name": "n.bias", "kind": "bias", "shape": ["H"]},
    ]
    assert (document["version"], document["documentation"]) == (1, "Says\ntwo.")
    assert document["canonical_key"] == canonical_key(lower(cell))
