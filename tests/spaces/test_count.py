"""Counts are exact: of what is enumerated, where that is possible, and of the published cases."""

from __future__ import annotations

from itertools import product

import pytest
from strategies import SHIPPED, output_words

from fenas_lang.diagnostics import FenError
from fenas_lang.source import SourceFile
from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.count import count
from fenas_lang.spaces.reader import load_space, read_space


def fenas_by_hand(nodes: int, states: int) -> int:
    """Pairs of 1 + states + k sources: two commutative operations, sub, 8 activations, 3 skips."""
    total = nodes ** (states - 1)
    for node in range(nodes):
        m = 1 + states + node
        unordered, ordered, alone = m * (m + 1) // 2, m * m, m
        total *= 2 * unordered + ordered + (8 + 3) * (unordered + alone)
    return total


@pytest.mark.parametrize("nodes, states", [*product((1, 2, 3, 9), (1, 2))])
def test_fenas(nodes: int, states: int) -> None:
    space = load_space("fenas")
    assert count(space, nodes, states) == fenas_by_hand(nodes, states)
    assert count(space, nodes, states, "loose") == fenas_by_hand(nodes, states)


@pytest.mark.parametrize("name, output", [("enas", "all"), ("enas", "loose"), ("darts", "all")])
def test_enas_and_darts(name: str, output: str) -> None:
    """Four functions and any earlier node, for each of eight nodes: 4^8 · 8!."""
    assert count(load_space(name), 9, 1, output) == 4**8 * 40320


@pytest.mark.parametrize("name", SHIPPED)
def test_counts_what_can_be_listed(name: str) -> None:
    space = load_space(name)
    states = space.states[0]
    listed = sum(1 for _ in choices(space, 1, states))
    if space.first is None:
        assert count(space, 1, states) == listed
    second = sum(1 for _ in choices(space, 2, states))
    factor = {"last": 1, "loose": 1, "all": 1, "any": 2**1}
    for word in output_words(space):
        assert count(space, 2, states, word) == listed * second * factor[word]


def test_free_outputs_multiply() -> None:
    space = load_space("open")
    lists = count(space, 3, 2, "last") // 3
    assert count(space, 3, 2, "any") == lists * 9
    assert (
        choices(space, 1, 2).count * choices(space, 2, 2).count * choices(space, 3, 2).count
        == lists
    )


def test_defaults_are_the_samplers() -> None:
    space = load_space("fenas")
    assert count(space) == count(space, 9, 1, "last") == 32855123394843750000000
    assert count(load_space("enas")) == count(load_space("enas"), 9, 1, "all")


def test_a_bound_on_parents_bounds_the_count() -> None:
    text = "space s {{ states 1 node tanh: weighted sample up to {} parents }}"
    counts = [count(read_space(SourceFile(text.format(k))), 1) for k in (1, 2, 3)]
    assert counts == [2, 2 + 3, 2 + 3 + 4]


def test_what_a_space_does_not_have_is_an_error() -> None:
    with pytest.raises(FenError, match="a cell of `enas` has 2 to 4,096 nodes, not 1"):
        count(load_space("enas"), 1)
