"""Gradient paths: how many, through what, and whether one is a carousel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cells_of_any_space

from fenas_lang.analysis.gradients import MAX_COUNT, THROUGH, GradientPaths, gradient_paths
from fenas_lang.check.loader import load, loads
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.primitives import BILINEAR, ELEMENTWISE
from fenas_lang.syntax.ast import Cell

SIZE = 3


def paths_of(text: str) -> dict[tuple[str, str], GradientPaths]:
    return {(p.state, p.output): p for p in gradient_paths(lower(loads(text)))}


def one(body: str) -> GradientPaths:
    return paths_of(f"cell C in open (x, h) -> y {{ {body} }}")["h", "y"]


def test_every_primitive_with_operands_is_classified() -> None:
    assert set(THROUGH) == ELEMENTWISE | BILINEAR


def test_lstm() -> None:
    found = {(p.state, p.output): p for p in gradient_paths(lower(load("LSTM.fen")))}
    carousel = found["c_prev", "c"]
    assert (carousel.paths, carousel.kinds, carousel.carousel) == (1, {"gate": 1}, ("fc", "c"))
    assert found["c_prev", "h"].kinds == {"gate+squash": 1}
    assert found["h_prev", "c"].kinds == {"gate+weight+squash": 3}
    assert found["h_prev", "h"].carousel is None


def test_gru() -> None:
    [found] = gradient_paths(lower(load("GRU.fen")))
    assert found.paths == 7
    assert found.kinds == {"gate": 1, "gate+weight+squash": 6}
    assert found.shortest == found.carousel == ("zh", "h")


@pytest.mark.parametrize(
    ("body", "kinds", "carousel"),
    [
        ("y = h + tanh(@x)", {"carry": 1}, ("y",)),
        ("y = tanh(@x, @h)", {"weight+squash": 1}, None),
        ("y = identity(@h)", {"weight": 1}, None),
        ("y = identity(@.h)", {"weight": 1}, None),
        ("y = relu(h)", {"bend": 1}, None),
        ("y = h * h", {"gate": 2}, ("y",)),
        ("y = 0.5 * h", {"carry": 1}, ("y",)),
        ("y = mean(h, h, x)", {"carry": 2}, ("y",)),
        ("y = silu(h)", {"gate": 1, "gate+squash": 1}, ("y",)),
        ("y = tanh_skip(h)", {"gate": 1, "gate+weight+squash": 3}, ("y",)),
    ],
)
def test_kinds_by_hand(body: str, kinds: dict[str, int], carousel: tuple[str, ...] | None) -> None:
    found = one(body)
    assert found.kinds == kinds
    assert found.paths == sum(kinds.values())
    assert found.carousel == carousel


def test_the_shortest_path_may_not_be_the_carousel() -> None:
    found = one("a = identity(h); b = identity(a); c = b + x; y = c + tanh(@h)")
    assert found.shortest == ("y_1", "y")
    assert found.carousel == ("a", "b", "c", "y")


def test_a_state_without_influence_has_no_paths() -> None:
    found = paths_of("cell C in open (x, a, b) -> (y, z) { y = tanh(@a); z = tanh(@x) }")
    assert set(found) == {("a", "y")}


def test_a_state_that_is_an_output() -> None:
    found = paths_of("cell C in open (x, a, b) -> (b, a) {}")
    assert {pair: (p.kinds, p.carousel) for pair, p in found.items()} == {
        ("a", "a"): ({"carry": 1}, ()),
        ("b", "b"): ({"carry": 1}, ()),
    }


def test_great_numbers_are_capped() -> None:
    squares = "; ".join(f"a{k} = a{k - 1} * a{k - 1}" for k in range(1, 100))
    assert one(f"a0 = identity(h); {squares}; y = a99 + x").paths == MAX_COUNT


@settings(max_examples=40, deadline=None)
@given(cells_of_any_space(max_nodes=6), st.integers(0, 2**32 - 1))
def test_without_a_path_there_is_no_gradient(cell: Cell, seed: int) -> None:
    dataflow = lower(cell)
    graph = expand(dataflow)
    found = {(p.state, p.output) for p in gradient_paths(dataflow)}
    rng = np.random.default_rng(seed)
    parameters = random_parameters(graph, SIZE, SIZE, rng)
    x, *states = rng.standard_normal((1 + len(graph.states), SIZE))
    before = interpret(graph, x, states, parameters)
    for position, state in enumerate(dataflow.states):
        moved = [s + (k == position) for k, s in enumerate(states)]
        after = interpret(graph, x, moved, parameters)
        for output, a, b in zip(dataflow.outputs, before, after, strict=True):
            if (state, output) not in found:
                np.testing.assert_array_equal(a, b)
