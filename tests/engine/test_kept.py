"""Inference packs weights once, and sees every change of them."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from fenas_lang.check.loader import load, loads
from fenas_lang.engine import kernel
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile

pytestmark = pytest.mark.skipif(kernel.shared_object() is None, reason="the kernel was not built")

X = torch.linspace(-1, 1, 2 * 3 * 4).view(2, 3, 4)


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gets an element whenever weights are packed."""
    done: list[int] = []
    pack = kernel.Routine.pack

    def counted(*arguments: object) -> Tensor:
        done.append(1)
        return pack(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(kernel.Routine, "pack", counted)
    return done


def infer(layer: CompiledLayer) -> Tensor:
    with torch.no_grad():
        output: Tensor = layer(X)[0]
    return output


def afresh(layer: CompiledLayer) -> Tensor:
    """What a layer of the same weights gives that has kept nothing."""
    new = compile(layer.cell, 4, 4, layer.num_layers, bidirectional=layer.bidirectional)
    new.load_edges(layer.edges())
    return infer(new)


def test_weights_are_packed_once_for_each_layer_and_direction(packs: list[int]) -> None:
    layer = compile(load("GRU"), 4, 4, num_layers=2, bidirectional=True)
    first = infer(layer)
    assert len(packs) == 4
    assert torch.equal(infer(layer), first)
    assert len(packs) == 4


def test_also_without_no_grad_where_nothing_is_trained(packs: list[int]) -> None:
    layer = compile(load("GRU"), 4, 4).requires_grad_(False)
    layer(X), layer(X)
    assert len(packs) == 1


def weight(layer: CompiledLayer) -> nn.Parameter:
    found = layer.edges()["u.h_prev"]
    assert isinstance(found, nn.Parameter)
    return found


def step_of_an_optimizer(layer: CompiledLayer) -> None:
    layer(X)[0].sum().backward()
    torch.optim.SGD(layer.parameters(), 0.5).step()


def in_place(layer: CompiledLayer) -> None:
    with torch.no_grad():
        weight(layer).mul_(2)


def through_data(layer: CompiledLayer) -> None:
    weight(layer).data.mul_(2)


def one_value_through_numpy(layer: CompiledLayer) -> None:
    weight(layer).detach().numpy()[1, 2] += 0.5


def two_values_swapped(layer: CompiledLayer) -> None:
    values = weight(layer).data.view(-1)
    values[:2] = values[:2].flip(0)


def new_data(layer: CompiledLayer) -> None:
    weight(layer).data = torch.randn(4, 4)


def new_state(layer: CompiledLayer) -> None:
    layer.load_state_dict(compile(layer.cell, 4, 4).state_dict())


def new_parameter(layer: CompiledLayer) -> None:
    layer.edge__u__h_prev = nn.Parameter(torch.randn(4, 4))


def weight_of_the_input(layer: CompiledLayer) -> None:
    layer.edges()["r.x"].data.mul_(2)


def bias_of_the_input(layer: CompiledLayer) -> None:
    layer.edges()["r.bias"].data.add_(2)


CHANGES = [
    step_of_an_optimizer,
    in_place,
    through_data,
    one_value_through_numpy,
    two_values_swapped,
    new_data,
    new_state,
    new_parameter,
    weight_of_the_input,
    bias_of_the_input,
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_seen(change: Callable[[CompiledLayer], None]) -> None:
    layer = compile(load("GRU"), 4, 4)
    before = infer(layer)
    change(layer)
    after = infer(layer)
    assert not torch.equal(after, before)
    assert torch.equal(after, afresh(layer))


def test_a_change_of_type_is_seen() -> None:
    layer = compile(load("GRU"), 4, 4)
    infer(layer)
    layer.double()
    with torch.no_grad():
        assert layer(X.double())[0].dtype == torch.float64
    layer.float()
    assert torch.equal(infer(layer), afresh(layer))


def test_what_is_kept_is_not_pickled_nor_copied(packs: list[int]) -> None:
    layer = compile(load("GRU"), 4, 4)
    size = len(pickle.dumps(layer))
    expected = infer(layer)
    assert len(pickle.dumps(layer)) - size < 200
    for copied in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        packs.clear()
        assert torch.equal(infer(copied), expected)
        assert len(packs) == 1


def test_no_weight_is_kept_alive() -> None:
    layer = compile(load("GRU"), 4, 4)
    infer(layer)
    old = weakref.ref(weight(layer))
    new_parameter(layer)
    gc.collect()
    assert old() is None


def test_inference_mode() -> None:
    layer = compile(load("GRU"), 4, 4)
    with torch.inference_mode():
        made = compile(load("GRU"), 4, 4)
        inside = layer(X)[0]
        assert torch.equal(made(X)[0], afresh(made))
    assert torch.equal(infer(layer), inside)
    assert layer(X)[0].requires_grad
    assert torch.equal(layer.requires_grad_(False)(X)[0], inside)


@pytest.mark.parametrize("name", ["GRU", "LSTM", "ENAS"])
def test_with_masks_and_without_in_turn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(load(name), 4, 4, variational={"x": 0.5, "h": 0.5, "edges": 0.5})
    found: dict[str, list[Tensor]] = {}
    for backend in ("", "torch"):
        monkeypatch.setenv("FENAS_BACKEND", backend)
        torch.manual_seed(0)
        found[backend] = [infer(layer.train(k % 2 == 0)) for k in range(4)]
    torch.testing.assert_close(found[""], found["torch"])


def test_weights_in_any_order_of_memory() -> None:
    layer = compile(load("GRU"), 4, 4)
    expected = infer(layer)
    weight(layer).data = weight(layer).data.t().contiguous().t()
    assert torch.equal(infer(layer), expected)
    weight(layer).data.mul_(2)
    assert torch.equal(infer(layer), afresh(layer))


def test_a_cell_without_weights_takes_inputs_of_any_type() -> None:
    layer = compile(loads("cell C in open (x, h) -> n { n = x + h }"), 4, 4)
    for dtype in (torch.float32, torch.float64):
        assert layer(X.to(dtype))[0].dtype == dtype
        torch.testing.assert_close(layer(X.to(dtype))[0], X.to(dtype).cumsum(0))


@pytest.mark.parametrize("size", [1, 5, 64, 100])
def test_a_signature_tells_any_single_change(size: int) -> None:
    values = torch.randn(size)
    before = kernel.signature([values, X])
    assert kernel.signature([values.clone(), X]) == before
    for k in range(size):
        changed = values.clone()
        changed[k] = torch.nextafter(values[k], torch.tensor(9.0))
        assert kernel.signature([changed, X]) != before
