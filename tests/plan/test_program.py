"""The programs of the step, forward and backward, run slowly and judged by float64 autograd."""

from __future__ import annotations

import random
from pathlib import Path

import naive_torch
import numpy as np
import program_numpy
import pytest
import torch
from strategies import SHIPPED

from fenas_lang.check.loader import load, loads
from fenas_lang.ir.interpret import random_parameters, run
from fenas_lang.ir.lower import expand, lower
from fenas_lang.plan.program import GRADIENT
from fenas_lang.plan.reverse import HANDED, PARAMETER, STATE, reverse
from fenas_lang.plan.schedule import make_plan
from fenas_lang.plan.text import reverse_text
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

T, B, H = 3, 2, 4
CELLS = sorted(path.stem for path in (Path(__file__).parents[2] / "cells").glob("*.fen"))


def assert_close(mine: np.ndarray, theirs: torch.Tensor) -> None:
    scale = 1 + float(theirs.abs().max())
    np.testing.assert_allclose(mine, theirs.detach().numpy(), rtol=0, atol=1e-10 * scale)


def check(cell: Cell, seed: int = 0) -> None:
    """Values against the interpreter, gradients of states and of the loop against autograd."""
    flow = lower(cell)
    graph = expand(flow)
    rng = np.random.default_rng(seed)
    xs = rng.normal(size=(T, B, H))
    states = [rng.normal(size=(B, H)) for _ in graph.states]
    parameters = random_parameters(graph, H, H, rng)
    to_output = rng.normal(size=(T, B, H))
    to_states = [rng.normal(size=(B, H)) for _ in graph.states]

    leaves = [torch.tensor(s, requires_grad=True) for s in states]
    edges = {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
    output, finals = naive_torch.Run(flow, edges).sequence(torch.tensor(xs), leaves)
    total = (output * torch.tensor(to_output)).sum() + sum(0 * leaf.sum() for leaf in leaves)
    for final, weight in zip(finals, to_states, strict=True):
        total = total + (final * torch.tensor(weight)).sum()
    wanted = [*leaves, *edges.values()]
    gradients = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    if not all(g.isfinite().all() and g.abs().max() < 1e4 for g in gradients):
        return

    plan, memory = program_numpy.forward(graph, xs, states, parameters)
    expected, ends = run(graph, xs, states, parameters)
    held = memory.held
    for t in range(T):
        np.testing.assert_allclose(held[STATE, 0, t + 1], expected[t], atol=1e-12)
    for k, end in enumerate(ends):
        np.testing.assert_allclose(held[STATE, k, T], end, atol=1e-12)

    program_numpy.backward(plan, memory, to_output, to_states)
    for k in range(len(states)):
        assert_close(held[GRADIENT + STATE, k, 0], gradients[k])
    by_name = dict(zip(edges, gradients[len(leaves) :], strict=True))
    for name, gradient in program_numpy.edge_gradients(plan, memory, T).items():
        assert_close(gradient, by_name[name])
    for name in {str(key[1]) for key in held if key[0] == GRADIENT + PARAMETER}:
        rows = np.concatenate([held[GRADIENT + PARAMETER, name, t] for t in range(T)])
        hoisted = any(
            plan.graph.nodes[k].op in ("param", "elementwise_weight")
            and plan.graph.nodes[k].attribute == name
            for level in plan.before
            for node in level.computed
            for k in (node, *plan.graph.nodes[node].operands)
        )
        if not hoisted:
            assert_close(rows.sum(0), by_name[name])


@pytest.mark.parametrize("name", CELLS)
def test_shipped_cells(name: str) -> None:
    check(load(name))


@pytest.mark.parametrize("space", SHIPPED)
@pytest.mark.parametrize("seed", range(15))
def test_random_cells(space: str, seed: int) -> None:
    check(sample(load_space(space), rng=random.Random(seed)), seed)


def test_what_is_hoisted_gets_its_gradient() -> None:
    graph = expand(lower(loads("cell C(x, h) -> n { n = tanh(@x, @h) }")))
    plan = make_plan(graph)
    backwards = reverse(plan)
    handed = [role.of for role in backwards.results if role.kind == HANDED]
    assert handed == list(plan.handed) and len(handed) == 1


@pytest.mark.parametrize(
    "text",
    [
        "cell C(x, h) -> n { n = identity(x) }",
        "cell C in open (x, h) -> x { }",
        "cell C in open (x, h, c) -> (c, h) { }",
        "cell C in open (x, h, c) -> (n, n) { n = tanh(@h, @c, x) }",
        "cell C in open (x, h) -> n { n = h * h + 2 * h - (-h) }",
        "cell C in open (x, h, c) -> (n, x) { n = tanh(@x) }",
    ],
)
def test_outputs_of_every_kind(text: str) -> None:
    check(loads(text))


def test_cheap_values_are_computed_again() -> None:
    plan = make_plan(expand(lower(load("GRU"))))
    names = dict(plan.graph.values)
    saved = set(reverse(plan).saved)
    assert {names["r"], names["z"], names["n"], names["u"]} == saved


def test_a_memory_cell_saves_its_gates_and_one_tanh() -> None:
    plan = make_plan(expand(lower(load("LSTM"))))
    names = dict(plan.graph.values)
    assert {names[n] for n in "ifgot"} == set(reverse(plan).saved)


def test_the_way_back_reads_as_text() -> None:
    plan = make_plan(expand(lower(loads("cell C(x, h) -> n { n = tanh(@x, @h) }"))))
    text = reverse_text(plan, reverse(plan))
    assert text.startswith("saved for the way back: n\n")
    assert "d h = n.h transposed" not in text.split("product of")[0]
    assert "gradient of edge n.h = " in text and "gradient of state h = d h\n" in text
