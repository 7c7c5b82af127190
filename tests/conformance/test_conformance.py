"""The language as data: every entry of the TOML files beside this one, against the implementation.

The files use nothing of it, so that a second implementation can be tested with them.  An entry is
a text and what must hold for it:

* `space`: the space that replaces the cell's own for checking;
* `nodes`: the lowered nodes, one a line;  `parameters`: names and shapes;  `square`: D = H forced;
* `counts`: figures of the analysis, parameters at D = H = 300;
* `same_key_as`, `other_key_than`: entries with which the canonical key is shared, or not;
* `formatted`, `documentation`: the formatter's text, the cell's comment;
* `step`: one step in numbers;
* `diagnostics`: all messages in order: code, severity (error), `at` (line, column, end line, end
  column), the text `covers`, what it `says` in message or hint, the text after its fix (`fixed`).
  Without any the text gives no message at all.
"""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fenas_lang.analysis import analyze
from fenas_lang.check.check import check_text
from fenas_lang.check.loader import loads
from fenas_lang.emit import emit
from fenas_lang.functions import SYMBOLS
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow, Edge, FlatNode
from fenas_lang.ir.interpret import interpret
from fenas_lang.ir.lower import expand, lower
from fenas_lang.rules import all_rules
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax.ast import Cell

Entry = dict[str, Any]
FILES = sorted(Path(__file__).parent.glob("*.toml"))
ENTRIES: list[Entry] = [
    entry for path in FILES for entry in tomllib.loads(path.read_text("utf-8"))["entry"]
]
BY_ID = {entry["id"]: entry for entry in ENTRIES}
MARKS = {"plain": "", "weighted": "@", "elementwise": "@."}


def having(*fields: str) -> pytest.MarkDecorator:
    """The entries with one of the fields, as a test's parameter."""
    chosen = [entry for entry in ENTRIES if any(field in entry for field in fields)]
    return pytest.mark.parametrize("entry", chosen, ids=lambda entry: entry["id"])


def space_of(entry: Entry) -> Space | None:
    return load_space(entry["space"]) if "space" in entry else None


def cell_of(entry: Entry) -> Cell:
    return loads(entry["text"], space=space_of(entry))


def lowered(entry: Entry) -> Dataflow:
    return lower(cell_of(entry), space_of(entry))


def written_edge(edge: Edge) -> str:
    match edge.source:
        case None:
            return "zero"
        case Fraction():
            return f"{float(edge.source):g}"
    return f"{'' if edge.gate_parameter else MARKS[edge.kind]}{edge.source}"


def written(node: FlatNode) -> str:
    edges = [written_edge(edge) for edge in node.edges]
    if node.function in SYMBOLS:
        return f"{node.name} = {f' {SYMBOLS[node.function]} '.join(edges)}"
    if node.function == "neg":
        return f"{node.name} = -{edges[0]}"
    return f"{node.name} = {node.function}({', '.join(edges)})"


def shapes(dataflow: Dataflow) -> dict[str, str]:
    return {parameter.name: " ".join(parameter.shape) for parameter in dataflow.parameters}


def fixed(text: str, fix: dict[str, Any]) -> str:
    return text[: fix["start"]] + fix["text"] + text[fix["end"] :]


def test_ids_are_unique_and_references_exist() -> None:
    assert len(BY_ID) == len(ENTRIES)
    referenced = {
        other
        for entry in ENTRIES
        for other in (*entry.get("same_key_as", ()), *entry.get("other_key_than", ()))
    }
    assert referenced <= set(BY_ID)


@having("text")
def test_diagnostics(entry: Entry) -> None:
    text, expected = entry["text"], entry.get("diagnostics", [])
    found = [d.as_json() for d in check_text(text, space=space_of(entry))]
    places = [[d["line"], d["column"], d["end_line"], d["end_column"]] for d in found]
    assert places == [want["at"] for want in expected], found
    for want, diagnostic in zip(expected, found, strict=True):
        check_diagnostic(text, want, diagnostic)


def check_diagnostic(text: str, want: Entry, diagnostic: Entry) -> None:
    assert diagnostic["code"] == want["code"]
    assert diagnostic["severity"] == want.get("severity", "error")
    assert covered(text, want["at"]) == want["covers"]
    said = f"{diagnostic['message']} {diagnostic['hint']}"
    assert [words for words in want.get("says", ()) if words not in said] == []
    if "fixed" in want:
        fix = diagnostic["fix"]
        assert (fixed(text, fix) if fix else False) == want["fixed"]


def covered(text: str, at: list[int]) -> str:
    """The text between two places, by counting lines and code points."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    line, column, end_line, end_column = at
    return text[starts[line - 1] + column - 1 : starts[end_line - 1] + end_column - 1]


@having("diagnostics")
def test_fixed_text_is_better(entry: Entry) -> None:
    """Where an entry has one message and a fix, the fixed text has none."""
    if len(entry["diagnostics"]) == 1 and (text := entry["diagnostics"][0].get("fixed")):
        assert check_text(text, space=space_of(entry)) == []


@having("nodes", "parameters", "square")
def test_lowering(entry: Entry) -> None:
    dataflow = lowered(entry)
    if "nodes" in entry:
        assert [written(node) for node in dataflow.nodes] == entry["nodes"].splitlines()
    if "parameters" in entry:
        assert shapes(dataflow) == entry["parameters"]
    if "square" in entry:
        assert dataflow.forces_square == entry["square"]


@having("nodes", "parameters")
def test_flat_text(entry: Entry) -> None:
    """The lowered cell as text is a legal cell with the same nodes and parameters."""
    dataflow = lowered(entry)
    again = lower(loads(emit(cell_of(entry), "nodes", space_of(entry))))
    assert list(map(written, again.nodes)) == list(map(written, dataflow.nodes))
    assert shapes(again) == shapes(dataflow)


@having("counts")
def test_counts(entry: Entry) -> None:
    report = analyze(cell_of(entry)).as_json()
    figures = {**report, **report["parameters"]}
    assert {name: figures[name] for name in entry["counts"]} == entry["counts"]


@having("same_key_as", "other_key_than")
def test_keys(entry: Entry) -> None:
    key = canonical_key(lowered(entry))
    assert key.startswith("fen1:")
    for other in entry.get("same_key_as", ()):
        assert canonical_key(lowered(BY_ID[other])) == key, other
    for other in entry.get("other_key_than", ()):
        assert canonical_key(lowered(BY_ID[other])) != key, other


@having("formatted")
def test_formatted(entry: Entry) -> None:
    cell = cell_of(entry)
    assert str(cell).rstrip("\n") == entry["formatted"].rstrip("\n")
    assert loads(str(cell)) == cell


@having("documentation")
def test_documentation(entry: Entry) -> None:
    assert cell_of(entry).documentation == entry["documentation"].rstrip("\n")


@having("step")
def test_step(entry: Entry) -> None:
    step = entry["step"]
    parameters = {name: np.array(value) for name, value in step["parameters"].items()}
    states = [np.array(state) for state in step["states"]]
    found = interpret(expand(lowered(entry)), np.array(step["x"]), states, parameters)
    assert len(found) == len(step["next"])
    for value, expected in zip(found, step["next"], strict=True):
        assert value.dtype == np.float64
        np.testing.assert_allclose(value, expected, rtol=1e-14, atol=1e-15)


@having("diagnostics")
def test_severity_is_that_of_the_rule(entry: Entry) -> None:
    for want in entry["diagnostics"]:
        assert all_rules()[want["code"]].severity == want.get("severity", "error")
