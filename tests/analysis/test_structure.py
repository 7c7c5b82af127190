"""Counts and measures, checked by hand."""

import pytest
from hypothesis import given, settings
from strategies import cells_of_any_space

from fenas_lang.analysis.structure import Structure, structure
from fenas_lang.check.loader import load, loads
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell


def structure_of(text: str) -> Structure:
    return structure(lower(loads(text)))


@pytest.mark.parametrize(
    ("name", "nodes", "weighted", "plain", "depth"),
    [("GRU", 10, 6, 12, 6), ("LSTM", 9, 8, 9, 5), ("RNN", 1, 2, 0, 1)],
)
def test_known_cells(name: str, nodes: int, weighted: int, plain: int, depth: int) -> None:
    found = structure(lower(load(f"{name}.fen")))
    assert (found.nodes, found.live_nodes, found.skips) == (nodes, nodes, 0)
    assert (found.weighted_edges, found.plain_edges) == (weighted, plain)
    assert found.depth == depth
    assert found.dead == ()


def test_a_skip_argument_is_one_weighted_edge() -> None:
    found = structure_of("cell S(x, h) -> y { a = tanh_skip(x, h); y = relu_skip(a) }")
    assert (found.skips, found.weighted_edges, found.plain_edges, found.depth) == (2, 3, 0, 2)
    assert found.functions == {"relu_skip": 1, "tanh_skip": 1}
    assert found.articulation_nodes == ("a",)


def test_dead_nodes_are_nodes_and_nothing_else() -> None:
    found = structure_of(
        "cell D(x, h) -> y { a = tanh(@x, @h); b = sigmoid(@a); c = b * b; y = identity(@a) }"
    )
    assert (found.nodes, found.live_nodes, found.dead) == (4, 2, ("b", "c"))
    assert (found.weighted_edges, found.plain_edges) == (3, 0)
    assert found.functions == {"identity": 1, "tanh": 1}
    assert found.loose_ends == ("y",)


def test_zero_and_literals_are_no_edges() -> None:
    found = structure_of("cell Z in open (x, h) -> y { a = tanh(@x, zero); y = 0.5 * a }")
    assert (found.weighted_edges, found.plain_edges) == (1, 1)


def test_elementwise_edges_are_weighted_and_counted_by_themselves() -> None:
    found = structure_of("cell I in open (x, h) -> y { y = relu(@x, @.h) }")
    assert (found.weighted_edges, found.elementwise_edges, found.plain_edges) == (2, 1, 0)


def test_the_rule_s_mean_is_no_node_but_has_plain_edges() -> None:
    found = structure_of(
        "cell M(x, h) -> y { a = tanh(@x, @h); b = relu(@a); c = sigmoid(@a); y = mean(b, c) }"
    )
    assert (found.nodes, found.live_nodes) == (3, 3)
    assert (found.weighted_edges, found.plain_edges, found.depth) == (4, 2, 2)
    assert found.loose_ends == ("b", "c")
    assert "mean" not in found.functions


def test_a_mean_of_the_open_space_is_a_node() -> None:
    found = structure_of("cell M in open (x, h) -> y { a = tanh(@x, @h); y = mean(a, h) }")
    assert (found.nodes, found.depth, found.plain_edges) == (2, 2, 2)


def test_an_output_that_is_a_state_has_no_depth() -> None:
    found = structure_of("cell O in open (x, h, c) -> (h, y) { y = tanh(@x, @c) }")
    assert found.depth == 1
    assert structure_of("cell O in open (x, h) -> h {}").depth == 0


def test_depth_counts_from_an_input_only() -> None:
    found = structure_of(
        "cell C in open (x, h) -> y { a = exp(zero); b = exp(a); c = exp(b); y = c * h }"
    )
    assert found.depth == 1


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space())
def test_counts_add_up(cell: Cell) -> None:
    dataflow = lower(cell)
    found = structure(dataflow)
    assert sum(found.functions.values()) == found.live_nodes
    assert found.nodes == found.live_nodes + len(found.dead)
    assert found.depth <= found.live_nodes
    weights = [p for p in dataflow.parameters if p.kind != "bias"]
    gates = [p for p in weights if ".gate." in p.name]
    assert found.weighted_edges == len(weights) - len(gates)
