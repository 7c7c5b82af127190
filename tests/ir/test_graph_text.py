"""The readable dump of a graph."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.check.loader import loads
from fenas_lang.ir.lower import expand, lower
from fenas_lang.ir.text import graph_text, number_text

RNN = """
cell RNN in open (x, h) -> n {
    n = h + tanh(@x, @.h)
}
"""


def test_a_graph_is_printed_with_shapes_and_the_names_of_nodes() -> None:
    assert graph_text(expand(lower(loads(RNN)))) == (
        "graph RNN {\n"
        "  input x: [D]\n"
        "  state h: [H]\n"
        "  param n_1.x: [H, D]\n"
        "  param n_1.h: [H]\n"
        "  param n_1.bias: [H]\n"
        "  %0 = input x\n"
        "  %1 = state h\n"
        "  %2 = linear n_1.x %0\n"
        "  %3 = elementwise_weight n_1.h %1\n"
        "  %4 = add %2 %3\n"
        "  %5 = param n_1.bias\n"
        "  %6 = add %4 %5\n"
        "  %7 = tanh %6                      # n_1\n"
        "  %8 = add %1 %7                    # n\n"
        "  return %8\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [("1", "1"), ("-1/2", "-0.5"), ("1/3", "1/3"), ("1/40", "0.025"), ("0", "0"), ("300", "300")],
)
def test_numbers(value: str, text: str) -> None:
    assert number_text(Fraction(value)) == text


@given(st.fractions())
def test_a_number_reads_back_exactly(value: Fraction) -> None:
    assert Fraction(number_text(value)) == value
