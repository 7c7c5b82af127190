"""The native engine: values and gradients judged by float64 autograd, with poisoned memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import naive_torch
import pytest
import torch
from judging import JUDGED, instruction_set, judge, poisoned
from torch import Tensor, nn
from trials import Trial, instruction_sets

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.engine import kernel
from fenas_lang.engine.layer import compile
from fenas_lang.engine.threads import torch_threads
from fenas_lang.ir.lower import lower
from fenas_lang.plan.program import COPY
from fenas_lang.plan.reverse import GATE
from fenas_lang.primitives import ELEMENTWISE

pytestmark = pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built")

SHAPES = [(5, 3, 17), (1, 1, 1), (2, 51, 33)]
"""T, B, H: partial tiles and blocks, more rows than a block, a single one."""


each_isa = pytest.mark.parametrize("isa", instruction_sets())


@pytest.fixture(autouse=True)
def poisoned_memory() -> Iterator[None]:
    with poisoned():
        yield


def trial(name: str, time: int, batch: int, size: int, **changes: Any) -> Trial:
    cell = load(name)
    features = size if lower(cell).forces_square else 6
    return Trial(cell, time, batch, size, features, **changes)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", shipped_cells())
def test_shipped_cells(name: str, shape: tuple[int, int, int]) -> None:
    assert judge(trial(name, *shape)) == JUDGED


def test_every_primitive_has_its_operation() -> None:
    assert set(kernel.OPERATIONS) == ELEMENTWISE | {COPY, GATE}


@each_isa
@pytest.mark.parametrize("shape", [(3, 7, 19), (2, 49, 33)], ids=str)
@pytest.mark.parametrize("name", ["LSTM", "ENAS", "subLSTM", "IndRNN"])
def test_every_instruction_set(name: str, shape: tuple[int, int, int], isa: int) -> None:
    for count in (1, 2):
        assert judge(trial(name, *shape, isa=isa, threads=count)) == JUDGED


FUNCTIONS = ["tanh", "sigmoid", "relu", "exp", "sin", "cos", "erf", "softplus", "gelu", "elu"]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@each_isa
def test_functions_to_a_few_units_in_the_last_place(
    function: str, dtype: torch.dtype, isa: int
) -> None:
    layer = compile(loads(f"cell C in open (x, h) -> n {{ n = {function}(h) }}"), 8, 8, dtype=dtype)
    grid = torch.cat([torch.linspace(-30, 30, 3968), torch.logspace(-30, 1, 32)]).to(dtype)
    x = torch.zeros(1, 500, 8, dtype=dtype)
    with instruction_set(isa):
        found = layer(x, grid.view(1, 500, 8))[0].double().flatten()
    expected = naive_torch.ACTIVATIONS[function](grid.double())
    unit = torch.finfo(dtype).eps
    allowed = 6 * unit * expected.abs() + (unit if function not in ("tanh", "exp") else 0)
    assert ((found - expected).abs() <= allowed).all()


@each_isa
@pytest.mark.parametrize("function", ["tanh", "sigmoid", "relu", "exp", "sin", "erf"])
def test_what_is_not_finite_passes_as_in_torch(function: str, isa: int) -> None:
    layer = compile(loads(f"cell C in open (x, h) -> n {{ n = {function}(h) }}"), 5, 5)
    h = torch.tensor([torch.nan, torch.inf, -torch.inf, 1e30, -1e30]).view(1, 1, 5)
    expected = naive_torch.ACTIVATIONS[function](h)
    with instruction_set(isa):
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


STACKS: list[dict[str, Any]] = [{"num_layers": 2, "bidirectional": True}, {"bias": False}]


@pytest.mark.parametrize("options", STACKS, ids=str)
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_stacks(name: str, options: dict[str, Any]) -> None:
    assert judge(trial(name, 6, 3, 9, options=options)) == JUDGED


def test_the_environment_chooses_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load("GRU"), 4, 4)
    assert layer.backend == "native"
    monkeypatch.setenv("FENAS_BACKEND", "torch")
    assert layer.backend == "torch"


def test_without_the_kernel_it_runs_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenas_lang.engine.serving.shared_object", lambda: None)
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
    with torch_threads(count):
        return run()


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
