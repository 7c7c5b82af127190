"""Behaviour over time, in words and intervals."""

import pytest

from fenas_lang.analysis.identity import form_of
from fenas_lang.analysis.recurrence import Recurrence, recurrence
from fenas_lang.check.loader import load, loads
from fenas_lang.ir.dependence import Entry
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower


def recurrence_of(text: str) -> Recurrence:
    graph = expand(lower(loads(text)))
    return recurrence(graph, form_of(graph))


def shipped(name: str) -> Graph:
    return expand(lower(load(f"{name}.fen")))


@pytest.mark.parametrize(
    ("name", "growth", "bounded"),
    [
        ("GRU", ["|h| <= max(1, |h_prev|)"], [True]),
        ("LSTM", ["|h| < 1", "|c| <= 1 + |c_prev|"], [True, False]),
        ("RNN", ["|h| < 1"], [True]),
        ("LSTM_coupled", ["|h| < 1", "|c| <= max(1, |c_prev|)"], [True, True]),
        ("IRNN", [None], [False]),
    ],
)
def test_known_cells(name: str, growth: list[str | None], bounded: list[bool]) -> None:
    graph = shipped(name)
    for form in (form_of(graph), None):
        found = recurrence(graph, form)
        assert [state.growth for state in found.states] == growth
        assert [state.bounded for state in found.states] == bounded
        assert found.uses_input and all(found.uses_states.values())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("y = 0.5*h + 2*tanh(@x)", "|y| <= 2 + 0.5*|h|"),
        ("y = h - tanh(@x)*h", "|y| <= 2*|h|"),
        ("y = relu(h)", "|y| <= |h|"),
        ("y = zero - h", "|y| <= |h|"),
        ("y = tanh(zero)", "|y| <= 0"),
        ("y = h * h", None),
        ("y = h + x", None),
    ],
)
def test_growth_in_words(body: str, words: str | None) -> None:
    [state] = recurrence_of(f"cell C in open (x, h) -> y {{ {body} }}").states
    assert state.growth == words


def test_growth_names_several_states() -> None:
    found = recurrence_of(
        "cell C in open (x, a, b) -> (y, z) { y = sigmoid(@x) * a + tanh(@x) * b; z = tanh(b) }"
    )
    assert [s.growth for s in found.states] == ["|y| <= |a| + |b|", "|z| < 1"]


def test_what_cancels_is_not_used() -> None:
    text = "cell C in open (x, h) -> y { a = tanh(@x); y = (a - a) + sigmoid(@h) }"
    graph = expand(lower(loads(text)))
    assert not recurrence(graph, form_of(graph)).uses_input
    assert recurrence(graph, None).uses_input, "the structure alone does not tell"


def test_states_that_no_output_uses() -> None:
    found = recurrence_of("cell C in open (x, a, b) -> (y, z) { y = tanh(@x, @a); z = exp(@x) }")
    assert found.uses_states == {"a": True, "b": False}


def test_entry_is_by_state_and_overall() -> None:
    found = recurrence_of("cell C in open (x, a, b) -> (y, z) { y = a * sigmoid(@x); z = tanh(b) }")
    first, second = found.states
    assert first.enters == {"a": Entry.ELEMENTWISE}
    assert second.enters == {"b": Entry.NONLINEAR}
    assert found.entry == Entry.NONLINEAR


def test_ranges_are_named_after_nodes() -> None:
    ranges = recurrence(shipped("GRU"), None).ranges
    assert str(ranges["r"].any_state) == "(0, 1)"
    assert str(ranges["zh"].any_state) == "(-inf, inf)"
    assert str(ranges["zh"].reachable) == "(-1, 1)"
