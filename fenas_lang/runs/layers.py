"""PyTorch's own layers in the place of a cell's, with one bias where they have two.

`bias_ih` and `bias_hh` are only ever added, so that two of them change the function class not at
all and Adam's steps very much.  Here `bias_hh` is zero and no parameter, except for the candidate
of a GRU, whose second bias is inside the product with the reset gate.  So a layer has the
parameters of the shipped cell of its name, and begins with the values that the cell begins with
from the same state of torch's generator: the losses agree as far as floating point does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from fenas_lang.check.loader import one_cell, shipped
from fenas_lang.engine.arguments import active_masks
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.rules import runs as rules
from fenas_lang.syntax.ast import Cell

PREFIX = "torch.nn."
ZERO, CANDIDATE = "bias_hh", "bias_hn"


class OneBias(nn.RNNBase):
    """A recurrent layer whose `bias_hh` is a buffer of zeros."""

    def merge(self) -> Self:
        """Make every `bias_hh` zero for good."""
        for name in self._second_biases():
            value = getattr(self, name).detach()
            delattr(self, name)
            self.register_buffer(name, torch.zeros_like(value), persistent=False)
        self._init_flat_weights()
        return self

    def _second_biases(self) -> list[str]:
        return [name for name in self._flat_weights_names if name.startswith(ZERO)]


class LSTM(OneBias, nn.LSTM):
    """`nn.LSTM` with one bias."""


class RNN(OneBias, nn.RNN):
    """`nn.RNN` with one bias."""


class GRU(OneBias, nn.GRU):
    """`nn.GRU` with one bias, but for the candidate: b_hn is the parameter `bias_hn_…`, (H)."""

    def merge(self) -> Self:
        """Make every `bias_hh` zero for good, except its last third."""
        for name in self._second_biases():
            candidate = getattr(self, name).detach()[-self.hidden_size :].clone()
            self.register_parameter(_candidate(name), nn.Parameter(candidate))
        return super().merge()

    def forward(self, *arguments: Any) -> Any:
        for name in self._second_biases():
            setattr(self, name, self._second_bias(name))
        try:
            return super().forward(*arguments)
        finally:
            for name in self._second_biases():
                setattr(self, name, getattr(self, name).detach())

    def _second_bias(self, name: str) -> Tensor:
        candidate: Tensor = getattr(self, _candidate(name))
        return torch.cat([candidate.new_zeros(2 * self.hidden_size), candidate])


def _candidate(name: str) -> str:
    return name.replace(ZERO, CANDIDATE)


KINDS: Mapping[str, type[LSTM] | type[GRU] | type[RNN]] = {"LSTM": LSTM, "GRU": GRU, "RNN": RNN}


def twin(kind: str) -> Cell:
    """The shipped cell that is the same function."""
    return one_cell(shipped(kind))


def torch_layer(
    kind: str, *, variational: Mapping[str, float] | None = None, **sizes: Any
) -> OneBias:
    """A layer factory for `LSTM`, `GRU` and `RNN`; other arguments as `fenas_lang.compile` has.

    Raises FenError (FEN475) for variational dropout.
    """
    masks = active_masks(variational)
    if masks:
        raise rules.NO_MASKS.error(name=PREFIX + kind, masks=", ".join(masks), twin=kind)
    cell = compile_layer(twin(kind), **sizes)
    # The layer's own first draws are thrown away, and must not shift those of what comes after.
    with torch.random.fork_rng(devices=[]):
        source = cell.to_torch()
        layer = KINDS[kind](
            source.input_size,
            source.hidden_size,
            source.num_layers,
            bias=source.bias,
            batch_first=source.batch_first,
            dropout=source.dropout,
            bidirectional=source.bidirectional,
            dtype=next(source.parameters()).dtype,
        )
    layer.load_state_dict(source.state_dict())
    return layer.merge()
