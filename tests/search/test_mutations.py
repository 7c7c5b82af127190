"""Every mutation gives a legal cell of the space, and changes what its name says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SHIPPED, cells, output_words

from fenas_lang import registry
from fenas_lang.check.check import checked
from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.search.genome import Genome
from fenas_lang.search.mutation import FOLDER, keeps_nodes, mutate, named
from fenas_lang.search.operations import kind_of
from fenas_lang.search.strategy import Individual
from fenas_lang.spaces.flat import names_read
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax.ast import Cell

MUTATIONS = sorted(registry.discover(FOLDER))
GRU = load("GRU")


def flat(cell: Cell, space: Space) -> Cell:
    return checked(cell, space).in_space


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("space_name", SHIPPED)
@settings(max_examples=30)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_children_are_legal(name: str, space_name: str, data: st.DataObject, seed: int) -> None:
    space = load_space(space_name)
    cell = data.draw(cells(space_name))
    output = RULES[data.draw(st.sampled_from(output_words(space)))]
    mutation = named(name).mutate(cell, space, random.Random(seed), output)
    if mutation is None:
        return
    child = mutation.cell
    checked(child, replace(space, output=(output,)))
    assert child.states == cell.states and len(child.outputs) == len(cell.outputs)
    assert mutation.edit
    assert Individual(0, str(child), None).cell == child


@pytest.mark.parametrize("name", [name for name in MUTATIONS if keeps_nodes(name)])
@given(cell=cells("fenas"), seed=st.integers(0, 2**32))
def test_number_of_nodes_stays(name: str, cell: Cell, seed: int) -> None:
    space = load_space("fenas")
    mutation = named(name).mutate(cell, space, random.Random(seed), RULES["loose"])
    if mutation is not None:
        before, after = (len(Genome.of(c, space).nodes) for c in (cell, mutation.cell))
        assert before == after


def children(name: str, cell: Cell, space: Space, output: str = "last") -> list[Cell]:
    mutations = (
        named(name).mutate(cell, space, random.Random(seed), RULES[output]) for seed in range(300)
    )
    return [mutation.cell for mutation in mutations if mutation is not None]


def differing(parent: Cell, child: Cell) -> list[str]:
    pairs = zip(parent.nodes, child.nodes, strict=True)
    return [old.name for old, new in pairs if old != new]


def test_operation_changes_one_node_to_every_operation() -> None:
    space = load_space("fenas")
    found = set()
    for child in children("operation", GRU, space):
        (changed,) = differing(GRU, child)
        place = [node.name for node in GRU.nodes].index(changed)
        found.add((changed, kind_of(Genome.of(child, space), place)))
    assert {name for name, _ in found} == {node.name for node in GRU.nodes}
    operations = {("add", "plain"), ("sub", "plain"), ("mul", "plain")}
    operations |= {
        (function, form)
        for function in ("tanh", "relu", "sigmoid", "identity")
        for form in ("plain", "weighted")
    }
    operations |= {(f"{function}_skip", "skip") for function in ("tanh", "relu", "sigmoid")}
    assert {kind for _, kind in found} == operations


def test_operation_keeps_parents_and_draws_a_missing_one() -> None:
    cell = loads("cell A(x, h) -> b { a = tanh(@x, @h); b = relu(a) }")
    pairs, seconds = set(), set()
    for child in children("operation", cell, load_space("fenas")):
        last = Genome.of(child, load_space("fenas")).nodes
        if differing(cell, child) == ["a"]:
            pairs.add(tuple(sorted(names_read(last[0].value))))
        elif "relu" not in str(last[1].value) and len(names_read(last[1].value)) == 2:
            seconds.add(tuple(names_read(last[1].value)))
    assert pairs == {("h", "x")}
    assert {name for pair in seconds for name in pair} == {"a", "x", "h"}
    assert all("a" in pair for pair in seconds)


def test_rewire_reaches_the_missing_second_parent_and_back() -> None:
    space = load_space("fenas")
    one = loads("cell A(x, h) -> a { a = tanh(@x) }")
    two = loads("cell A(x, h) -> a { a = tanh(@x, @h) }")
    zero = loads("cell A(x, h) -> a { a = tanh(@x, zero) }")
    assert two.nodes in {child.nodes for child in children("rewire", one, space)}
    assert one.nodes in {child.nodes for child in children("rewire", two, space)}
    assert two.nodes in {child.nodes for child in children("rewire", zero, space)}


def test_weighting_changes_edges_alone() -> None:
    cell = loads("cell A(x, h) -> b { a = tanh(@x, @h); b = a * x }")
    (child,) = {child.nodes for child in children("weighting", cell, load_space("fenas"))}
    assert child == loads("cell A(x, h) -> b { a = tanh(x, h); b = a * x }").nodes


def test_output_chooses_another_node_for_the_second_state() -> None:
    lstm = load("LSTM")
    found = {child.output_names for child in children("output", lstm, load_space("fenas"))}
    assert {first for first, _ in found} == {"h"}
    assert {second for _, second in found} == {node.name for node in lstm.nodes} - {"c"}


def test_one_state_has_no_output_to_choose() -> None:
    assert not children("output", GRU, load_space("fenas"))


def test_insert_and_delete_change_the_number_of_nodes_within_the_bounds() -> None:
    space = load_space("fenas")
    cell = loads("cell A(x, h) -> b { a = tanh(@x, @h); b = a * h }")
    assert {len(child.nodes) for child in children("insert", cell, space)} == {3}
    assert {len(child.nodes) for child in children("delete", cell, space)} == {1}
    assert not children("insert", GRU, space)
    assert not children("delete", loads("cell A(x, h) -> a { a = tanh(@x, @h) }"), space)


def test_swap_trades_operations() -> None:
    cell = loads("cell A(x, h) -> b { a = tanh(@x, @h); b = a * h }")
    (child,) = {child.nodes for child in children("swap", cell, load_space("fenas"))}
    space = load_space("fenas")
    genome = Genome.of(cell, space)
    traded = Genome(cell, space, child, ("b",))
    assert kind_of(traded, 0) == kind_of(genome, 1) and kind_of(traded, 1) == kind_of(genome, 0)


def test_the_mean_of_loose_ends_is_rebuilt() -> None:
    space = load_space("fenas")
    cell = loads("cell A(x, h) -> m { a = tanh(@x, @h); b = a * h; c = a * x; m = mean(b, c) }")
    means = {child.nodes[-1] for child in children("rewire", cell, space, "loose")}
    assert len(means) > 1
    for child in children("rewire", cell, space, "loose"):
        checked(child, replace(space, output=(RULES["loose"],)))


def test_the_first_node_of_a_space_that_prescribes_it_stays() -> None:
    enas = load_space("enas")
    cell = flat(load("ENAS"), enas)
    for name in MUTATIONS:
        for child in children(name, cell, enas, "loose"):
            assert child.nodes[0] == cell.nodes[0]


@pytest.mark.parametrize("name", shipped_cells())
def test_every_shipped_cell_can_be_mutated_in_its_space(name: str) -> None:
    result = checked(load(name))
    rng, output = random.Random(0), result.rule
    for _ in range(20):
        weights = dict.fromkeys(MUTATIONS, 1.0)
        mutation = mutate(result.in_space, result.space, rng, output, weights)
        assert mutation is not None
        assert checked(mutation.cell, result.space)


def test_a_chain_of_mutations_stays_legal() -> None:
    space, rng = load_space("open"), random.Random(1)
    cell = flat(load("LSTM_coupled"), space)
    for _ in range(200):
        weights = dict.fromkeys(MUTATIONS, 1.0)
        mutation = mutate(cell, space, rng, RULES["any"], weights)
        assert mutation is not None
        cell = mutation.cell
        checked(cell, space)
