"""What a cell costs, as formulae in D and H: its parameters, and the operations of a time step.

A product with a matrix of H rows and n columns is 2·H·n operations (a multiplication and an
addition count as two); every other primitive is one operation for each of the H components, a
function such as tanh like an addition.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy

from fenas_lang.ir.graph import INPUT_SIZE, Dataflow, Graph
from fenas_lang.primitives import LEAVES

D, H = sympy.symbols("D H", integer=True, positive=True)


@dataclass(frozen=True)
class Formula:
    """A number as a SymPy expression in D and H, and its value for given sizes."""

    formula: str
    value: int


def parameter_count(dataflow: Dataflow, input_size: int, hidden_size: int) -> Formula:
    """Of all weights and biases of live nodes."""
    terms = (sympy.Mul(*(_size(symbol) for symbol in shape.shape)) for shape in dataflow.parameters)
    return _formula(terms, dataflow.forces_square, input_size, hidden_size)


def operation_count(graph: Graph, dataflow: Dataflow, input_size: int, hidden_size: int) -> Formula:
    """Operations of one time step of one sequence."""
    columns = {shape.name: _size(shape.shape[-1]) for shape in dataflow.parameters}
    terms = (
        2 * H * columns[str(node.attribute)] if node.op == "linear" else H
        for node in graph.nodes
        if node.op not in LEAVES
    )
    return _formula(terms, dataflow.forces_square, input_size, hidden_size)


def _size(symbol: str) -> sympy.Expr:
    return D if symbol == INPUT_SIZE else H


def _formula(
    terms: Iterable[sympy.Expr], square: bool, input_size: int, hidden_size: int
) -> Formula:
    total = sympy.Add(*terms)
    if square:
        total = total.subs(D, H)
    value = total.subs({D: input_size, H: hidden_size})
    return Formula(str(sympy.expand(total)), int(value))
