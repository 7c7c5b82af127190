"""`analyze`: the documented JSON, the report for people, and what cells are said to equal."""

import json

import pytest
from hypothesis import given, settings
from strategies import cells_of_any_space

import fenas_lang as fen
from fenas_lang.analysis import Analysis, analyze
from fenas_lang.check.loader import load, loads
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.ring_key import ring_key
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax.ast import Cell

CONTRACT = (
    *("version", "name", "space", "nodes", "live_nodes", "skips", "weighted_edges", "plain_edges"),
    *("parameters", "depth", "functions", "output_rule", "canonical_key", "ring_key"),
)
ADDED = (
    *("space_nodes", "elementwise_edges", "parameter_shapes", "flops", "dead", "loose_ends"),
    *("articulation_nodes", "forces_square", "square_edges", "uses_input", "uses_states"),
    *("affine_in_state", "entry", "states", "ranges", "gradient_paths", "equations"),
    *("normal_form", "vanishing", "recognised", "equivalents", "relations"),
)


def analysis_of(text: str) -> Analysis:
    return analyze(loads(text))


def test_gru_in_json() -> None:
    found = analyze(load("GRU.fen")).as_json()
    figures = {name: found[name] for name in CONTRACT}
    key = figures.pop("canonical_key")
    assert figures == {
        "version": 1,
        "name": "GRU",
        "space": "fenas",
        "nodes": 10,
        "live_nodes": 10,
        "skips": 0,
        "weighted_edges": 6,
        "plain_edges": 12,
        "parameters": {"formula": "3*D*H + 3*H**2 + 4*H", "value": 541_200},
        "depth": 6,
        "functions": {"add": 1, "identity": 2, "mul": 3, "sigmoid": 2, "sub": 1, "tanh": 1},
        "output_rule": "last node",
        "ring_key": ring_key(expand(lower(load("GRU")))),
    }
    assert key == fen.canonical_key("GRU.fen")
    assert found["recognised"]["name"] == "torch.nn.GRU"
    assert found["recognised"]["correspondence"]["u.bias"] == {
        "symbol": "b_hn",
        "tensors": ["bias_hh"],
        "block": 2,
    }
    assert found["affine_in_state"] is False and found["forces_square"] is False
    [state] = found["states"]
    assert state["bounded"] and state["growth"] == "|h| <= max(1, |h_prev|)"
    assert state["reachable"] == {"low": -1, "high": 1, "low_open": True, "high_open": True}
    assert state["any_state"]["low"] is None


@settings(max_examples=12, deadline=None)
@given(cells_of_any_space(max_nodes=6))
def test_any_cell_has_a_report(cell: Cell) -> None:
    found = analyze(cell, 7, 5)
    document = found.as_json()
    assert {*document} == {*CONTRACT, *ADDED}
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    report = str(found)
    assert report.startswith(f"{cell.name}: a cell in {cell.space or 'fenas'}")
    assert document["canonical_key"] in report
    assert all(line == line.rstrip() for line in report.splitlines())


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("GRU", "It is exactly torch.nn.GRU (biases merged), by normal form."),
        ("LSTM", "It is exactly torch.nn.LSTM (biases merged), by normal form."),
        (
            "LSTM",
            "No bound was found for c_prev. In one step, |c| <= 1 + |c_prev|.",
        ),
        (
            "LSTM",
            "The gradient takes one path from c_prev to c, through sums and products only"
            " (nodes: fc, c).",
        ),
        ("SRU", "No output depends on h_prev."),
        ("minGRU", "The states enter affinely and elementwise: a parallel scan can run the cell."),
        ("RNN", "h_prev is bounded: started from zero, it stays in (-1, 1)."),
    ],
)
def test_the_report_says_what_is_notable(cell: str, sentence: str) -> None:
    assert sentence in " ".join(str(analyze(load(f"{cell}.fen"))).split())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "cell C(x, h) -> y { a = tanh(@x); y = tanh(@h) }",
            "Dead, since no output depends on them: a.",
        ),
        (
            "cell C(x, h) -> y { a = tanh(@x); b = a - a; y = tanh(h, b) }",
            "Without influence, since they cancel: a.x, a.bias.",
        ),
        ("cell C(x, h) -> y { y = tanh(@h) }", "No output depends on x."),
        ("cell C(x, h) -> y { y = tanh(x, h) }", "D = H is forced: x is read without a matrix"),
        ("cell C in open (x, h) -> x {}", "D = H is forced: the input itself is an output."),
        ("cell C(x, h) -> y { y = identity(@x, @h) }", "enter affinely, through matrices."),
    ],
)
def test_the_report_says_what_is_odd(text: str, sentence: str) -> None:
    assert sentence in " ".join(str(analysis_of(text)).split())


def test_equivalents_are_shipped_cells_in_another_spelling() -> None:
    other = analysis_of(
        "cell Mine in open (x, s) -> y { z = sigmoid(@x); n = identity(@x); y = n*z + s*(1 - z) }"
    )
    assert other.equivalents == ("minGRU",)
    assert analyze(load("minGRU.fen")).equivalents == ()
    assert "By normal form it equals minGRU of the shipped cells." in str(other)


def test_calls_of_a_space_s_functions_are_one_node_there() -> None:
    found = analyze(load("DARTS_V1.fen"))
    assert (found.space_nodes, found.structure.nodes) == (9, 17)
    assert analyze(load("GRU.fen")).space_nodes == 10


def test_another_space_can_be_asked_about() -> None:
    found = analyze(load("GRU.fen"), space=load_space("open"))
    assert found.as_json()["space"] == "open"
    with pytest.raises(FenError):
        analyze(load("GRU.fen"), space=load_space("enas"))


def test_d_is_h_in_a_square_cell() -> None:
    found = analyze(loads("cell C(x, h) -> y { y = tanh_skip(x) }"), 7, 5)
    assert (found.input_size, found.parameters.formula) == (5, "2*H**2 + 2*H")
    assert found.square_edges == (("y", "x"),)


def test_a_cell_too_large_for_its_normal_form_is_not_recognised() -> None:
    body = "; ".join(f"a{k} = a{k - 1} * (a{k - 1} + h)" for k in range(1, 30))
    found = analysis_of(f"cell C in open (x, h) -> y {{ a0 = x + h; {body}; y = tanh(a29) }}")
    assert found.normal_form is None and found.recognised is None and found.equivalents == ()
    assert found.relations is None and found.as_json()["relations"] is None
    assert found.as_json()["normal_form"] == "too large"
    assert "Its normal form is too large" in str(found)


@pytest.mark.parametrize("sizes", [{"input_size": 0}, {"hidden_size": -1}, {"hidden_size": 2.5}])
def test_sizes_are_positive_whole_numbers(sizes: dict) -> None:
    with pytest.raises(FenError) as caught:
        analyze(load("GRU.fen"), **sizes)
    assert [d.code for d in caught.value.diagnostics] == ["FEN240"]
