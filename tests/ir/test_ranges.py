"""Interval analysis: sound on any cell, and sharp on those whose bounds are known."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cells_of_any_space

from fenas_lang.check.loader import load, loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.growth import Form, growth
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.interval import Interval
from fenas_lang.ir.lower import expand, lower
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.syntax.ast import Cell

SIZE = 3
SLACK = 1e-9
"""Relative: computed values are rounded, intervals hold the exact ones."""


def graph_of(text: str) -> Graph:
    return expand(lower(loads(text)))


def analysis_of(text: str) -> RangeAnalysis:
    return RangeAnalysis(graph_of(text))


def one_state(body: str, space: str = "open") -> RangeAnalysis:
    return analysis_of(f"cell C in {space} (x, h) -> y {{ {body} }}")


def inside(interval: Interval, values: np.ndarray) -> bool:
    finite = values[np.isfinite(values)]
    slack = SLACK * (1 + np.abs(finite))
    return bool(
        np.all(finite >= float(interval.low) - slack)
        and np.all(finite <= float(interval.high) + slack)
    )


def random_setting(graph: Graph, seed: int) -> tuple[dict[str, np.ndarray], np.random.Generator]:
    """Parameters of very different sizes."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.uniform(-2, 2)
    parameters = random_parameters(graph, SIZE, SIZE, rng)
    return {name: scale * value for name, value in parameters.items()}, rng


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space(), st.integers(0, 2**32 - 1))
def test_every_value_lies_in_its_interval(cell: Cell, seed: int) -> None:
    graph = expand(lower(cell))
    parameters, rng = random_setting(graph, seed)
    size = 10.0 ** rng.uniform(-1, 2)
    states = [size * rng.standard_normal((8, SIZE)) for _ in graph.states]
    whole = replace(graph, outputs=tuple(range(len(graph.nodes))))
    values = interpret(whole, size * rng.standard_normal((8, SIZE)), states, parameters)
    analysis = RangeAnalysis(graph)
    for interval, value in zip(analysis.values(), values, strict=True):
        assert inside(interval, value)
    given_states = [Interval(Fraction(s.min()), Fraction(s.max())) for s in states]
    for interval, value in zip(analysis.values(given_states), values, strict=True):
        assert inside(interval, value)


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space(), st.integers(0, 2**32 - 1))
def test_states_stay_reachable_and_grow_as_stated(cell: Cell, seed: int) -> None:
    graph = expand(lower(cell))
    parameters, rng = random_setting(graph, seed)
    analysis = RangeAnalysis(graph)
    reachable, bounds = analysis.reachable(), growth(analysis)
    states = [np.zeros((8, SIZE)) for _ in graph.states]
    for _ in range(12):
        following = interpret(graph, rng.standard_normal((8, SIZE)), states, parameters)
        if not all(np.isfinite(value).all() for value in following):
            return
        for interval, value in zip(reachable, following, strict=True):
            assert inside(interval, value)
        for forms, value in zip(bounds, following, strict=True):
            if forms is not None:
                bound = np.max([magnitude(form, states) for form in forms], axis=0)
                assert np.all(np.abs(value) <= bound * (1 + SLACK) + SLACK)
        states = list(following)


def magnitude(form: Form, states: list[np.ndarray]) -> np.ndarray:
    parts = (float(factor) * np.abs(s) for factor, s in zip(form.states, states, strict=True))
    return float(form.constant) + sum(parts)


CANDIDATE_AND_GATE = "n = tanh(@x, @h); z = sigmoid(@x, @h);"


