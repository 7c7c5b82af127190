"""The native engine: values and gradients judged by float64 autograd, with poisoned memory."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import naive_torch
import pytest
import torch
from strategies import SHIPPED
from torch import Tensor, nn

from fenas_lang.check.loader import load, loads
from fenas_lang.engine import kernel, loop
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile
from fenas_lang.ir.lower import lower
from fenas_lang.plan.program import COPY
from fenas_lang.primitives import ELEMENTWISE
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

pytestmark = pytest.mark.skipif(kernel.library() is None, reason="the kernel was not built")

CELLS = sorted(path.stem for path in (Path(__file__).parents[2] / "cells").glob("*.fen"))
SHAPES = [(5, 3, 17), (1, 1, 1), (2, 51, 33)]
"""T, B, H: partial tiles and blocks, more rows than a block, a single one."""


@pytest.fixture(autouse=True)
def poisoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "POISONED", True)


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"])
def threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def random_states(layer: CompiledLayer, batch: int) -> list[Tensor]:
    runs = len(layer._prefixes())
    shape = (runs, batch, layer.hidden_size)
    like = next(layer.parameters(), torch.zeros((), dtype=torch.float64))
    return [torch.randn(shape, dtype=like.dtype, requires_grad=True) for _ in layer.state_names]


def as_argument(states: list[Tensor]) -> Tensor | tuple[Tensor, ...]:
    return states[0] if len(states) == 1 else tuple(states)


def total(output: Tensor, finals: list[Tensor]) -> Tensor:
    weights = torch.linspace(0.5, 1.5, output.numel(), dtype=output.dtype).view(output.shape)
    return (output * weights).sum() + sum((final**2).sum() for final in finals)


def everything(layer: CompiledLayer, x: Tensor, states: list[Tensor]) -> list[Tensor]:
    """Output, final states, and the gradients of x, the initial states and all parameters."""
    output, final = layer(x, as_argument(states))
    finals = [final] if isinstance(final, Tensor) else list(final)
    wanted = [x, *states, *layer.edges().values()]
    return [output, *finals, *gradients(total(output, finals), wanted)]


def gradients(value: Tensor, wanted: list[Tensor]) -> list[Tensor]:
    anyway = value + sum(0 * w.sum() for w in wanted)
    return list(torch.autograd.grad(anyway, wanted))


def naive(layer: CompiledLayer, cell: Cell, x: Tensor, states: list[Tensor]) -> list[Tensor]:
    """The same of a single layer, by the loop that knows nothing of plans."""
    run = naive_torch.Run(lower(cell), layer.edges())
    output, finals = run.sequence(x, [state[0] for state in states])
    finals = [final.unsqueeze(0) for final in finals]
    wanted = [x, *states, *layer.edges().values()]
    return [output, *finals, *gradients(total(output, finals), wanted)]


def input_size(cell: Cell, hidden_size: int) -> int:
    return hidden_size if lower(cell).forces_square else 6


def judge(cell: Cell, shape: tuple[int, int, int], seed: int = 0) -> bool:
    """Whether the cell was judged; chaotic and overflowing ones cannot be."""
    time, batch, size = shape
    torch.manual_seed(seed)
    wide = compile(cell, input_size(cell, size), size, dtype=torch.float64)
    assert wide.backend == "native"
    x = torch.randn(time, batch, wide.input_size, dtype=torch.float64, requires_grad=True)
    states = random_states(wide, batch)
    expected = naive(wide, cell, x, states)
    moved = (x * (1 + 2**-52)).detach().requires_grad_()
    again = naive(wide, cell, moved, states)
    if not all(e.isfinite().all() for e in expected) or difference(again, expected) > 1e-11:
        return False
    assert difference(everything(wide, x, states), expected) < 1e-10
    narrow = compile(cell, wide.input_size, size)
    narrow.load_edges(wide.edges())
    x32, states32 = single(x), [single(state) for state in states]
    eager = naive(narrow, cell, x32, states32)
    if not all(e.isfinite().all() for e in eager):
        return True  # in double precision, that is: single precision overflows
    allowed = max(1e-4, 4 * difference(eager, expected))
    assert difference(everything(narrow, x32, states32), expected) < allowed
    return True


def single(value: Tensor) -> Tensor:
    return value.detach().float().requires_grad_()


def difference(found: list[Tensor], expected: list[Tensor]) -> float:
    """The greatest, each relative to 1 + the size of what is expected; NaN where any is."""
    parts = [
        (f.double() - e.double()).abs().max() / (1 + e.double().abs().max())
        for f, e in zip(found, expected, strict=True)
    ]
    return float(torch.stack(parts).detach().max())


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_shipped_cells(name: str, shape: tuple[int, int, int]) -> None:
    assert judge(load(name), shape)


@pytest.mark.parametrize("space", SHIPPED)
def test_random_cells(space: str, threads: None) -> None:
    chosen = load_space(space)
    judged = [
        judge(sample(chosen, rng=random.Random(seed)), SHAPES[seed % len(SHAPES)], seed)
        for seed in range(20)
    ]
    assert sum(judged) >= 0.9 * len(judged)


def test_every_primitive_has_its_operation() -> None:
    assert set(kernel.OPERATIONS) == ELEMENTWISE | {COPY}


@pytest.mark.parametrize("isa", [0, 1, 2])
@pytest.mark.parametrize("name", ["LSTM", "ENAS", "subLSTM"])
def test_every_instruction_set(name: str, isa: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An instruction set that is not here falls back to the best one that is."""
    monkeypatch.setattr(kernel, "BEST_TESTED", isa)
    assert judge(load(name), (3, 7, 19))


