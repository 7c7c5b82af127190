"""Every peer computes what the cell means, and says so where it cannot."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch

from fenas_lang import registry
from fenas_lang.bench import engine
from fenas_lang.bench.agreement import Agreement
from fenas_lang.bench.bench import PEERS
from fenas_lang.bench.naive import naive_loop
from fenas_lang.bench.peers import _jax_plan
from fenas_lang.bench.problem import Candidate, Problem, Unavailable, pose
from fenas_lang.bench.settings import INFERENCE, STEPS, TRAIN, Settings
from fenas_lang.bench.shapes import shapes
from fenas_lang.check.loader import loads
from fenas_lang.functions import FUNCTIONS
from fenas_lang.ir.interpret import run
from fenas_lang.primitives import ELEMENTWISE

Make = Callable[..., Problem]

SPACES = ("fenas", "enas", "darts", "nas_bench_nlp", "open")
needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="jax is an optional peer: extra `bench`"
)


def peer(name: str, problem: Problem) -> Candidate:
    made: Candidate = import_module(f"{PEERS}.{name}").candidate(problem)
    return made


def differs(problem: Problem, candidate: Candidate) -> str:
    return Agreement(problem).problem_of(candidate)


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_engine_torch_and_eager_agree(problem: Make, space: str, dtype: str) -> None:
    for seed in range(3):
        posed = problem(seed, space=space, settings=Settings(runs=1, dtype=dtype))
        agreement = Agreement(posed)
        for candidate in (engine.candidate(posed), peer("torch", posed), peer("eager", posed)):
            assert not agreement.finite or agreement.problem_of(candidate) == ""


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if "mean" not in name])
def test_the_naive_loop_is_what_the_interpreter_says(function: str) -> None:
    definition = FUNCTIONS[function]
    arguments = {"atomic": "x, h", "skip": "h", "activation": "@x, @.h, 0.5"}[definition.kind]
    if definition.max_arity == 1:
        arguments = "h"
    infix = {"add": "x + h", "sub": "x - h", "mul": "x * h", "neg": "-h"}.get(function)
    value = infix or f"{function}({arguments})"
    text = f"cell Open in open (x, h) -> n {{ n = {value} }}"
    posed = pose(loads(text), shapes("6,2,4")[0], Settings(dtype="float64"))
    ours = naive_loop(posed.dataflow)(posed.x, posed.states(), posed.edges)
    edges = {name: edge.numpy() for name, edge in posed.edges.items()}
    states = [state.numpy() for state in posed.states()]
    theirs, _ = run(posed.graph, posed.x.numpy(), states, edges)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name, cell", [("lstm", "LSTM"), ("gru", "GRU")])
def test_a_layer_of_torch_has_the_cells_weights(problem: Make, name: str, cell: str) -> None:
    posed = problem(cell, "8,3,4,5")
    assert peer(name, posed).same
    assert differs(posed, peer(name, posed)) == ""


def test_beside_another_cell_it_is_said_to_be_another(problem: Make) -> None:
    assert not peer("gru", problem("LSTM")).same


@needs_jax
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cell, space", [("LSTM", "fenas"), (1, "enas"), (0, "open")])
def test_jax_agrees(problem: Make, cell: str | int, space: str) -> None:
    posed = problem(cell, "7,2,3", space=space)
    assert differs(posed, peer("jax", posed)) == ""


@needs_jax
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("space", SPACES)
def test_jax_agrees_on_random_cells(problem: Make, space: str) -> None:
    for seed in range(10):
        posed = problem(seed, "7,2,3", space=space)
        assert not Agreement(posed).finite or differs(posed, peer("jax", posed)) == ""


@needs_jax
def test_jax_has_a_row_for_each_primitive() -> None:
    assert set(_jax_plan.operations()) == ELEMENTWISE


def test_a_missing_package_is_a_reason(problem: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jax", "onnxruntime"):
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(Unavailable, match=f"{name} is not installed"):
            peer(name, problem())


def test_without_a_compiler_there_is_no_compile(
    problem: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unavailable, match="compiler"):
        peer("compile", problem())


def test_what_is_compiled_agrees(problem: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda function, dynamic: function)
    posed = problem("LSTM", "8,3,4,5")
    candidate = peer("compile", posed)
    assert differs(posed, candidate) == ""
    assert {part.split(": the ")[1] for part in candidate.note.split(", ")} <= {"step", "loop"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compile_agrees(problem: Make) -> None:
    posed = problem("GRU", "3,2,4")
    candidate = peer("compile", posed)
    assert differs(posed, candidate) == "" and candidate.seconds > 0


@pytest.mark.parametrize("value", ["tanh(@h)", "tanh(x)", "-h"])
def test_cells_that_ignore_something_can_be_compared(value: str) -> None:
    cell = loads(f"cell C in open (x, h) -> n {{ n = {value} }}")
    posed = pose(cell, shapes("8,2,4")[0], Settings())
    for candidate in (engine.candidate(posed), peer("torch", posed), peer("eager", posed)):
        assert differs(posed, candidate) == ""


def test_a_wrong_candidate_is_found(problem: Make) -> None:
    posed = problem()
    wrong = replace(posed, edges={**posed.edges, "f.bias": posed.edges["f.bias"] + 0.1})
    assert "computes something else" in differs(posed, engine.candidate(wrong))


def test_late_steps_do_not_matter(problem: Make) -> None:
    posed = problem()
    later = posed.x.clone()
    later[6:] += 1
    assert differs(posed, engine.candidate(replace(posed, x=later))) == ""


def test_nan_never_agrees(problem: Make) -> None:
    posed = problem()
    broken = torch.full_like(posed.x, torch.nan)
    assert differs(posed, Candidate("broken", lambda: (broken,), None)) != ""


def test_every_peer_says_what_it_runs() -> None:
    for name in registry.discover(PEERS):
        assert callable(import_module(f"{PEERS}.{name}").candidate)


def test_a_candidate_without_training_has_none() -> None:
    candidate = Candidate("only inference", lambda: ())
    assert [candidate.run(step) is None for step in STEPS] == [step == TRAIN for step in STEPS]
    assert candidate.run(INFERENCE) is not None
