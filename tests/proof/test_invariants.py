"""Invariants hold for the cells that they are found for, and each kind tells some cells apart."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from corpus import originals
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cells_of_any_space

import fenas_lang as fen
from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.ir.dependence import forces_square
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.dimension import dimension, parameter_count
from fenas_lang.proof.invariants import KINDS, changed, everything, invariants
from fenas_lang.proof.jacobian import jacobian
from fenas_lang.proof.normal_form import OutOfBudget
from fenas_lang.proof.refutation import MARGIN, SIZES, draw, refute
from fenas_lang.syntax.ast import Cell

ROUNDING = 1e-7
STEP = 1e-6


def graph(body: str, head: str = "(x, h) -> y") -> Graph:
    return expand(lower(loads(f"cell C in open {head} {{ {body} }}")))


def all_hold(cell: Graph, seed: int) -> None:
    for zero in ((), (0,), (1,), everything(cell)):
        for scale in (0.3, 1.0, 4.0):
            drawn = draw(cell, 16, scale, seed)

            def evaluate(point, parameters=drawn.parameters):
                return interpret(cell, point[0], point[1], parameters)

            for invariant in invariants(cell, zero):
                gap = invariant.violation(evaluate, drawn.point)
                assert gap.max() <= ROUNDING, (invariant.in_words(cell), gap.max())


def ranks_stay_below_counts(cell: Graph, seed: int) -> None:
    for sizes in SIZES[:1] if forces_square(cell) else SIZES:
        for zero in ((), (0,), (1,)):
            count = parameter_count(cell, sizes, zero)
            drawn = draw(cell, count // sizes[1] + 8, 1.0, seed, sizes)
            at = changed(drawn.point, zero, np.zeros_like)
            assert dimension(cell, at, drawn.parameters) <= count


@given(cells_of_any_space(), st.integers(0, 1000))
@settings(max_examples=12, deadline=None)
def test_what_is_found_for_a_cell_holds_for_it(cell: Cell, seed: int) -> None:
    lowered = expand(lower(cell))
    try:
        all_hold(lowered, seed)
        ranks_stay_below_counts(lowered, seed)
    except OutOfBudget:
        pass


def check_shipped(name: str) -> None:
    lowered = expand(lower(load(name)))
    all_hold(lowered, 3)
    ranks_stay_below_counts(lowered, 3)


@pytest.mark.parametrize("name", ["LSTM", "GRU", "SRU", "minLSTM", "subLSTM", "NBNLP_3537"])
def test_what_is_found_for_a_shipped_cell_holds(name: str) -> None:
    check_shipped(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_cells())
def test_what_is_found_for_any_shipped_cell_holds(name: str) -> None:
    check_shipped(name)


@pytest.mark.slow
def test_what_is_found_for_many_cells_holds() -> None:
    for original in originals(5, 500):
        all_hold(original.graph, 1)
        ranks_stay_below_counts(original.graph, 1)


TOLD_APART = (
    ("y = tanh(@x, @h)", "y = tanh(@h)", "independent"),
    ("y = identity(@x, @h)", "y = tanh(@x, @h)", "bounded"),
    ("g = sigmoid(@x, @h); y = 3*h + g", "g = sigmoid(@x, @h); y = g*h", "growth"),
    ("g = sigmoid(@x, @h); y = g*h - relu(@x)", "g = sigmoid(@x); y = g*h + relu(@x)", "side"),
    ("a = tanh(@x); y = a + h + 1", "a = tanh(@x); y = a*h", "parity"),
    ("a = tanh(@x); y = a + h*h", "a = tanh(@x); y = a*h + a", "affine"),
    ("a = tanh(@x); y = a + h*h*h", "a = tanh(@x); y = a + h*h", "degree"),
    ("y = identity(@h) + x", "y = h + x", "fixed"),
    ("a = tanh(@h); y = tanh(@x) + a", "a = tanh(h); y = tanh(@x) + a", "unmixed"),
    ("a = relu(@x); y = a - h", "a = relu(@x); y = a + h", "slope"),
    ("", "", "sign"),
    ("", "", "multiple"),
)
TWO_OUTPUTS = {
    "sign": ("c = tanh(@x, @h); y = c + h", "c = tanh(@x, @h); g = sigmoid(@x); y = g * tanh(c)"),
    "multiple": ("c = tanh(@x, @h); y = tanh(@x)", "c = tanh(@x, @h); y = 2*c"),
}


@pytest.mark.parametrize(("one", "two", "kind"), TOLD_APART, ids=[k for *_, k in TOLD_APART])
def test_each_kind_tells_some_cells_apart(one: str, two: str, kind: str) -> None:
    head = "(x, h) -> y"
    if kind in TWO_OUTPUTS:
        one, two = TWO_OUTPUTS[kind]
        head = "(x, h, k) -> (c, y)"
    violating, holding = graph(one, head), graph(two, head)
    drawn = draw(violating, 16, 1.0, 0)

    def evaluate(point):
        return interpret(violating, *point, drawn.parameters)

    found = [i for i in invariants(holding) if i.kind == kind]
    assert any(i.violation(evaluate, drawn.point).max() > MARGIN for i in found)
    refutation = refute(violating, holding)
    assert refutation is not None and refutation.violated.in_words(holding)


def test_more_dimensions_than_parameters() -> None:
    one, two = (graph(f"y = tanh(@x, @h) + tanh(@x, {last})") for last in ("@h", "h"))
    assert refute(two, one) is None
    found = refute(one, two)
    assert found is not None and found.violated.kind == "parameters"


def test_values_that_overflow_say_nothing() -> None:
    one = graph("a = exp(@h); b = exp(a*a); c = exp(b); y = c*c + x")
    refutation = refute(one, graph("a = exp(@x); b = exp(a*a); c = exp(b); y = c*c"))
    assert refutation is None or np.isfinite(refutation.gap)


def test_every_kind_is_tried() -> None:
    assert {kind.kind for kind in KINDS} == {kind for *_, kind in TOLD_APART}


def test_where_the_inputs_are_zero() -> None:
    """Of two cells without biases, one is fixed at zero and the other not."""
    one, two = (
        fen.loads(f"cell C in enas (x, h) -> y without bias {{ {body} }}")
        for body in (
            "s0 = first(x, h); s1 = sigmoid_skip(s0); s2 = tanh_skip(s1); y = mean(s1, s2)",
            "s0 = first(x, h); s1 = sigmoid_skip(s0); s2 = tanh_skip(s0); y = mean(s1, s2)",
        )
    )
    verdict = fen.prove(one, two)
    assert verdict.kind == "Different"
    assert "where x and h are 0" in verdict.sentence


@given(cells_of_any_space(6), st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_jacobian_is_that_of_differences(cell: Cell, seed: int) -> None:
    lowered = expand(lower(cell))
    drawn = draw(lowered, 3, 0.5, seed)
    values, errors = jacobian(lowered, drawn.point, drawn.parameters)
    evaluate = partial(interpret, lowered, *drawn.point)
    row = 0
    for name, value in drawn.parameters.items():
        for index in np.ndindex(value.shape):
            moved = np.zeros_like(value)
            moved[index] = STEP
            up, down = (
                np.concatenate([o.ravel() for o in evaluate({**drawn.parameters, name: value + m})])
                for m in (moved, -moved)
            )
            slope = (up - down) / (2 * STEP)
            known = np.isfinite(errors[row]) & np.isfinite(slope)
            scale = 1 + np.abs(slope[known])
            curved = np.abs(values[row][known] - slope[known]) / scale
            assert not curved.size or np.median(curved) < 1e-3
            row += 1
    assert row == len(values)
