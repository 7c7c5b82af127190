"""Proofs confirmed by other means: SymPy with explicit 2 by 2 matrices, and fifty digits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from corpus import originals, twin

from fenas_lang.check.loader import load
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof import precise
from fenas_lang.proof.relate import relate
from fenas_lang.proof.substitution import Substitution, Value, VectorValue

FUNCTIONS = {
    "tanh": sympy.tanh,
    "sigmoid": lambda a: (1 + sympy.tanh(a / 2)) / 2,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
}
PAIRS = (
    ("GRU_Chung", "GRU_reset_before"),
    ("GRU", "UGRNN"),
    ("GRU_reset_before", "MGU"),
    ("LSTM", "LSTM_coupled"),
    ("LSTM_peephole", "LSTM_coupled"),
)


def symbols(graph: Graph) -> dict[str, sympy.Matrix]:
    def matrix(name: str, columns: int) -> sympy.Matrix:
        return sympy.Matrix(2, columns, lambda i, j: sympy.Symbol(f"{name}[{i},{j}]", real=True))

    leaves = {f"leaf {k}": matrix(f"leaf{k}", 1) for k in range(1 + len(graph.states))}
    shapes = {p.name: 2 if p.kind == "weight" else 1 for p in graph.parameters}
    return leaves | {name: matrix(name, columns) for name, columns in shapes.items()}


def outputs(graph: Graph, given: Mapping[str, sympy.Matrix]) -> list[sympy.Matrix]:
    names = {graph.input: "leaf 0", **{s: f"leaf {k + 1}" for k, s in enumerate(graph.states)}}
    values: list[Any] = []
    for node in graph.nodes:
        operands = [values[k] for k in node.operands]
        if node.op in ("input", "state", "param"):
            values.append(given[names.get(node.attribute, node.attribute)])
        elif node.op == "const":
            number = sympy.Rational(node.attribute.numerator, node.attribute.denominator)
            values.append(sympy.Matrix([number, number]))
        elif node.op == "linear":
            values.append(given[node.attribute] * operands[0])
        elif node.op == "elementwise_weight":
            values.append(given[node.attribute].multiply_elementwise(operands[0]))
        else:
            parts = zip(*operands, strict=True)
            values.append(sympy.Matrix([FUNCTIONS[node.op](*p) for p in parts]))
    return [values[k] for k in graph.outputs]


def symbolic(value: Value, given: Mapping[str, sympy.Matrix]) -> sympy.Matrix:
    """Of values without products of vectors."""
    if isinstance(value, VectorValue):
        terms = [sympy.Rational(str(c)) * given[f[0]] for c, f in value.terms]
        return sum(terms, sympy.zeros(2, 1))
    terms = [
        sympy.Rational(str(c)) * sympy.prod([given[n] for n in names], sympy.eye(2))
        for c, names in value.terms
    ]
    return sum(terms, sympy.zeros(2, 2))


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_sympy_confirms(one: str, two: str) -> None:
    general, special = (expand(lower(load(name))) for name in (one, two))
    values = relate(general, special).values
    assert values is not None
    given = symbols(special)
    leaves = {name: given[name] for name in given if name.startswith("leaf")}
    made = outputs(general, leaves | {n: symbolic(v, given) for n, v in values.items()})
    for a, b in zip(made, outputs(special, given), strict=True):
        assert (a - b).applyfunc(sympy.expand) == sympy.zeros(2, 1)


def test_fifty_digits_refute_no_proof() -> None:
    rng = random.Random(3)
    for original in originals(21, 15, most_nodes=6):
        made = twin(original, rng, flips=True)
        values = relate(original.graph, made).values
        assert values is not None
        compare(original.graph, made, values)


def compare(general: Graph, special: Graph, values: Substitution) -> None:
    generator = np.random.default_rng(0)
    parameters = {p.name: generator.normal(size=p.sizes(2, 2)) for p in special.parameters}
    others = {n: np.array(_number(v, parameters)) for n, v in values.items()}
    x, *states = generator.normal(size=(1 + len(special.states), 2, 2))
    pairs = zip(
        precise.outputs(general, x, states, others),
        precise.outputs(special, x, states, parameters),
        strict=True,
    )
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-14)


def _number(value: Value, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    """A signed parameter."""
    assert value.single is not None
    factor, name = value.single
    return float(factor) * parameters[name]
