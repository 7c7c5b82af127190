"""A graph as a line of text."""

from __future__ import annotations

from hypothesis import given, settings
from strategies import cells_of_any_space

from fenas_lang.check.loader import loads
from fenas_lang.ir.encoding import decoded, encoded
from fenas_lang.ir.lower import expand, lower
from fenas_lang.syntax.ast import Cell


@settings(max_examples=60, deadline=None)
@given(cells_of_any_space())
def test_a_graph_comes_back(cell: Cell) -> None:
    graph = expand(lower(cell))
    text = encoded(graph)
    assert decoded(text) == graph
    assert decoded(text).name == cell.name
    assert encoded(decoded(text)) == text
    assert "\n" not in text


def test_numbers_are_exact() -> None:
    cell = loads("cell C in open (x, h) -> n { n = tanh(@x, h, 0.1, 3) * 0.3333333333333333333 }")
    graph = expand(lower(cell))
    assert decoded(encoded(graph)) == graph
