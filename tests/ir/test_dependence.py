"""What outputs depend on, and how states enter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import cells_of_any_space

from fenas_lang.check.loader import load, loads
from fenas_lang.ir.dependence import Entry, dependence, entering, entries, forces_square
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.syntax.ast import Cell

SIZE = 3


def graph_of(text: str) -> Graph:
    return expand(lower(loads(text)))


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        ("y = tanh(@x)", Entry.ABSENT),
        ("y = identity(@.h, @x)", Entry.ELEMENTWISE),
        ("z = sigmoid(@x); y = h + z*(tanh(@x) - h)", Entry.ELEMENTWISE),
        ("y = mean(h, -h, 0.5)", Entry.ELEMENTWISE),
        ("z = sigmoid(@x); y = z * identity(@h)", Entry.AFFINE),
        ("y = tanh(@x) * tanh(h)", Entry.NONLINEAR),
        ("y = h * h", Entry.NONLINEAR),
        ("y = relu(@x, @h)", Entry.NONLINEAR),
    ],
)
def test_entry_by_hand(body: str, entry: Entry) -> None:
    graph = graph_of(f"cell C in open (x, h) -> y {{ {body} }}")
    assert entries(graph, ["h"]) == (entry,)


def test_states_one_by_one_and_together() -> None:
    graph = graph_of("cell C in open (x, a, b) -> (y, z) { y = a * b; z = b + tanh(a) }")
    assert entries(graph, ["a"]) == (Entry.ELEMENTWISE, Entry.NONLINEAR)
    assert entries(graph, ["b"]) == (Entry.ELEMENTWISE, Entry.ELEMENTWISE)
    assert entries(graph, ["a", "b"]) == (Entry.NONLINEAR, Entry.NONLINEAR)
    assert entering(graph) == (
        {"a": Entry.ELEMENTWISE, "b": Entry.ELEMENTWISE},
        {"a": Entry.NONLINEAR, "b": Entry.ELEMENTWISE},
    )


@pytest.mark.parametrize(
    ("cell", "entry"), [("minGRU", Entry.ELEMENTWISE), ("LSTM", Entry.NONLINEAR)]
)
def test_entry_of_known_cells(cell: str, entry: Entry) -> None:
    graph = expand(lower(load(f"{cell}.fen")))
    assert max(entries(graph, graph.states)) == entry


def test_dependence_is_by_output() -> None:
    graph = graph_of("cell C in open (x, a, b) -> (y, z) { y = tanh(@x, @a); z = 0.5 * b }")
    assert dependence(graph) == ({"x", "a"}, {"b"})


@pytest.mark.parametrize(
    ("body", "square"),
    [
        ("y = tanh(@x, @h)", False),
        ("y = tanh(x, h)", True),
        ("y = identity(@.x)", True),
        ("a = x - x; y = tanh(a, h)", True),
        ("a = 0.5 * x; y = tanh(@h)", False),
    ],
)
def test_a_matrix_alone_lets_d_differ_from_h(body: str, square: bool) -> None:
    text = f"cell C in open (x, h) -> y {{ {body} }}"
    assert forces_square(graph_of(text)) == square == lower(loads(text)).forces_square


@settings(max_examples=50, deadline=None)
@given(cells_of_any_space(), st.integers(0, 2**32 - 1))
def test_what_is_said_holds_in_numbers(cell: Cell, seed: int) -> None:
    """No dependence means no change, and an affine output is midway at the midpoint."""
    graph = expand(lower(cell))
    rng = np.random.default_rng(seed)
    parameters = random_parameters(graph, SIZE, SIZE, rng)
    x, other_x = rng.standard_normal((2, SIZE))
    one, two = rng.standard_normal((2, len(graph.states), SIZE))
    ends = [interpret(graph, x, list(states), parameters) for states in (one, two)]
    middle = interpret(graph, x, list((one + two) / 2), parameters)
    moved = interpret(graph, other_x, list(one), parameters)
    names, entry = dependence(graph), entries(graph, graph.states)
    for k in range(len(graph.outputs)):
        if graph.input not in names[k]:
            np.testing.assert_array_equal(ends[0][k], moved[k])
        if not names[k] & set(graph.states):
            np.testing.assert_array_equal(ends[0][k], ends[1][k])
        if entry[k] <= Entry.AFFINE:
            np.testing.assert_allclose(middle[k], (ends[0][k] + ends[1][k]) / 2, atol=1e-9)
