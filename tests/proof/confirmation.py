"""Proofs confirmed by other means: SymPy with explicit 2 by 2 matrices, and fifty digits."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from corpus import number

from fenas_lang.ir.graph import Graph
from fenas_lang.proof import precise
from fenas_lang.proof.substitution import (
    Applied,
    Diagonal,
    Factor,
    Link,
    Substitution,
    Value,
    VectorValue,
)

FUNCTIONS = {
    "tanh": sympy.tanh,
    "sigmoid": lambda a: (1 + sympy.tanh(a / 2)) / 2,
    "relu": lambda a: (a + sympy.Abs(a)) / 2,
    "exp": sympy.exp,
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "erf": sympy.erf,
    "reciprocal": lambda a: 1 / a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
}
SIZE = 2
SECONDS = 2
"""Of processor time, for one pair."""

Given = Mapping[str, sympy.Matrix]


def symbols(graph: Graph) -> dict[str, sympy.Matrix]:
    """A symbol for each number in leaves and parameters."""

    def matrix(name: str, columns: int) -> sympy.Matrix:
        return sympy.Matrix(SIZE, columns, lambda i, j: sympy.Symbol(f"{name}[{i},{j}]", real=True))

    leaves = {f"leaf {k}": matrix(f"leaf{k}", 1) for k in range(1 + len(graph.states))}
    shapes = {p.name: SIZE if p.kind == "weight" else 1 for p in graph.parameters}
    return leaves | {name: matrix(name, columns) for name, columns in shapes.items()}


def outputs(graph: Graph, given: Given) -> list[sympy.Matrix]:
    names = {graph.input: "leaf 0", **{s: f"leaf {k + 1}" for k, s in enumerate(graph.states)}}
    values: list[Any] = []
    for node in graph.nodes:
        operands = [values[k] for k in node.operands]
        if node.op in ("input", "state", "param"):
            values.append(given[names.get(node.attribute, node.attribute)])
        elif node.op == "const":
            value = sympy.Rational(node.attribute.numerator, node.attribute.denominator)
            values.append(sympy.Matrix([value] * SIZE))
        elif node.op == "linear":
            values.append(given[node.attribute] * operands[0])
        elif node.op == "elementwise_weight":
            values.append(given[node.attribute].multiply_elementwise(operands[0]))
        else:
            parts = zip(*operands, strict=True)
            values.append(sympy.Matrix([FUNCTIONS[node.op](*p) for p in parts]))
    return [values[k] for k in graph.outputs]


def symbolic(value: Value, given: Given) -> sympy.Matrix:
    """A value of one cell's parameter over the other's."""
    if isinstance(value, VectorValue):
        vectors = [sympy.Rational(str(c)) * _product(f, given) for c, f in value.terms]
        return sum(vectors, sympy.zeros(SIZE, 1))
    matrices = [
        sympy.Rational(str(c)) * sympy.prod([_matrix(n, given) for n in links], sympy.eye(SIZE))
        for c, links in value.terms
    ]
    return sum(matrices, sympy.zeros(SIZE, SIZE))


def _matrix(link: Link, given: Given) -> sympy.Matrix:
    return sympy.diag(*given[link.vector]) if isinstance(link, Diagonal) else given[link]


def _product(factors: tuple[Factor, ...], given: Given) -> sympy.Matrix:
    total = sympy.ones(SIZE, 1)
    for factor in factors:
        if isinstance(factor, Applied):
            total = total.multiply_elementwise(
                given[factor.matrix] * _product(factor.operand, given)
            )
        else:
            total = total.multiply_elementwise(given[factor])
    return total


def confirmed(general: Graph, special: Graph, values: Substitution) -> bool:
    """Whether SymPy soon reduces the difference of the cells to zero; if not, that says nothing."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return _confirmed(general, special, values)
    except TimeoutError:
        return False
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _confirmed(general: Graph, special: Graph, values: Substitution) -> bool:
    given = symbols(special)
    leaves = {name: given[name] for name in given if name.startswith("leaf")}
    made = outputs(general, leaves | {n: symbolic(v, given) for n, v in values.items()})
    for a, b in zip(made, outputs(special, given), strict=True):
        for difference in a - b:
            if sympy.expand(difference) != 0:
                return False
    return True


def refuted(general: Graph, special: Graph, values: Substitution, seed: int = 0) -> bool:
    """Whether the cells differ somewhere, evaluated with fifty digits at short numbers."""
    generator = np.random.default_rng(seed)
    parameters = {
        p.name: generator.integers(-16, 17, p.sizes(SIZE, SIZE)) / 16.0 for p in special.parameters
    }
    others = {name: number(value, parameters, SIZE) for name, value in values.items()}
    x, *states = generator.integers(-32, 33, (1 + len(special.states), 2, SIZE)) / 16.0
    pairs = zip(
        precise.outputs(general, x, states, others),
        precise.outputs(special, x, states, parameters),
        strict=True,
    )
    return not all(np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True) for a, b in pairs)
