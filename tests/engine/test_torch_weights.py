"""Weights of PyTorch's layers in layers of equal cells, and back: same outputs, same gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import fenas_lang as fen
from fenas_lang.diagnostics import FenError

D, H, T, B = 3, 4, 6, 2
TOLERANCE = 1e-12
CASES = (
    ("LSTM", nn.LSTM, {}),
    ("GRU", nn.GRU, {}),
    ("RNN", nn.RNN, {}),
    ("IRNN", nn.RNN, {"nonlinearity": "relu"}),
)
SHAPES = ({}, {"num_layers": 2, "bidirectional": True}, {"num_layers": 2}, {"bidirectional": True})


def flat(state: Any) -> list[torch.Tensor]:
    return list(state) if isinstance(state, tuple) else [state]


def assert_same(one: nn.Module, two: nn.Module) -> None:
    """Outputs, last states, and the gradient of a function of them by the input."""
    x = torch.randn(T, B, D, dtype=torch.float64)
    results = []
    for module in (one, two):
        given = x.clone().requires_grad_()
        y, state = module(given)
        total = (y * torch.arange(y.numel()).view_as(y)).sum() + sum(s.sum() for s in flat(state))
        (gradient,) = torch.autograd.grad(total, given)
        results.append([y, *flat(state), gradient])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("name", "kind", "options"), CASES, ids=[c[0] for c in CASES])
def test_weights_go_both_ways(
    name: str, kind: type[nn.RNNBase], options: dict[str, Any], shape: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    reference = kind(D, H, dtype=torch.float64, **options, **shape)
    layer = fen.compile(name, D, H, dtype=torch.float64, **shape)
    layer.load_torch(reference)
    assert_same(layer, reference)
    back = layer.to_torch()
    assert type(back) is kind
    assert_same(layer, back)
    assert all(not p.any() for n, p in back.named_parameters() if n.startswith("bias_hh")) or (
        kind is nn.GRU
    )


@pytest.mark.parametrize(("name", "kind", "options"), CASES, ids=[c[0] for c in CASES])
def test_gradients_of_weights_agree(
    name: str, kind: type[nn.RNNBase], options: dict[str, Any]
) -> None:
    torch.manual_seed(1)
    layer = fen.compile(name, D, H, dtype=torch.float64)
    reference = layer.to_torch()
    x = torch.randn(T, B, D, dtype=torch.float64)
    for module in (layer, reference):
        module(x)[0].square().sum().backward()
    other = fen.compile(name, D, H, dtype=torch.float64)
    for p in reference.parameters():
        p.data.copy_(p.grad)
    if kind is not nn.GRU:
        reference.bias_hh_l0.data.zero_()
    else:
        reference.bias_hh_l0.data[: 2 * H].zero_()
    other.load_torch(reference)
    gradients = {name: p.grad for name, p in layer.edges().items()}
    for edge, value in other.edges().items():
        torch.testing.assert_close(value.detach(), gradients[edge], rtol=1e-11, atol=TOLERANCE)


def test_a_spelling_of_its_own() -> None:
    cell = fen.loads(
        "cell Mine(x, h) -> y { q = sigmoid(@h, @x); s = sigmoid(@x, @h); u = identity(@h);"
        " n = tanh(identity(@x) + s*u); y = n + q*(h - n) }"
    )
    reference = nn.GRU(D, H, dtype=torch.float64)
    layer = fen.compile(cell, D, H, dtype=torch.float64)
    layer.load_torch(reference)
    assert_same(layer, reference)


def test_a_layer_without_biases() -> None:
    reference = nn.LSTM(D, H, bias=False, dtype=torch.float64)
    layer = fen.compile("LSTM", D, H, dtype=torch.float64)
    layer.load_torch(reference)
    assert_same(layer, reference)


@pytest.mark.parametrize(
    ("cell", "module"),
    [
        ("LSTM", nn.GRU(D, H)),
        ("RNN", nn.RNN(D, H, nonlinearity="relu")),
        ("GRU", nn.GRU(D, H + 1)),
        ("GRU", nn.GRU(D, H, num_layers=2)),
        ("LSTM", nn.LSTM(D, H, proj_size=2)),
        ("NBNLP_LSTM", nn.LSTM(D, H)),
        ("LSTM", nn.Linear(D, H)),
    ],
)
def test_what_is_not_that_layer(cell: str, module: nn.Module) -> None:
    with pytest.raises(FenError) as caught:
        fen.compile(cell, D, H).load_torch(module)
    assert caught.value.diagnostics[0].code == "FEN604"
