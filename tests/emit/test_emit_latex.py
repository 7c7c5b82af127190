"""Equations: the notation of papers, every symbol distinct, balanced and escaped."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from strategies import cells_of_any_space

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.emit import emit
from fenas_lang.emit.latex import equations
from fenas_lang.emit.notation import Notation
from fenas_lang.functions import ACTIVATIONS, SKIPS
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell

COMMANDS = {
    *("begin", "end", "tanh", "sigma", "odot", "cdot", "operatorname", "exp", "sin", "cos"),
    *("lvert", "rvert", "hat", "widehat", "mathit", "tfrac"),
}


def rows(body: str, header: str = "(x, h_prev) -> h") -> list[str]:
    cell = loads(f"cell C in open {header} {{ {body} }}")
    return [f"{left} = {right}" for left, right in equations(lower(cell))]


def check_well_formed(text: str) -> None:
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert body.count("{") == body.count("}") and body.count("(") == body.count(")")
    assert body.count(r"\begin{align*}") == body.count(r"\end{align*}") == 1
    assert set(re.findall(r"\\([a-z]+)", body)) <= COMMANDS
    assert not re.search(r"[#$%~^&](?<!&)", re.sub(r"\^\{?[(\d]|&=", "", body))
    assert "__" not in body


def test_a_state_and_its_output_share_a_letter() -> None:
    assert rows("r = sigmoid(@x, @h_prev); h = r * h_prev") == [
        r"r_t = \sigma(W_{r,x} x_t + W_{r,h} h_{t-1} + b_r)",
        r"h_t = r_t \odot h_{t-1}",
    ]


def test_an_output_of_another_name_is_the_state_of_the_next_step() -> None:
    assert rows("n9 = tanh(@x, @h_prev)", "(x, h_prev) -> n9") == [
        r"h_t = \tanh(W_{h,x} x_t + W_{h,h} h_{t-1} + b_h)"
    ]


def test_states_without_nodes_of_their_own_get_equations() -> None:
    assert rows("n = x * a", "(x, a, b, c) -> (n, n, a)") == [
        r"a_t = x_t \odot a_{t-1}",
        "b_t = a_t",
        "c_t = a_{t-1}",
    ]


def test_a_skip_has_a_candidate_and_a_gate() -> None:
    assert rows("n3 = tanh_skip(x, h_prev); h = n3 - x") == [
        r"\hat{n}_{3,t} = \tanh(W_{n_3,x} x_t + W_{n_3,h} h_{t-1} + b_{n_3})",
        r"c_{n_3,t} = \sigma(V_{n_3,x} x_t + V_{n_3,h} h_{t-1} + v_{n_3})",
        r"n_{3,t} = (1 - c_{n_3,t}) \odot (x_t + h_{t-1}) + c_{n_3,t} \odot \hat{n}_{3,t}",
        "h_t = n_{3,t} - x_t",
    ]


@pytest.mark.parametrize(
    ("body", "equation"),
    [
        ("h = tanh(@x, @x)", r"h_t = \tanh(W_{h,x} x_t + W_{h,x}^{(2)} x_t + b_h)"),
        ("h = relu(@.h_prev)", r"h_t = \operatorname{ReLU}(w_{h,h} \odot h_{t-1} + b_h)"),
        ("h = identity(x, -0.5)", "h_t = x_t - 0.5"),
        ("h = h_prev - -2", "h_t = h_{t-1} - (-2)"),
        ("h = 0.5 * h_prev", r"h_t = 0.5 \cdot h_{t-1}"),
        ("h = -h_prev", "h_t = -h_{t-1}"),
        ("h = sigmoid(zero)", r"h_t = \sigma(0)"),
        ("h = mean(x, h_prev)", r"h_t = \tfrac{1}{2} (x_t + h_{t-1})"),
        ("h = mean(x)", "h_t = x_t"),
        ("h = abs(x)", r"h_t = \lvert x_t \rvert"),
        ("h = softplus(x)", r"h_t = \operatorname{softplus}(x_t)"),
    ],
)
def test_one_equation(body: str, equation: str) -> None:
    assert rows(body) == [equation]


def test_a_weight_tells_a_state_from_its_next_value() -> None:
    assert rows("c = x * c_prev; h = tanh(@c, @c_prev)", "(x, h_prev, c_prev) -> (h, c)")[1] == (
        r"h_t = \tanh(W_{h,c_t} c_t + W_{h,c} c_{t-1} + b_h)"
    )


def test_names_with_underscores_are_escaped_and_dead_nodes_named() -> None:
    body = "d = x * h; a_b = x + h; e_f = d * x"
    text = emit(loads(f"cell C in open (x, h) -> a_b {{ {body} }}"), "latex")
    assert "% Dead nodes, left out: d, e_f." in text
    assert r"\mathit{in\_put}_t" in rows("h = tanh(in_put)", "(in_put, h_prev) -> h")[0]


@pytest.mark.parametrize("function", [*ACTIVATIONS, *(f"{name}_skip" for name in SKIPS)])
def test_every_function_can_be_written(function: str) -> None:
    check_well_formed(
        emit(loads(f"cell C in open (x, h) -> n {{ n = {function}(x, h) }}"), "latex")
    )


@pytest.mark.parametrize("name", shipped_cells())
def test_shipped_cells_are_well_formed(name: str) -> None:
    check_well_formed(emit(load(name), "latex"))


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space())
def test_symbols_are_distinct_and_text_is_well_formed(cell: Cell) -> None:
    check_well_formed(emit(cell, "latex"))
    flow = lower(cell)
    lefts = [left for left, _ in equations(flow)]
    assert len(set(lefts)) == len(lefts)
    notation = Notation.of(flow)
    names = [flow.input, *flow.states, *flow.by_name]
    assert len({notation.value(name) for name in names}) == len(names)
