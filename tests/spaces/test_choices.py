"""The choices for a node are exactly those of the space, each once, whatever way they are found."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import SHIPPED

from fenas_lang.functions import ACTIVATION, FUNCTIONS
from fenas_lang.source import SourceFile
from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.flat import form_of, function_of
from fenas_lang.spaces.model import CALL, ELEMENTWISE, MIXED, PLAIN, WEIGHTED, FunctionRule, Space
from fenas_lang.spaces.nodes import build
from fenas_lang.spaces.operations import Group, NodeChoice, operations
from fenas_lang.spaces.reader import load_space, read_space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Expr

SOURCES = ["x", "h_prev", "n1", "n2"]
KINDS = (PLAIN, WEIGHTED, ELEMENTWISE)
SMALL = """
fn lerp(g, a, b) = b + g*(a - b)
space small {
    states 1
    node lerp, add
    node sub, mean: from nodes
    node tanh: elementwise or mixed, 2 parents
    node relu: mixed, 3 parents from nodes
    sample up to 2 parents
}
"""
SPACES = [*map(load_space, SHIPPED), read_space(SourceFile(SMALL))]

Edges = tuple[tuple[str, str], ...]
Key = tuple[str, Edges]


def key(function: str, edges: Edges) -> Key:
    """The same for the orders of edges that mean the same."""
    commutes = function in FUNCTIONS and FUNCTIONS[function].commutative
    return function, tuple(sorted(edges)) if commutes else edges


def all_by_hand(space: Space, sources: list[str]) -> set[Key]:
    """Every edge tried in every place, and what the space does not allow left out."""
    return {
        key(rule.name, edges)
        for rule in space.rules
        for number in range(rule.min_parents, (rule.max_parents or space.sampled_parents) + 1)
        for edges in product(product(KINDS, sources[0 if rule.inputs else 2 :]), repeat=number)
        if fits(rule, {kind for kind, _ in edges})
    }


def fits(rule: FunctionRule, kinds: set[str]) -> bool:
    if rule.name not in FUNCTIONS or FUNCTIONS[rule.name].kind != ACTIVATION:
        return kinds == {PLAIN}
    return (MIXED if len(kinds) > 1 else min(kinds)) in rule.forms


def key_of(value: Expr) -> Key:
    return key(function_of(value), tuple(map(edge, ast.children(value))))


def edge(argument: Expr) -> tuple[str, str]:
    match argument:
        case ast.Name(name):
            return PLAIN, name
        case ast.Weighted(ast.Name(name), elementwise):
            return ELEMENTWISE if elementwise else WEIGHTED, name
    raise AssertionError(argument)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_choices_are_all_and_only_the_legal_ones(space: Space) -> None:
    at = choices(space, 3, 1)
    values = [build(choice, "n3", SOURCES).value for choice in at]
    assert len(values) == at.count
    keys = list(map(key_of, values))
    assert len(set(keys)) == len(keys)
    assert set(keys) == all_by_hand(space, SOURCES)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_the_form_of_an_operation_is_that_of_its_nodes(space: Space) -> None:
    for choice in choices(space, 3, 1):
        value = build(choice, "n3", SOURCES).value
        assert form_of(value, function_of(value) in space.definitions) == choice.operation.form


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_a_choice_is_found_again_in_its_node(space: Space) -> None:
    at = choices(space, 3, 1)
    for choice in at:
        assert at.find(build(choice, "n3", SOURCES).value, SOURCES) == choice


@pytest.mark.parametrize(
    "text, name",
    [
        ("tanh(@x, zero)", "fenas"),
        ("tanh(@x)", "fenas"),
        ("h_prev + x", "fenas"),
        ("tanh_skip(n1, x)", "fenas"),
        ("tanh(@n1, x, @.x)", "open"),
    ],
)
def test_other_ways_to_write_a_choice_are_found(text: str, name: str) -> None:
    found = choices(load_space(name), 3, 1).find(expression(text), SOURCES)
    assert found is not None
    assert key_of(build(found, "n3", SOURCES).value) == key_of(
        expression(text.replace(", zero", ""))
    )


@pytest.mark.parametrize(
    "text, name",
    [
        ("gelu(@x)", "fenas"),
        ("tanh(@x, h_prev)", "fenas"),
        ("tanh(@x, @h_prev, @n1)", "fenas"),
        ("x + zero", "open"),
        ("mean(x, zero)", "open"),
        ("0.5 * x", "open"),
        ("tanh(@n9)", "open"),
        ("first(x, h_prev)", "enas"),
        ("tanh_skip(h_prev)", "enas"),
    ],
)
def test_what_is_no_choice_is_not_found(text: str, name: str) -> None:
    assert choices(load_space(name), 3, 1).find(expression(text), SOURCES) is None


def expression(text: str) -> Expr:
    from fenas_lang.syntax.parser import parse

    module, mistakes = parse(SourceFile(f"cell C(x, h_prev) -> n3 {{ n3 = {text} }}"))
    assert mistakes == []
    return module.cells[0].nodes[0].value


def test_the_first_node_of_enas_is_given() -> None:
    (only,) = choices(load_space("enas"), 1, 1)
    assert build(only, "n1", SOURCES) == ast.Node("n1", expression("first(x, h_prev)"))
    assert (only.operation.form, only.operation.fixed) == (CALL, True)
    assert "first" not in {o.function for o in operations(load_space("enas"))}


def test_numbers_out_of_range_are_no_choices() -> None:
    at = choices(load_space("fenas"), 1, 1)
    for number in (-1, at.count):
        with pytest.raises(IndexError):
            at[number]


def test_an_operation_orders_its_parents_group_by_group() -> None:
    by_function = {o.function: o for o in operations(load_space("fenas"))}
    assert by_function["add"].choose([3, 1]).parents == (1, 3)
    assert by_function["sub"].choose([3, 1]).parents == (3, 1)


@given(st.integers(1, 5), st.integers(1, 40), st.data())
def test_multisets_are_numbered_in_order(size: int, pool: int, data: st.DataObject) -> None:
    group = Group(PLAIN, size)
    number = data.draw(st.integers(0, group.count(pool) - 1))
    parents = group.at(number, pool)
    assert list(parents) == sorted(parents) and parents[-1] < pool
    if number:
        assert tuple(reversed(group.at(number - 1, pool))) < tuple(reversed(parents))


def test_choices_are_numbered_alike_everywhere() -> None:
    """A seed gives the same cell on every machine, so the order is part of the contract."""
    at = choices(load_space("open"), 2, 1)
    chosen = [at[number] for number in (0, 1000, at.count - 1)]
    assert [_described(choice) for choice in chosen] == [
        ("add", PLAIN, (0, 0)),
        ("leaky_relu", MIXED, (0, 2)),
        ("sigmoid_skip", "skip", (2, 2)),
    ]


def _described(choice: NodeChoice) -> tuple[str, str, tuple[int, ...]]:
    return choice.operation.function, choice.operation.form, choice.parents
