"""The normal form: the same for all spellings in the ring, different for different functions."""

import os
import random
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rewriting import edited, graph_of, renamed, rewritten, terms_of
from strategies import cells_of_any_space

from fenas_lang.check.loader import load, loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.ir.polynomial import Polynomial
from fenas_lang.primitives import Term
from fenas_lang.proof.normal_form import OutOfBudget, Ring, normal_form
from fenas_lang.proof.renaming import canonical_form, equal_up_to_renaming, verify_renaming
from fenas_lang.syntax.ast import Cell

SIZE = 3


def graph(body: str, header: str = "(x, h) -> y", bias: str = "") -> Graph:
    return expand(lower(loads(f"cell C in open {header} {bias} {{ {body} }}")))


def same(one: str, two: str) -> bool:
    """Whether two bodies have one normal form, names of parameters counted."""
    ring = Ring()
    return normal_form(graph(one), ring).outputs == normal_form(graph(two), ring).outputs


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("y = x + h", "y = h + x"),
        ("y = (x + h) + x", "y = x + (h + x)"),
        ("y = x * (h + x)", "y = x*h + square(x)"),
        ("y = x - h", "y = -(h - x)"),
        ("y = mean(x, h)", "y = 0.5*x + 0.5*h"),
        ("y = h + zero", "y = identity(h)"),
        ("y = tanh(x + h)", "y = tanh(h, x)"),
        ("y = x - x + h", "y = identity(h)"),
        ("y = leaky_relu(x)", "y = 0.01*x + 0.99*relu(x)"),
        ("y = (x + h) * (x - h)", "y = x*x - h*h"),
        ("y = tanh(2*h - h)", "y = tanh(h)"),
    ],
)
def test_equal_in_the_ring(one: str, two: str) -> None:
    assert same(one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("y = x + h", "y = x - h"),
        ("y = x * h", "y = x + h"),
        ("y = tanh(x + h)", "y = tanh(x) + tanh(h)"),
        ("y = tanh(h)", "y = sigmoid(h)"),
        ("y = tanh(-h)", "y = -tanh(h)"),
        ("y = 0.3 * h", "y = 0.30000001 * h"),
        ("y = identity(@h)", "y = identity(@.h)"),
    ],
)
def test_not_equal_in_the_ring(one: str, two: str) -> None:
    """`tanh(-h) = -tanh(h)` is a law of tanh, not of the ring."""
    assert not same(one, two)


def test_a_matrix_is_additive_and_no_more() -> None:
    assert same("a = x + h; y = identity(@a)", "a = h + x; y = identity(@a)")
    assert not same("a = x * h; y = identity(@a)", "b = identity(@h); y = x * b")
    form = normal_form(graph("a = 2*x - h*h; y = identity(@a)", bias="without bias"))
    [output] = form.outputs
    assert sorted(output.values()) == [-1, 2]
    assert all(form.ring.atoms[monomial[0]].op == "linear" for monomial in output)


def test_what_cancels_is_gone() -> None:
    form = normal_form(graph("a = tanh(@x); b = a - a; y = tanh(@h, b)"))
    assert form.parameters == {"y.h", "y.bias"}
    assert {atom.op for atom in form.leaves(0)} == {"state"}


def test_a_law_can_be_given() -> None:
    def odd(ring: Ring, operand: Polynomial) -> Polynomial | None:
        """tanh(-a) = -tanh(a), where every coefficient is negative."""
        if not operand or max(operand.values()) > 0:
            return None
        return ring.sum({}, ring.apply("tanh", ring.sum({}, operand, scale=-1)), scale=-1)

    ring = Ring(laws={"tanh": [odd]})
    one, two = graph("y = tanh(-h)"), graph("y = -tanh(h)")
    assert normal_form(one, ring).outputs == normal_form(two, ring).outputs


@settings(max_examples=150, deadline=None)
@given(cells_of_any_space(max_nodes=7), st.randoms(use_true_random=False))
def test_rewritten_and_renamed_twins_are_equal(cell: Cell, rng: random.Random) -> None:
    original = expand(lower(cell))
    trees = terms_of(original)
    assume(sum(map(size, trees)) < 3000)
    twin = graph_of(tuple(rewritten(tree, rng) for tree in trees), original)
    names = [p.name for p in original.parameters]
    shuffled = [f"p{k}" for k in rng.sample(range(len(names)), len(names))]
    renaming = dict(zip(names, shuffled, strict=True))
    try:
        found = equal_up_to_renaming(original, renamed(twin, renaming))
    except OutOfBudget:
        return
    assert found is not None
    assert verify_renaming(original, renamed(twin, renaming), found)


def size(tree: Term) -> int:
    return 1 + sum(map(size, tree.operands))


@settings(max_examples=150, deadline=None)
@given(
    cells_of_any_space(max_nodes=7),
    st.randoms(use_true_random=False),
    st.integers(0, 2**32 - 1),
)
def test_an_edit_is_only_equal_where_the_numbers_agree(
    cell: Cell, rng: random.Random, seed: int
) -> None:
    original = expand(lower(cell))
    mutant = edited(original, rng)
    if mutant is None:
        return
    try:
        renaming = equal_up_to_renaming(original, mutant)
    except OutOfBudget:
        return
    if renaming is not None:
        assert agree(original, mutant, renaming, seed)
    elif original.parameters == ():
        assert canonical_form(original).digest != canonical_form(mutant).digest


