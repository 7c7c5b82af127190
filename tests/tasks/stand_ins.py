"""Layers of torch's own in the place of a compiled cell."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


def torch_layer(cell: str, *, input_size: int, hidden_size: int, **_: Any) -> nn.Module:
    """`nn.GRU`, `nn.LSTM` or `nn.RNN`, by name."""
    layer: nn.Module = getattr(nn, cell)(input_size, hidden_size)
    return layer


class Faulty(nn.Module):
    """A recurrent layer that does what it is told to, instead of its work."""

    def __init__(self, fault: Any):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.fault = fault

    def forward(self, x: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        y = self.fault(x * self.scale)
        return y, y[-1:]


def faulty_layer(cell: Any, **_: Any) -> nn.Module:
    return Faulty(cell)
