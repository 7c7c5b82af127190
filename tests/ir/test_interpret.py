"""The NumPy meaning of a graph: primitives, derivatives, shapes and mistakes."""

import math
from fractions import Fraction

import numpy as np
import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.functions import ACTIVATIONS, FUNCTIONS, SKIPS, skip_body
from fenas_lang.ir.graph import Graph, Node, ParameterShape
from fenas_lang.ir.interpret import interpret, random_parameters, run
from fenas_lang.primitives import BILINEAR, ELEMENTWISE, LEAVES, PRIMITIVES, Term, sigmoid, tanh
from fenas_lang.rules import Rule
from fenas_lang.rules import interpret as rules

A, B = Term("input", attribute="a"), Term("input", attribute="b")
POINTS = {"a": np.array([0.3, 1.7, 0.9]), "b": np.array([0.8, -1.2, 2.5])}


def evaluate(term: Term, values: dict[str, np.ndarray]) -> np.ndarray:
    """A term's value, by the same rows of the table as the interpreter."""
    if term.op == "input":
        return values[str(term.attribute)]
    if term.op == "const":
        return np.full(3, float(term.attribute))
    return PRIMITIVES[term.op].numpy(np, *(evaluate(t, values) for t in term.operands))


def operations(term: Term) -> set[str]:
    return {term.op}.union(*(operations(t) for t in term.operands))


def rnn(bias: bool = True) -> Graph:
    """tanh(W x + U h + b)"""
    nodes = [
        Node("input", (), "x"),
        Node("linear", (0,), "n.x"),
        Node("state", (), "h"),
        Node("linear", (2,), "n.h"),
        Node("add", (1, 3)),
    ]
    parameters = [
        ParameterShape("n.x", "weight", ("H", "D")),
        ParameterShape("n.h", "weight", ("H", "H")),
    ]
    if bias:
        nodes += [Node("param", (), "n.bias"), Node("add", (4, 5))]
        parameters.append(ParameterShape("n.bias", "bias", ("H",)))
    nodes.append(Node("tanh", (len(nodes) - 1,)))
    return Graph(tuple(nodes), (len(nodes) - 1,), "x", ("h",), tuple(parameters))


def plain(*nodes: Node, outputs: tuple[int, ...]) -> Graph:
    leaves = (Node("input", (), "x"), Node("state", (), "h"))
    return Graph((*leaves, *nodes), outputs, "x", ("h",), ())


def code_of(call) -> str:
    with pytest.raises(FenError) as caught:
        call()
    [diagnostic] = caught.value.diagnostics
    return diagnostic.code


def test_every_primitive_is_of_one_kind_and_every_elementwise_one_has_a_meaning_and_derivative():
    assert set(PRIMITIVES) == LEAVES | BILINEAR | ELEMENTWISE
    for name in ELEMENTWISE:
        assert PRIMITIVES[name].numpy is not None, name
        assert PRIMITIVES[name].derivative is not None, name


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_derivatives_agree_with_finite_differences_and_stay_in_the_set(name):
    primitive = PRIMITIVES[name]
    operands = (A, B)[: primitive.arity]
    derivatives = primitive.derivative(*operands)
    assert len(derivatives) == primitive.arity
    step = 1e-6
    for operand, derivative in zip(("a", "b"), derivatives, strict=False):
        assert operations(derivative) <= set(PRIMITIVES)
        ahead = evaluate(Term(name, operands), {**POINTS, operand: POINTS[operand] + step})
        behind = evaluate(Term(name, operands), {**POINTS, operand: POINTS[operand] - step})
        measured = (ahead - behind) / (2 * step)
        np.testing.assert_allclose(evaluate(derivative, POINTS), measured, rtol=1e-8, atol=1e-8)


def test_graph_evaluates_every_primitive():
    unary = sorted(n for n in ELEMENTWISE if PRIMITIVES[n].arity == 1)
    x = np.array([0.3, 1.7, 0.9])
    for name in unary:
        [value] = interpret(plain(Node(name, (0,)), outputs=(2,)), x, [np.zeros(3)], {})
        np.testing.assert_array_equal(value, PRIMITIVES[name].numpy(np, x))


