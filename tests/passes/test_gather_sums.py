"""`gather_sums` reorders sums around weighted edges by what is ready first, and nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from strategies import cells_of_any_space

from fenas_lang.check.loader import loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.passes.gather_sums import gather_sums
from fenas_lang.syntax.ast import Cell


def graph_of(source: str) -> Graph:
    return expand(lower(loads(source)))


def sum_order(source: str) -> list[str]:
    """The terms of the last sum, in the order in which they are added."""
    graph = gather_sums(graph_of(source))
    index = next(k for k in reversed(range(len(graph.nodes))) if graph.nodes[k].op == "add")
    terms: list[str] = []
    while graph.nodes[index].op == "add":
        index, term = graph.nodes[index].operands
        terms.append(str(graph.nodes[term].attribute or graph.nodes[term].op))
    return [str(graph.nodes[index].attribute or graph.nodes[index].op), *reversed(terms)]


def test_the_bias_and_what_x_decides_come_first() -> None:
    order = sum_order("cell C(x, h) -> n { n = tanh(@h, @x) }")
    assert order == ["n.bias", "n.x", "n.h"]


def test_edges_are_added_by_the_level_of_their_source() -> None:
    source = "cell C(x, h) -> n { a = tanh(@h); b = relu(@a); n = tanh(@b, @h) }"
    assert sum_order(source) == ["n.bias", "n.h", "n.b"]


def test_plain_terms_come_after_edges_and_numbers_last() -> None:
    source = "cell C in open (x, h) -> n { a = tanh(@x); n = tanh(0.5, h, @.h, a, @h, @x) }"
    assert sum_order(source) == ["n.bias", "n.x", "tanh", "n.h.2", "h", "n.h", "1/2"]


def test_sums_without_an_edge_stay() -> None:
    graph = graph_of("cell C in open (x, h) -> n { n = tanh(h, x, 0.5, @.h, @.x) }")
    assert gather_sums(graph) == graph


def test_a_sum_that_has_a_name_is_not_dissolved() -> None:
    graph = gather_sums(
        graph_of("cell C in open (x, h) -> n { a = identity(@h); n = tanh(a, @x) }")
    )
    (named,) = (k for name, k in graph.values if name == "a")
    assert graph.nodes[named].op == "add"
    assert {graph.nodes[k].op for k in graph.nodes[named].operands} == {"param", "linear"}


@settings(max_examples=100, deadline=None)
@given(cells_of_any_space(max_nodes=14))
def test_the_meaning_stays_and_so_do_the_primitives(cell: Cell) -> None:
    flow = lower(cell)
    graph = expand(flow)
    gathered = gather_sums(graph)
    assert Counter(n.op for n in gathered.nodes) == Counter(n.op for n in graph.nodes)
    assert [name for name, _ in gathered.values] == [name for name, _ in graph.values]
    assert gather_sums(gathered) == gathered
    rng = np.random.default_rng(0)
    sizes = (4, 4) if flow.forces_square else (3, 4)
    parameters = random_parameters(graph, *sizes, rng)
    states = [rng.normal(size=4) for _ in flow.states]
    x = rng.normal(size=sizes[0])
    before, after = (interpret(g, x, states, parameters) for g in (graph, gathered))
    for value, expected in zip(after, before, strict=True):
        if np.isfinite(expected).all() and np.abs(expected).max() < 1e3:
            np.testing.assert_allclose(value, expected, rtol=1e-8, atol=1e-10)


@settings(max_examples=100, deadline=None)
@given(cells_of_any_space(max_nodes=14))
def test_operands_stay_ahead_of_their_users(cell: Cell) -> None:
    graph = gather_sums(expand(lower(cell)))
    assert all(k < index for index, node in enumerate(graph.nodes) for k in node.operands)