@pytest.mark.parametrize(
    "spelling",
    [
        "y = z*h + (1 - z)*n",
        "y = (n - z*n) + z*h",
        "y = n + z*(h - n)",
        "y = h + (1 - z)*(n - h)",
        "d = h - n; e = z*d; y = n + e",
        "zh = z*h; zn = z*n; a = zh - zn; y = a + n",
        "y = -(-n*(1 - z) - z*h)",
    ],
)
def test_a_convex_combination_is_known_however_it_is_spelled(spelling: str) -> None:
    analysis = one_state(f"{CANDIDATE_AND_GATE} {spelling}")
    assert [str(s) for s in analysis.reachable()] == ["(-1, 1)"]
    [forms] = growth(analysis)
    assert forms is not None
    assert {(form.constant, form.states) for form in forms} == {(1, (0,)), (0, (1,))}


@pytest.mark.parametrize(
    ("body", "reachable"),
    [
        ("y = tanh(@x, @h)", "(-1, 1)"),
        ("y = relu(@x, @h)", "[0, inf)"),
        ("y = identity(@x, @h)", "(-inf, inf)"),
        ("y = tanh_skip(h)", "(-1, 1)"),
        ("a = tanh(@x); y = sigmoid_skip(a, h)", "(-inf, inf)"),
        ("a = tanh(@x); y = mean(a, h)", "(-1, 1)"),
        ("y = 0.5*h + tanh(@x)", "(-2, 2)"),
        ("y = h - h", "[0, 0]"),
        ("a = tanh(@x); y = a*a", "[0, 1)"),
        ("y = softsign(@x, @h)", "(-1, 1)"),
        ("y = silu(@x)", "[-0.278465, inf)"),
        ("y = gelu(@x)", "[-0.169971, inf)"),
        ("y = elu(@x)", "(-1, inf)"),
        ("y = softplus(@x)", "[0, inf)"),
        ("y = sin(@x)", "[-1, 1]"),
        ("y = abs(@x)", "[0, inf)"),
        ("y = square(h) + 0.25", "[0, inf)"),
        ("y = sin(@h) + 2*tanh(@x)", "(-3, 3)"),
        ("y = tanh(zero)", "[0, 0]"),
    ],
)
def test_reachable_states_by_hand(body: str, reachable: str) -> None:
    [state] = one_state(body).reachable()
    assert str(state) == reachable


def test_lstm_and_gru() -> None:
    lstm = RangeAnalysis(expand(lower(load("LSTM.fen"))))
    assert [str(i) for i in lstm.outputs()] == ["(-1, 1)", "(-inf, inf)"]
    assert [str(i) for i in lstm.reachable()] == ["(-1, 1)", "(-inf, inf)"]
    h, c = growth(lstm)
    assert h is not None and [(f.constant, f.states) for f in h] == [(1, (0, 0))]
    assert c is not None and [(f.constant, f.states) for f in c] == [(1, (0, 1))]
    gru = RangeAnalysis(expand(lower(load("GRU.fen"))))
    assert [str(i) for i in gru.reachable()] == ["(-1, 1)"]


def test_states_widen_together() -> None:
    text = "cell C in open (x, a, b) -> (y, z) { y = tanh(b); z = 0.5*b + a }"
    assert [str(s) for s in analysis_of(text).reachable()] == ["[0, 0]", "[0, 0]"]
    text = "cell C in open (x, a, b) -> (y, z) { y = tanh(@x); z = 0.5*b + a }"
    assert [str(s) for s in analysis_of(text).reachable()] == ["(-1, 1)", "(-2, 2)"]


def test_large_cells_take_bounded_time() -> None:
    squares = "; ".join(f"a{k} = a{k - 1} * a{k - 1}" for k in range(1, 400))
    analysis = one_state(f"a0 = tanh(@x) + 3; {squares}; y = a399 * h")
    assert analysis.reachable()
    assert growth(analysis)


def test_numbers_beyond_all_doubles_are_no_bound() -> None:
    factors = "; ".join(f"a{k} = 99999999999999999999 * a{k - 1}" for k in range(1, 40))
    analysis = one_state(f"a0 = identity(h); {factors}; y = a39 + 1")
    assert growth(analysis) == (None,)
    assert [str(s) for s in analysis.reachable()] == ["[0, inf)"]
