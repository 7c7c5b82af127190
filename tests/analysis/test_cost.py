"""Formulae for parameters and operations."""

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cells_of_any_space

from fenas_lang.analysis.cost import Formula, operation_count, parameter_count
from fenas_lang.check.loader import load, loads
from fenas_lang.ir.lower import expand, lower
from fenas_lang.syntax.ast import Cell


def parameters_of(cell: Cell, input_size: int = 300, hidden_size: int = 300) -> Formula:
    return parameter_count(lower(cell), input_size, hidden_size)


def operations_of(cell: Cell, input_size: int = 300, hidden_size: int = 300) -> Formula:
    dataflow = lower(cell)
    return operation_count(expand(dataflow), dataflow, input_size, hidden_size)


@pytest.mark.parametrize(
    ("name", "formula", "value"),
    [
        ("GRU", "3*D*H + 3*H**2 + 4*H", 541_200),
        ("LSTM", "4*D*H + 4*H**2 + 4*H", 721_200),
        ("RNN", "D*H + H**2 + H", 180_300),
    ],
)
def test_parameters_of_known_cells(name: str, formula: str, value: int) -> None:
    assert parameters_of(load(f"{name}.fen")) == Formula(formula, value)


def test_parameters_of_an_enas_cell() -> None:
    """The first node has four matrices, a gated node two (published_cells.md: 4d² + 2K·d²)."""
    cell = loads("cell E in enas (x, h) -> y without bias { a = first(x, h); y = tanh_skip(a) }")
    assert parameters_of(cell).formula == "2*D*H + 4*H**2"
    assert parameters_of(load("ENAS.fen"), 10, 10).value == (4 + 2 * 8) * 100


def test_d_is_written_as_h_where_they_are_equal() -> None:
    cell = loads("cell S(x, h) -> y { y = tanh_skip(x, h) }")
    assert parameters_of(cell, 7, 5) == Formula("4*H**2 + 2*H", 4 * 25 + 10)


def test_a_cell_without_parameters() -> None:
    assert parameters_of(loads("cell N(x, h) -> y { y = tanh(h, x) }")) == Formula("0", 0)


def test_operations_by_hand() -> None:
    """Matrices with bias and function; a product; a gate's `1 - c`, two products and their sum."""
    rnn = loads("cell R(x, h) -> y { y = tanh(@x, @h) }")
    assert operations_of(rnn, 2, 3) == Formula("2*D*H + 2*H**2 + 3*H", 12 + 18 + 9)
    assert operations_of(loads("cell P(x, h) -> y { y = h * h }")).formula == "H"
    skip = loads("cell S(x, h) -> y { y = tanh_skip(h) }")
    assert operations_of(skip).formula == "4*H**2 + 8*H"
    peephole = loads("cell E in open (x, h) -> y without bias { y = identity(@.h) }")
    assert operations_of(peephole).formula == "H"


@settings(max_examples=40, deadline=None)
@given(cells_of_any_space(), st.integers(1, 9), st.integers(1, 9))
def test_a_formula_has_its_value(cell: Cell, input_size: int, hidden_size: int) -> None:
    for count in (parameters_of, operations_of):
        found = count(cell, input_size, hidden_size)
        value = sympy.sympify(found.formula).subs({"D": input_size, "H": hidden_size})
        assert value == found.value
    sizes = (hidden_size if lower(cell).forces_square else input_size, hidden_size)
    shapes = [sympy.prod(p.sizes(*sizes)) for p in lower(cell).parameters]
    assert parameters_of(cell, input_size, hidden_size).value == sum(shapes)
