"""The networks around a cell.  Tensors are time-major: (T, B, size).

Where a layer would receive another size than H, a `Linear` called `input_projection` stands before
it, for all cells alike, since many cells read their input without weights (D = H).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from fenas_lang.engine.linear_cross_entropy import LinearCrossEntropy
from fenas_lang.tasks.training import LayerFactory

State = Any
"""A layer's state: one tensor (layers, B, H), or a tuple of them; None stands for zeros."""


class SequenceModel(nn.Module):
    """Projection where needed, the cell's layer, and a linear readout of its last or every step."""

    def __init__(
        self,
        cell: Any,
        build: LayerFactory,
        *,
        input_size: int,
        hidden_size: int,
        output_size: int,
        every_step: bool = False,
    ):
        super().__init__()
        self.input_projection: nn.Module = (
            nn.Identity() if input_size == hidden_size else nn.Linear(input_size, hidden_size)
        )
        self.readout = nn.Linear(hidden_size, output_size)
        self.layer = build(cell, input_size=hidden_size, hidden_size=hidden_size)
        self.every_step = every_step

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, input_size) to (B, output_size), or (T, B, output_size) for every step."""
        y, _ = self.layer(self.input_projection(x))
        result: Tensor = self.readout(y if self.every_step else y[-1])
        return result


class WordLanguageModel(nn.Module):
    """Embedding, the cell's layer, and a softmax that shares the embedding's weights.

    Tying is Inan et al. 2017; `dropout` is variational (Gal & Ghahramani 2016): one mask a sequence
    for the layer's input and state, by the layer, and one for its output.
    """

    def __init__(
        self, cell: Any, build: LayerFactory, *, words: int, hidden_size: int, dropout: float = 0.0
    ):
        super().__init__()
        self.embedding = nn.Embedding(words, hidden_size)
        self.decoder = LinearCrossEntropy(hidden_size, words, reduction="sum")
        self.decoder.weight = self.embedding.weight
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        self.dropout = dropout
        masks = {"variational": {"x": dropout, "h": dropout}} if dropout else {}
        self.layer = build(cell, input_size=hidden_size, hidden_size=hidden_size, **masks)

    def loss(self, words: Tensor, targets: Tensor, state: State = None) -> tuple[Tensor, State]:
        """Nats over all targets, summed, and the state after the last; both tensors are (T, B)."""
        features, state = self.layer(self.embedding(words), state)
        loss: Tensor = self.decoder(self._dropped(features), targets)
        return loss, state

    def _dropped(self, features: Tensor) -> Tensor:
        if not (self.training and self.dropout):
            return features
        kept = 1 - self.dropout
        return features * torch.bernoulli(torch.full_like(features[0], kept)).div(kept)


def each(state: State, change: Callable[[Tensor], Tensor]) -> State:
    """The same kind of state, with each of its tensors changed."""
    return tuple(map(change, state)) if isinstance(state, tuple) else change(state)
