"""DropConnect on a layer's recurrent matrices (Wan et al. 2013; Merity et al. 2018, section 2).

Of a layer of PyTorch these are `weight_hh_l0` and so on.  Of a compiled cell they are the matrices
of its weighted edges, but for those from the input: edges from states and between nodes, as in the
ENAS authors' language model.  Biases are never dropped.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from fenas_lang.emit.torch_frame import RecurrentLayer

MATRIX = 2
"""The number of dimensions of a matrix: a vector of weights has one."""


def recurrent_matrices(layer: nn.Module) -> list[str]:
    """Names of the parameters that weight drop is for; none for a layer of another kind."""
    if isinstance(layer, nn.RNNBase):
        return [name for name, _ in layer.named_parameters() if name.startswith("weight_hh")]
    if not isinstance(layer, RecurrentLayer):
        return []
    own = {id(value): name for name, value in layer.named_parameters()}
    return [
        own[id(value)]
        for edge, value in layer.edges().items()
        if value.dim() == MATRIX and edge.rpartition(".")[2] != _input_of(layer)
    ]


def _input_of(layer: Any) -> str:
    found: str = layer.cell.input
    return found


def run_dropped(layer: nn.Module, names: list[str], rate: float, *arguments: Any) -> Any:
    """Call a layer with elements of these parameters dropped, once for all time steps.

    The others are scaled so that the mean stays; gradients reach the parameters themselves.
    """
    weights: dict[str, Tensor] = {
        name: F.dropout(layer.get_parameter(name), rate) for name in names
    }
    return functional_call(layer, weights, arguments)