def agree(one: Graph, two: Graph, renaming: dict[str, str], seed: int) -> bool:
    """At random points, with corresponding parameters equal."""
    generator = np.random.default_rng(seed)
    parameters = random_parameters(one, SIZE, SIZE, generator)
    others = random_parameters(two, SIZE, SIZE, generator)
    others |= {other: parameters[name] for name, other in renaming.items()}
    x, *states = generator.standard_normal((1 + len(one.states), 4, SIZE))
    pairs = zip(
        interpret(one, x, states, parameters), interpret(two, x, states, others), strict=True
    )
    return all(np.allclose(a, b, rtol=1e-9, atol=1e-9, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_no_single_edit_of_a_known_cell_is_equal(name: str) -> None:
    original = expand(lower(load(f"{name}.fen")))
    rng = random.Random(0)
    mutants = [edited(original, rng) for _ in range(60)]
    for mutant in mutants:
        assert mutant is not None
        assert equal_up_to_renaming(original, mutant) is None


def test_a_renaming_is_found_among_symmetric_parts() -> None:
    """Eight interchangeable nodes, and one that reads two of them."""
    body = "; ".join(f"a{k} = tanh(@x, @h)" for k in range(8))
    one = graph(f"{body}; b = a0 * a1; y = mean(a0, a1, a2, a3, a4, a5, a6, a7, b)")
    two = graph(f"{body}; b = a5 * a3; y = mean(a0, a1, a2, a3, a4, a5, a6, a7, b)")
    three = graph(f"{body}; b = a5 * a5; y = mean(a0, a1, a2, a3, a4, a5, a6, a7, b)")
    found = equal_up_to_renaming(one, two)
    assert found is not None
    assert {found["a0.x"], found["a1.x"]} == {"a5.x", "a3.x"}
    assert equal_up_to_renaming(one, three) is None


def test_coefficients_may_be_of_any_length() -> None:
    factors = "; ".join(f"a{k} = {'9' * 38} * a{k - 1}" for k in range(1, 200))
    long = graph(f"a0 = identity(h); {factors}; y = a199 + x")
    assert equal_up_to_renaming(long, long) == {}


def test_states_are_matched_by_position() -> None:
    one = graph("y = tanh(@x, @a); z = b + y", "(x, a, b) -> (y, z)")
    other_names = graph("z = tanh(@x, @b); y = c + z", "(x, b, c) -> (z, y)")
    swapped = graph("z = tanh(@x, @b); y = a + z", "(x, a, b) -> (y, z)")
    assert equal_up_to_renaming(one, other_names) is not None
    assert equal_up_to_renaming(one, swapped) is None


def test_shapes_must_agree() -> None:
    """A matrix for x is H by D, one for a copy of x is H by H: equal only where D = H anyway."""
    assert (
        equal_up_to_renaming(graph("y = tanh(@x, @h)"), graph("a = identity(x); y = tanh(@a, @h)"))
        is None
    )
    assert equal_up_to_renaming(
        graph("y = tanh(@x, @h) + x"), graph("a = identity(x); y = tanh(@a, @h) + x")
    )


def test_a_false_renaming_is_refused() -> None:
    gru = expand(lower(load("GRU.fen")))
    names = {p.name: p.name for p in gru.parameters}
    assert verify_renaming(gru, gru, names)
    assert not verify_renaming(gru, gru, {**names, "r.x": "z.x", "z.x": "r.x"})
    assert not verify_renaming(gru, gru, {**names, "r.x": "z.x"})


@pytest.mark.parametrize(
    "body",
    [
        "; ".join(f"a{k} = a{k - 1} * (a{k - 1} + h)" for k in range(1, 40)),
        "; ".join(f"a{k} = a{k - 1} * a{k - 1}" for k in range(1, 200)),
        "; ".join(f"a{k} = tanh_skip(a{k - 1}, h)" for k in range(1, 60)),
        "a1 = (a0 - a0) + 3; " + "; ".join(f"a{k} = a{k - 1} * a{k - 1}" for k in range(2, 300)),
    ],
)
def test_an_adversarial_cell_runs_out_of_budget_soon(body: str) -> None:
    last = body.rsplit("; ", 1)[1].split(" ")[0]
    adversary = graph(f"a0 = x + h; {body}; y = identity({last})")
    start = time.process_time()
    with pytest.raises(OutOfBudget):
        normal_form(adversary)
    assert time.process_time() - start < 1, "an order of magnitude above what it takes"


def test_the_digest_depends_on_no_hash_seed() -> None:
    code = (
        "from fenas_lang.check.loader import load;"
        "from fenas_lang.ir.lower import expand, lower;"
        "from fenas_lang.proof.renaming import canonical_form;"
        "print(canonical_form(expand(lower(load('GRU')))).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
