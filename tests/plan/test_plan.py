"""Plans: complete, in order, hoisted and fused as far as dependence allows, and right when run."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from run_plan import run_plan
from strategies import cells_of_any_space
from syrupy.assertion import SnapshotAssertion

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import random_parameters, run
from fenas_lang.ir.lower import expand, lower
from fenas_lang.plan.plan import Level, Plan, Product
from fenas_lang.plan.schedule import make_plan
from fenas_lang.plan.text import plan_text
from fenas_lang.primitives import LEAVES
from fenas_lang.syntax.ast import Cell

ANY_CELL = cells_of_any_space(max_nodes=14)


def plan_of(source: str | Cell) -> Plan:
    cell = source if isinstance(source, Cell) else loads(source)
    return make_plan(expand(lower(cell)))


def levels(plan: Plan) -> tuple[Level, ...]:
    return (*plan.before, *plan.loop)


def products(part: tuple[Level, ...]) -> list[Product]:
    return [product for level in part for product in level.products]


def reads_state(graph: Graph) -> list[bool]:
    found: list[bool] = []
    for node in graph.nodes:
        found.append(node.op == "state" or any(found[k] for k in node.operands))
    return found


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_every_primitive_is_computed_exactly_once(cell: Cell) -> None:
    plan = plan_of(cell)
    computed = Counter(k for level in levels(plan) for k in level.computed)
    work = {k for k, node in enumerate(plan.graph.nodes) if node.op not in LEAVES}
    assert computed == Counter(work)


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_operands_come_before_their_use(cell: Cell) -> None:
    plan = plan_of(cell)
    nodes = plan.graph.nodes
    there = {k for k, node in enumerate(nodes) if node.op in LEAVES}
    for level in levels(plan):
        assert all(product.source in there for product in level.products)
        for product in level.products:
            assert all(c.base is None or c.base in there for c in product.columns)
            there.update(c.result for c in product.columns)
        for index in level.pointwise:
            assert set(nodes[index].operands) <= there
            there.add(index)


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_exactly_what_depends_on_no_state_is_hoisted(cell: Cell) -> None:
    plan = plan_of(cell)
    dependent = reads_state(plan.graph)
    assert not any(dependent[k] for level in plan.before for k in level.computed)
    assert all(dependent[k] for level in plan.loop for k in level.computed)


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_all_edges_from_a_source_are_one_product(cell: Cell) -> None:
    plan = plan_of(cell)
    sources = [product.source for product in products(levels(plan))]
    assert len(sources) == len(set(sources))
    for product in products(levels(plan)):
        for column in product.columns:
            assert plan.graph.nodes[column.linear].op == "linear"
            assert plan.graph.nodes[column.linear].operands == (product.source,)


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_a_column_is_an_edge_with_the_sum_that_it_enters(cell: Cell) -> None:
    plan = plan_of(cell)
    for product in products(levels(plan)):
        made = {column.result for column in product.columns}
        for column in product.columns:
            if column.base is None:
                assert column.result == column.linear
                continue
            total = plan.graph.nodes[column.result]
            assert total.op == "add"
            assert set(total.operands) == {column.base, column.linear}
            assert column.base not in made


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_handed_is_what_the_loop_and_the_outputs_read(cell: Cell) -> None:
    plan = plan_of(cell)
    nodes = plan.graph.nodes
    loop = {k for level in plan.loop for k in level.computed}
    read = {k for index in loop for k in nodes[index].operands} | set(plan.graph.outputs)
    leaves = {k for k, node in enumerate(nodes) if node.op in LEAVES - {"input"}}
    assert set(plan.handed) == read - loop - leaves


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_there_are_no_more_levels_than_products_in_a_row(cell: Cell) -> None:
    plan = plan_of(cell)
    dependent = reads_state(plan.graph)
    for phase, part in ((False, plan.before), (True, plan.loop)):
        longest: list[int] = []
        for index, node in enumerate(plan.graph.nodes):
            own = node.op == "linear" and dependent[index] == phase
            longest.append(max((longest[k] for k in node.operands), default=0) + own)
        assert sum(bool(level.products) for level in part) == max(longest)


def check_run(cell: Cell) -> None:
    flow = lower(cell)
    graph = expand(flow)
    sizes = (4, 4) if flow.forces_square else (3, 4)
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(5, 2, sizes[0]))
    states = [rng.normal(size=(2, 4)) for _ in flow.states]
    parameters = random_parameters(graph, *sizes, rng)
    expected, finals = run(graph, xs, states, parameters)
    outputs, ours = run_plan(make_plan(graph), xs, states, parameters)
    if np.isfinite(expected).all() and np.abs(expected).max() < 1e3:
        np.testing.assert_allclose(outputs, expected, rtol=1e-8, atol=1e-10)
        for value, final in zip(ours, finals, strict=True):
            if np.isfinite(final).all() and np.abs(final).max() < 1e3:
                np.testing.assert_allclose(value, final, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", shipped_cells())
def test_plans_of_shipped_cells_compute_the_cell(name: str) -> None:
    check_run(load(name))


@settings(max_examples=150, deadline=None)
@given(ANY_CELL)
def test_plans_of_random_cells_compute_the_cell(cell: Cell) -> None:
    check_run(cell)


def test_gates_of_a_gru_are_two_products() -> None:
    plan = make_plan(expand(lower(load("GRU"))))
    (before,), (loop,) = products(plan.before), products(plan.loop)
    names = [
        [str(plan.graph.nodes[c.linear].attribute) for c in product.columns]
        for product in (before, loop)
    ]
    assert names == [["r.x", "z.x", "a.x"], ["r.h_prev", "z.h_prev", "u.h_prev"]]
    assert [c.base == b.result for c, b in zip(loop.columns, before.columns, strict=True)] == [
        True,
        True,
        False,
    ]


def test_pointwise_work_on_the_input_is_hoisted_as_a_whole() -> None:
    plan = plan_of("cell C(x, h) -> n { a = tanh(@x); b = sigmoid(@a); c = a * b; n = c + h }")
    assert [len(level.products) for level in plan.before] == [1, 1]
    assert [plan.graph.nodes[k].op for level in plan.loop for k in level.pointwise] == ["add"]
    assert len(plan.handed) == 1


def test_an_edge_whose_node_waits_is_computed_with_the_others_of_its_source() -> None:
    plan = plan_of("cell C(x, h) -> n { a = tanh(@x, @h); n = sigmoid(@h, @a) }")
    first, second = products(plan.loop)
    assert len(first.columns) == 2 and len(second.columns) == 1
    assert second.columns[0].base == first.columns[1].result


def test_columns_follow_the_order_in_which_the_loop_adds_them() -> None:
    plan = plan_of("cell C(x, h) -> n { a = tanh(@x); b = tanh(@x, @h); c = a * b; n = c + h }")
    (before,), (loop,) = products(plan.before), products(plan.loop)
    assert before.columns[0].result == loop.columns[0].base


def test_golden_text(snapshot: SnapshotAssertion) -> None:
    assert plan_text(make_plan(expand(lower(load("GRU"))))) == snapshot


@settings(max_examples=60, deadline=None)
@given(ANY_CELL)
def test_the_text_shows_every_edge_once(cell: Cell) -> None:
    plan = plan_of(cell)
    words = plan_text(plan).split()
    weights = [p.name for p in plan.graph.parameters if p.kind == "weight"]
    assert all(words.count(name) >= 1 for name in weights)
