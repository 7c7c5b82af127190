"""The distance of a pool: a metric on canonical keys."""

from __future__ import annotations

from hypothesis import given, settings
from strategies import cells, cells_of_any_space

from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import lower
from fenas_lang.pools._distance import distance
from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Cell
from fenas_lang.syntax.parser import parse


def lowered(body: str) -> Dataflow:
    module, _ = parse(SourceFile(f"cell A in open (x, h_prev) -> h {{ {body} }}"))
    return lower(module.cells[0])


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space(), cells_of_any_space())
def test_it_is_symmetric_and_within_limits(one: Cell, other: Cell) -> None:
    first, second = lower(one), lower(other)
    found = distance(first, second)
    assert found == distance(second, first)
    assert 0 <= found <= 1
    assert (found == 0) == (canonical_key(first) == canonical_key(second))


@settings(max_examples=40, deadline=None)
@given(cells("enas", 4), cells("enas", 4), cells("enas", 4))
def test_no_way_round_is_shorter(one: Cell, other: Cell, third: Cell) -> None:
    a, b, c = map(lower, (one, other, third))
    assert distance(a, c) <= distance(a, b) + distance(b, c) + 1e-12


def test_names_and_dead_nodes_and_order_do_not_count() -> None:
    one = lowered("a = tanh(@x); b = sigmoid(@h_prev); h = a * b")
    other = lowered("p = sigmoid(@h_prev); dead = x + x; q = tanh(@x); h = p * q")
    assert distance(one, other) == 0


def test_a_small_change_is_nearer_than_a_large_one() -> None:
    cell = lowered("a = tanh(@x, @h_prev); b = sigmoid(@x, @h_prev); c = a * b; h = c + h_prev")
    small = lowered("a = relu(@x, @h_prev); b = sigmoid(@x, @h_prev); c = a * b; h = c + h_prev")
    large = lowered("h = relu(@x)")
    assert 0 < distance(cell, small) < distance(cell, large)


def test_bias_and_order_of_operands_of_a_difference_count() -> None:
    assert distance(lowered("h = x - h_prev"), lowered("h = h_prev - x")) > 0
