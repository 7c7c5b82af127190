"""Every law holds: symbolically, at random points, and where the normaliser applies it."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from fenas_lang.check.loader import loads
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.ir.polynomial import Polynomial
from fenas_lang.primitives import PRIMITIVES, Term
from fenas_lang.proof.laws import LAWS, TABLE, LawRow
from fenas_lang.proof.normal_form import Ring
from fenas_lang.proof.renaming import canonical_form, equal_up_to_renaming
from fenas_lang.proof.ring_key import NO_RING_KEY, ring_key

A = sympy.Symbol("a", real=True)
SYMPY = {
    "add": sympy.Add,
    "sub": lambda a, b: a - b,
    "mul": sympy.Mul,
    "neg": lambda a: -a,
    "tanh": sympy.tanh,
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    "relu": lambda a: sympy.Max(a, 0),
    "step": lambda a: sympy.Heaviside(a, 0),
    "exp": sympy.exp,
    "log": sympy.log,
    "reciprocal": lambda a: 1 / a,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "erf": sympy.erf,
}
NAMES = [f"{k}-{row.function}" for k, row in enumerate(TABLE)]


def symbolic(term: Term) -> sympy.Expr:
    if term.op == "value":
        return A
    if term.op == "const":
        return sympy.Rational(term.attribute.numerator, term.attribute.denominator)
    return SYMPY[term.op](*map(symbolic, term.operands))


def numeric(term: Term, a: np.ndarray) -> np.ndarray:
    if term.op == "value":
        return a
    if term.op == "const":
        return np.full_like(a, float(term.attribute))
    return PRIMITIVES[term.op].numpy(np, *(numeric(t, a) for t in term.operands))


def placed(ring: Ring, term: Term) -> Polynomial:
    """A term's polynomial, the variable a state."""
    operands = [placed(ring, t) for t in term.operands]
    match term.op:
        case "value":
            return ring.leaf("state", 0)
        case "const":
            return {(): term.attribute} if term.attribute else {}
        case "add":
            return ring.sum(*operands)
        case "sub":
            return ring.sum(*operands, scale=-1)
        case "neg":
            return ring.sum({}, *operands, scale=-1)
        case "mul":
            return ring.product(*operands)
    return ring.apply(term.op, *operands)


@pytest.mark.parametrize("row", TABLE, ids=NAMES)
def test_a_law_holds_symbolically(row: LawRow) -> None:
    difference = symbolic(row.left) - symbolic(row.right)
    if row.function == "relu":
        difference = difference.rewrite(sympy.Piecewise)
    assert sympy.simplify(difference.rewrite(sympy.exp)) == 0


@pytest.mark.parametrize("row", TABLE, ids=NAMES)
def test_a_law_holds_at_random_points(row: LawRow) -> None:
    points = np.random.default_rng(0).normal(scale=3, size=1000)
    np.testing.assert_allclose(numeric(row.left, points), numeric(row.right, points), atol=1e-12)


@pytest.mark.parametrize("row", TABLE, ids=NAMES)
def test_the_normaliser_applies_it(row: LawRow) -> None:
    ring, plain = Ring(laws=LAWS), Ring()
    assert placed(ring, row.left) == placed(ring, row.right)
    assert placed(plain, row.left) != placed(plain, row.right)


def graph(body: str, header: str = "(x, h) -> y"):
    return expand(lower(loads(f"cell C in open {header} {{ {body} }}")))


EQUAL = (
    ("y = tanh(-h)", "y = -tanh(h)"),
    ("y = leaky_relu(x)", "y = relu(x) - 0.01 * relu(-x)"),
    ("y = abs(-h)", "y = abs(h)"),
    ("y = softplus(-h)", "y = softplus(h) - h"),
    ("s = sigmoid(@h); y = relu(1 - s) + x", "s = sigmoid(@h); y = 1 - s + x"),
    ("s = sigmoid(2*h); y = 2*s - 1", "y = tanh(h)"),
    ("a = 0.5*h; y = tanh(a)", "y = 2*sigmoid(h) - 1"),
    ("a = h - x; b = tanh(a); y = b*b", "a = x - h; b = tanh(a); y = square(b)"),
    ("a = x*x + h*h; y = relu(a)", "y = square(x) + square(h)"),
    ("a = sigmoid(h)*x + (1 - sigmoid(h))*h; y = cos(-a)", "y = cos(h + sigmoid(h)*(x - h))"),
)


@pytest.mark.parametrize(("one", "two"), EQUAL)
def test_laws_make_cells_equal(one: str, two: str) -> None:
    renaming = equal_up_to_renaming(graph(one), graph(two))
    assert renaming is not None
    assert ring_key(graph(one)) == ring_key(graph(two)) != NO_RING_KEY
    generator = np.random.default_rng(1)
    x, h = generator.normal(scale=2, size=(2, 20, 3))
    parameters = random_parameters(graph(one), 3, 3, generator)
    others = {renaming[name]: value for name, value in parameters.items()}
    [first], [second] = (
        interpret(g, x, [h], p) for g, p in ((graph(one), parameters), (graph(two), others))
    )
    np.testing.assert_allclose(first, second, atol=1e-12)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("y = tanh(3*h)", "y = tanh(4*h)"),
        ("y = relu(h)", "y = h + zero"),
        ("y = relu(-h)", "y = -relu(h)"),
        ("y = sigmoid(-h)", "y = -sigmoid(h)"),
        ("y = tanh(h)", "y = 2*sigmoid(h) - 1"),
        ("y = softplus(-h)", "y = softplus(h)"),
        ("y = relu(x*h)", "y = x*h"),
    ],
)
def test_laws_make_no_other_cells_equal(one: str, two: str) -> None:
    assert equal_up_to_renaming(graph(one), graph(two)) is None
    assert ring_key(graph(one)) != ring_key(graph(two))


def test_signs_do_not_depend_on_names() -> None:
    """Which of two nodes that look alike is subtracted is a matter of names alone."""
    one = graph("a = tanh(@h); b = tanh(@h); y = tanh(a - b)")
    two = graph("b = tanh(@h); a = tanh(@h); y = tanh(a - b)")
    three = graph("b = tanh(@h); a = tanh(@h); y = tanh(b - a)")
    assert len({canonical_form(g).digest for g in (one, two, three)}) == 1


def test_a_cell_that_is_too_large_has_no_ring_key() -> None:
    body = "; ".join(f"a{k} = a{k - 1} * (a{k - 1} + h)" for k in range(1, 40))
    assert ring_key(graph(f"a0 = x + h; {body}; y = identity(a39)")) == NO_RING_KEY
