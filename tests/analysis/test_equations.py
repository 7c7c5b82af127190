"""The SymPy equations mean what the interpreter computes."""

import math

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cells_of_any_space

from fenas_lang.analysis.equations import BUILDERS, Equation, equations
from fenas_lang.check.loader import load, loads
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.primitives import PRIMITIVES
from fenas_lang.syntax.ast import Cell

SIZE = 3
FUNCTIONS = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.maximum(a, 0),
    "erf": np.vectorize(math.erf, otypes=[float]),
}


def symbol_of(name: str, kind: str) -> str:
    """The equations' name of a parameter."""
    node, *rest = name.split(".")
    gate = rest[0] == "gate"
    letter = {"weight": "WV", "bias": "bv", "elementwise": "ww"}[kind][gate]
    return "__".join([letter, node, *(r for r in rest[gate:] if r != "bias")])


def evaluated(
    dataflow: Dataflow, values: dict[str, np.ndarray], parameters: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """All nodes' values, equation by equation."""
    scope = dict(values)
    functions: dict[str, object] = dict(FUNCTIONS)
    for shape in dataflow.parameters:
        symbol, value = symbol_of(shape.name, shape.kind), parameters[shape.name]
        if shape.kind == "weight":
            functions[symbol] = lambda a, matrix=value: matrix @ a
        else:
            scope[symbol] = value
    for equation in equations(dataflow):
        names = sorted(map(str, equation.expression.free_symbols))
        call = sympy.lambdify(
            [sympy.Symbol(name, real=True) for name in names],
            equation.expression,
            [functions, "numpy"],
        )
        scope[equation.name] = call(*(scope[name] for name in names)) * np.ones(SIZE)
    return scope


@settings(max_examples=40, deadline=None)
@given(cells_of_any_space(), st.integers(0, 2**32 - 1))
def test_equations_compute_what_the_interpreter_does(cell: Cell, seed: int) -> None:
    dataflow = lower(cell)
    graph = expand(dataflow)
    rng = np.random.default_rng(seed)
    parameters = random_parameters(graph, SIZE, SIZE, rng)
    x, *states = rng.standard_normal((1 + len(graph.states), SIZE))
    values = dict(zip((dataflow.input, *dataflow.states), (x, *states), strict=True))
    found = evaluated(dataflow, values, parameters)
    expected = interpret(graph, x, states, parameters)
    for output, value in zip(dataflow.outputs, expected, strict=True):
        np.testing.assert_allclose(found[output], value, rtol=1e-9, atol=1e-9)


def only(body: str) -> Equation:
    return equations(lower(loads(f"cell C in open (x, h_prev) -> y {{ {body} }}")))[-1]


@pytest.mark.parametrize(
    ("body", "text", "latex"),
    [
        (
            "y = sigmoid(@x, @h_prev)",
            "y = sigmoid(b[y] + W[y,h_prev]·h_prev + W[y,x]·x)",
            r"y = \sigma\left(b_{y} + W_{y,h_{\mathrm{prev}}} h_{\mathrm{prev}} + W_{y,x} x\right)",
        ),
        ("y = x * h_prev", "y = h_prev*x", r"y = h_{\mathrm{prev}} \odot x"),
        (
            "y = relu(@.x)",
            "y = relu(b[y] + w[y,x]*x)",
            r"y = \operatorname{ReLU}\left(b_{y} + w_{y,x} \odot x\right)",
        ),
        (
            "y = tanh(@x, @x)",
            "y = tanh(b[y] + W[y,x]·x + W[y,x,2]·x)",
            r"y = \tanh{\left(b_{y} + W_{y,x} x + W_{y,x,2} x \right)}",
        ),
        ("y = square(relu(x))", "y = y_1**2", r"y = y_{1}^{2}"),
    ],
)
def test_spelling(body: str, text: str, latex: str) -> None:
    assert f"y = {only(body).text}" == text
    assert only(body).latex == latex


def test_sympy_reads_its_own_text() -> None:
    for equation in equations(lower(load("GRU.fen"))):
        read = sympy.sympify(equation.sympy)
        assert str(read.lhs) == equation.name
        assert str(read.rhs) == str(equation.expression)


def test_awkward_names() -> None:
    [equation] = equations(lower(loads("cell C in open (_x, lambda) -> E { E = _x + lambda }")))
    assert equation.latex == r"E = \mathrm{\_x} + \mathrm{lambda}"
    assert equation.text == "_x + lambda"


def test_long_constants_are_shown_rounded() -> None:
    assert "0.707107" in only("y = gelu(x)").text
    assert "0.707107" in only("y = gelu(x)").latex


def test_every_primitive_has_a_row() -> None:
    assert set(PRIMITIVES) - {"input", "state", "add"} == set(BUILDERS) - {"value"}