FUNCTIONS = ["tanh", "sigmoid", "relu", "exp", "sin", "cos", "erf", "softplus", "gelu", "elu"]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_functions_to_a_few_units_in_the_last_place(function: str, dtype: torch.dtype) -> None:
    layer = compile(loads(f"cell C in open (x, h) -> n {{ n = {function}(h) }}"), 8, 8, dtype=dtype)
    grid = torch.cat([torch.linspace(-30, 30, 3968), torch.logspace(-30, 1, 32)]).to(dtype)
    x = torch.zeros(1, 500, 8, dtype=dtype)
    found = layer(x, grid.view(1, 500, 8))[0].double().flatten()
    expected = naive_torch.ACTIVATIONS[function](grid.double())
    unit = torch.finfo(dtype).eps
    allowed = 6 * unit * expected.abs() + (unit if function not in ("tanh", "exp") else 0)
    assert ((found - expected).abs() <= allowed).all()


@pytest.mark.parametrize("function", ["tanh", "sigmoid", "relu", "exp"])
def test_what_is_not_finite_passes_as_in_torch(function: str) -> None:
    layer = compile(loads(f"cell C in open (x, h) -> n {{ n = {function}(h) }}"), 5, 5)
    h = torch.tensor([torch.nan, torch.inf, -torch.inf, 1e30, -1e30]).view(1, 1, 5)
    expected = naive_torch.ACTIVATIONS[function](h)
    torch.testing.assert_close(layer(torch.zeros(1, 1, 5), h)[0], expected, equal_nan=True)


def test_it_agrees_with_nn_lstm() -> None:
    ours, theirs = compile(load("LSTM"), 6, 10), nn.LSTM(6, 10)
    edges = ours.edges()
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.cat([edges[f"{n}.x"] for n in "ifgo"]))
        theirs.weight_hh_l0.copy_(torch.cat([edges[f"{n}.h_prev"] for n in "ifgo"]))
        theirs.bias_ih_l0.copy_(torch.cat([edges[f"{n}.bias"] for n in "ifgo"]))
        theirs.bias_hh_l0.zero_()
    x = torch.randn(7, 3, 6)
    torch.testing.assert_close(ours(x)[0], theirs(x)[0])


def both(layer: CompiledLayer, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> list[list[Tensor]]:
    states = random_states(layer, x.shape[1])
    found = []
    for backend in ("", "torch"):
        monkeypatch.setenv("FENAS_BACKEND", backend)
        found.append(everything(layer, x, states))
    return found


def test_layers_and_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load("LSTM"), 4, 9, num_layers=2, bidirectional=True, dtype=torch.float64)
    x = torch.randn(6, 3, 4, dtype=torch.float64, requires_grad=True)
    ours, theirs = both(layer, x, monkeypatch)
    assert difference(ours, theirs) < 1e-12


def test_without_biases(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load("GRU"), 4, 9, bias=False, dtype=torch.float64)
    x = torch.randn(6, 3, 4, dtype=torch.float64, requires_grad=True)
    ours, theirs = both(layer, x, monkeypatch)
    assert difference(ours, theirs) < 1e-12