EXPECTED = {
    "tanh": np.tanh,
    "relu": lambda u: np.where(u > 0, u, 0),
    "sigmoid": lambda u: 0.5 * (1 + np.tanh(u / 2)),
    "identity": lambda u: u,
    "leaky_relu": lambda u: np.where(u > 0, u, 0.01 * u),
    "silu": lambda u: u / (1 + np.exp(-u)),
    "gelu": lambda u: u * np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in u]),
    "elu": lambda u: np.where(u > 0, u, np.exp(u) - 1),
    "softplus": lambda u: np.log(1 + np.exp(u)),
    "softsign": lambda u: u / (1 + np.abs(u)),
    "exp": np.exp,
    "sin": np.sin,
    "cos": np.cos,
    "erf": lambda u: np.array([math.erf(v) for v in u]),
    "abs": np.abs,
    "square": lambda u: u**2,
}


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_activation_bodies_are_the_functions_that_they_are_named_after(name):
    points = {"a": np.array([-1.3, 0.4, 2.1])}
    value = evaluate(FUNCTIONS[name].activation(A), points)
    np.testing.assert_allclose(value, EXPECTED[name](points["a"]), rtol=1e-14)


@pytest.mark.parametrize("name", SKIPS)
def test_a_skip_gates_between_its_activation_and_the_plain_sum(name):
    u, v, s = (np.array([k, -k, 0.5]) for k in (0.3, 1.1, -2.0))
    body = skip_body(ACTIVATIONS[name][0], A, B, Term("input", attribute="s"))
    c = 1 / (1 + np.exp(-v))
    expected = (1 - c) * s + c * EXPECTED[name](u)
    value = evaluate(body, {"a": u, "b": v, "s": s})
    np.testing.assert_allclose(value, expected, rtol=1e-14)


def test_a_weighted_edge_is_a_matrix_times_the_value():
    rng = np.random.default_rng(0)
    x, h = rng.normal(size=3), rng.normal(size=2)
    w, u, b = rng.normal(size=(2, 3)), rng.normal(size=(2, 2)), rng.normal(size=2)
    [value] = interpret(rnn(), x, [h], {"n.x": w, "n.h": u, "n.bias": b})
    np.testing.assert_allclose(value, np.tanh(w @ x + u @ h + b), rtol=1e-15)


def test_leading_dimensions_broadcast():
    rng = np.random.default_rng(1)
    parameters = random_parameters(rnn(), 3, 2, rng)
    x, h = rng.normal(size=(5, 1, 3)), rng.normal(size=(4, 2))
    [value] = interpret(rnn(), x, [h], parameters)
    assert value.shape == (5, 4, 2)
    [one] = interpret(rnn(), x[3, 0], [h[2]], parameters)
    np.testing.assert_allclose(value[3, 2], one, rtol=1e-14)


def test_results_are_float64_of_full_shape_and_nobody_elses_memory():
    graph = plain(Node("const", (), Fraction(1, 2)), Node("add", (2, 2)), outputs=(3, 0))
    x = np.ones((2, 3), dtype=np.float32)
    constant, passed = interpret(graph, x, [np.zeros(3)], {})
    assert constant.dtype == passed.dtype == np.float64
    np.testing.assert_array_equal(constant, np.ones((2, 3)))
    passed[:] = 7
    constant[0, 0] = 7
    assert constant[1, 0] == 1
    np.testing.assert_array_equal(x, 1)


def test_a_matrix_applies_to_a_constant_of_every_component():
    nodes = (Node("const", (), Fraction(2)), Node("linear", (0,), "n.z"))
    parameter = ParameterShape("n.z", "weight", ("H", "H"))
    graph = Graph(nodes, (1,), "x", ("h",), (parameter,))
    [value] = interpret(graph, np.zeros(3), [np.zeros(2)], {"n.z": [[1, 2], [3, 4]]})
    np.testing.assert_array_equal(value, [6, 14])


