"""Layers of torch's own in the place of a compiled cell."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence


def torch_layer(
    cell: str, *, input_size: int, hidden_size: int, bidirectional: bool = False, **_: Any
) -> nn.Module:
    """`nn.GRU`, `nn.LSTM` or `nn.RNN`, by name."""
    layer: nn.Module = getattr(nn, cell)(input_size, hidden_size, bidirectional=bidirectional)
    return layer


class Faulty(nn.Module):
    """A recurrent layer that does what it is told to, instead of its work."""

    def __init__(self, fault: Any, directions: int):
        super().__init__()
        self.directions = directions
        self.scale = nn.Parameter(torch.ones(()))
        self.fault = fault

    def forward(self, x: Any, state: Tensor | None = None) -> tuple[Any, Tensor]:
        rows = x.data if isinstance(x, PackedSequence) else x
        y = torch.cat([self.fault(rows * self.scale)] * self.directions, dim=-1)
        return (PackedSequence(y, *x[1:]) if isinstance(x, PackedSequence) else y), y[-1:]


def faulty_layer(cell: Any, *, bidirectional: bool = False, **_: Any) -> nn.Module:
    return Faulty(cell, 2 if bidirectional else 1)