def test_the_environment_chooses_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load("GRU"), 4, 4)
    assert layer.backend == "native"
    monkeypatch.setenv("FENAS_BACKEND", "torch")
    assert layer.backend == "torch"


def test_without_the_kernel_it_runs_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenas_lang.engine.serving.library", lambda: None)
    layer = compile(load("GRU"), 4, 4)
    assert layer.backend == "torch"
    assert layer(torch.randn(2, 3, 4))[0].shape == (2, 3, 4)


def test_other_types_run_in_torch() -> None:
    layer = compile(load("GRU"), 4, 4, dtype=torch.bfloat16)
    assert layer.backend == "torch"
    assert layer(torch.randn(2, 3, 4, dtype=torch.bfloat16))[0].dtype == torch.bfloat16


def test_gradients_only_where_wanted() -> None:
    layer = compile(load("GRU"), 4, 4)
    x = torch.randn(2, 3, 4)
    layer.edges()["r.x"].requires_grad_(False)
    layer(x)[0].sum().backward()
    assert x.grad is None and layer.edges()["r.x"].grad is None
    assert layer.edges()["z.x"].grad is not None
    with torch.no_grad():
        assert not layer(x)[0].requires_grad


def test_frozen_layers_pass_gradients_on() -> None:
    layer = compile(load("GRU"), 4, 4).requires_grad_(False)
    x = torch.randn(2, 3, 4, requires_grad=True)
    layer(x)[0].sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


def test_a_second_derivative_is_refused() -> None:
    layer = compile(load("GRU"), 4, 4)
    x = torch.randn(2, 3, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[0].sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="twice"):
        gradient.sum().backward()


def test_weights_changed_in_place_are_seen() -> None:
    layer = compile(load("GRU"), 4, 4)
    x = torch.randn(2, 3, 4)
    before = layer(x)[0]
    with torch.no_grad():
        layer.edges()["u.h_prev"].add_(1)
    assert not torch.equal(layer(x)[0], before)


def test_weights_changed_before_the_way_back_are_an_error() -> None:
    layer = compile(load("GRU"), 4, 4)
    output = layer(torch.randn(2, 3, 4))[0]
    with torch.no_grad():
        layer.edges()["u.h_prev"].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


def test_the_output_is_the_users_own() -> None:
    layer = compile(load("GRU"), 4, 4)
    output, state = layer(torch.randn(2, 3, 4))
    assert output.is_contiguous()
    expected = state.clone()
    with torch.no_grad():
        output.zero_()
    assert torch.equal(state, expected)


def test_strides_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load("LSTM"), 4, 4, batch_first=True, dtype=torch.float64)
    x = torch.randn(4, 3, 5, dtype=torch.float64).permute(1, 2, 0).requires_grad_()
    states = [s.expand(1, 3, 4) for s in torch.randn(2, 1, 1, 4, dtype=torch.float64)]
    ours = layer(x, tuple(states))[0]
    monkeypatch.setenv("FENAS_BACKEND", "torch")
    torch.testing.assert_close(layer(x, tuple(states))[0], ours)


def with_threads(count: int, run: Callable[[], list[Tensor]]) -> list[Tensor]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        return run()
    finally:
        torch.set_num_threads(before)


OWN_THREADS = (None, None)


@pytest.mark.parametrize("openmp", [True, False], ids=["torch's threads", "threads of our own"])
@pytest.mark.parametrize("shape", [(3, 50, 33), (4, 2, 200), (3, 1, 330)], ids=str)
@pytest.mark.parametrize("name", ["LSTM", "DARTS_V2"])
def test_the_same_with_any_number_of_threads(
    name: str, shape: tuple[int, int, int], openmp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many rows are shared out by rows, few wide ones by columns."""
    if not openmp:
        monkeypatch.setattr(kernel, "_parallel", lambda: OWN_THREADS)
    time, batch, size = shape
    layer = compile(load(name), size, size)
    x = torch.randn(time, batch, size, requires_grad=True)

    def run() -> list[Tensor]:
        output, _ = layer(x)
        return [output, *torch.autograd.grad(output.sum(), [x, *layer.parameters()])]

    alone = with_threads(1, run)
    for count in (2, 3):
        for found, expected in zip(with_threads(count, run), alone, strict=True):
            torch.testing.assert_close(found, expected)
