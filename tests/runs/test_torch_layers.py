"""PyTorch's layers with one bias: the parameters, the beginning and the losses of their cells."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from fenas_lang import runs
from fenas_lang.diagnostics import FenError
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.runs.directory import Directory
from fenas_lang.runs.layers import KINDS, torch_layer

LAYOUTS: list[dict[str, Any]] = [
    {"num_layers": 1},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_values_and_the_same_draws_after(kind: str, layout: dict[str, Any]) -> None:
    outputs = []
    for build, cell in ((torch_layer, kind), (compile_layer, kind)):
        torch.manual_seed(5)
        layer = build(cell, input_size=4, hidden_size=4, **layout)  # type: ignore[operator]
        after, x = torch.rand(3), torch.linspace(-1, 1, 24).view(3, 2, 4)
        y, _ = layer(x)
        (y.sin() * torch.linspace(0, 1, y.numel()).view(y.shape)).sum().backward()
        size = sum(p.numel() for p in layer.parameters())
        norm = torch.cat([p.grad.flatten() for p in layer.parameters()]).norm()
        outputs.append((y.detach(), after, torch.tensor(size), norm))
    for ours, cells in zip(*outputs, strict=True):
        torch.testing.assert_close(ours, cells)
    assert isinstance(torch_layer(kind, input_size=4, hidden_size=4), getattr(nn, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_module_like_any_other(kind: str) -> None:
    layer = torch_layer(kind, input_size=3, hidden_size=4)
    x = torch.randn(5, 2, 3)
    y, _ = layer(x)
    twin = copy.deepcopy(layer)
    twin.load_state_dict(layer.state_dict())
    torch.testing.assert_close(twin(x)[0], y)
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3]))
    unpacked, _ = nn.utils.rnn.pad_packed_sequence(layer(packed)[0])
    torch.testing.assert_close(unpacked[:, 0], y[:, 0])
    assert layer.double()(x.double())[0].dtype is torch.float64


@pytest.mark.parametrize("backend", ["", "torch"])
@pytest.mark.parametrize("kind", KINDS)
def test_their_losses_agree(
    kind: str, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn")
    if backend:
        monkeypatch.setenv("FENAS_BACKEND", backend)
    settings = {"hidden": 8, "epochs": 3, "batch": 100}
    curves = []
    for cell in (kind, f"torch.nn.{kind}"):
        place = tmp_path / cell
        result = runs.train(cell, "digits", place, settings=settings, seed=2)
        rows = Directory(place).rows()
        curves.append([v for row in rows for v in (row["train_loss"], row["valid_loss"])])
        assert result.cell["name"] == cell
        assert result.layer == ("engine" if cell == kind else "torch.nn")
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)


def test_variational_dropout_is_refused() -> None:
    with pytest.raises(FenError, match=r"FEN475.*of x, h"):
        torch_layer("GRU", input_size=2, hidden_size=2, variational={"x": 0.1, "h": 0.1})
    torch_layer("GRU", input_size=2, hidden_size=2, variational={"x": 0.0})


def test_no_other_layer(tmp_path: Path) -> None:
    with pytest.raises(FenError, match=r"FEN474.*did you mean `torch.nn.LSTM`"):
        runs.train("torch.nn.LSTMCell", "digits", tmp_path / "run")
    assert not (tmp_path / "run").exists()