def test_run_feeds_each_state_back():
    rng = np.random.default_rng(2)
    parameters = random_parameters(rnn(), 3, 2, rng)
    xs, h = rng.normal(size=(4, 5, 3)), np.zeros((5, 2))
    ys, states = run(rnn(), xs, [h], parameters)
    for x, y in zip(xs, ys, strict=True):
        [h] = interpret(rnn(), x, [h], parameters)
        np.testing.assert_array_equal(y, h)
    np.testing.assert_array_equal(states[0], h)
    empty, unchanged = run(rnn(), xs[:0], [h], parameters)
    assert empty.shape == (0, 5, 2)
    np.testing.assert_array_equal(unchanged[0], h)


def test_random_parameters_start_as_torch_does():
    parameters = random_parameters(rnn(), 30, 16, np.random.default_rng(0))
    assert {name: value.shape for name, value in parameters.items()} == {
        "n.x": (16, 30),
        "n.h": (16, 16),
        "n.bias": (16,),
    }
    assert 0.2 < np.abs(parameters["n.x"]).max() <= 0.25


def test_large_values_saturate_without_a_warning():
    for function, expected in ((sigmoid, [0, 1]), (tanh, [-1, 1])):
        node = Node(function(A).op, (0,))
        [value] = interpret(plain(node, outputs=(2,)), [-1e4, 1e4], [np.zeros(2)], {})
        np.testing.assert_array_equal(value, expected)
    [value] = interpret(plain(Node("exp", (0,)), outputs=(2,)), [1e4, 0], [np.zeros(2)], {})
    np.testing.assert_array_equal(value, [np.inf, 1])


def test_each_mistake_has_its_code():
    x, h = np.zeros(3), np.zeros(2)
    good = random_parameters(rnn(), 3, 2, np.random.default_rng(0))
    less = {k: v for k, v in good.items() if k != "n.bias"}
    square = plain(Node("add", (0, 1)), outputs=(2,))
    assert code_of(lambda: interpret(rnn(), x, [h, h], good)) == "FEN250"
    assert code_of(lambda: interpret(rnn(), x, [], good)) == "FEN250"
    assert code_of(lambda: interpret(rnn(), x, [h], less)) == "FEN251"
    assert code_of(lambda: interpret(rnn(), x, [h], {**good, "n.c": h})) == "FEN252"
    assert code_of(lambda: interpret(rnn(), x, [h], {**good, "n.x": np.eye(3)})) == "FEN253"
    assert code_of(lambda: interpret(rnn(), np.zeros((4, 3)), [np.zeros((5, 2))], good)) == "FEN254"
    assert code_of(lambda: interpret(rnn(), 0.0, [h], good)) == "FEN254"
    assert code_of(lambda: interpret(square, x, [h], {})) == "FEN255"
    assert code_of(lambda: interpret(plain(outputs=(0,)), x, [h], {})) == "FEN255"


def test_states_of_two_sizes_are_a_mistake():
    nodes = (Node("state", (), "h"), Node("state", (), "c"))
    graph = Graph(nodes, (0, 1), "x", ("h", "c"), ())
    call = lambda: interpret(graph, np.zeros(2), [np.zeros(2), np.zeros(3)], {})  # noqa: E731
    assert code_of(call) == "FEN254"


RULES = [rule for rule in vars(rules).values() if isinstance(rule, Rule)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_examples_of_the_rules_are_true(rule):
    assert code_of(lambda: exec(rule.bad, {})) == rule.code
    exec(rule.good, {})


def test_a_misspelled_parameter_gets_a_suggestion():
    parameters = random_parameters(rnn(), 3, 2, np.random.default_rng(0))
    parameters["n.bia"] = parameters.pop("n.bias")
    with pytest.raises(FenError, match=r"no parameter n.bia.*did you mean n.bias\?"):
        interpret(rnn(), np.zeros(3), [np.zeros(2)], parameters)
