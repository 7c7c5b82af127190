"""Weights of `nn.LSTM`, `nn.GRU` and `nn.RNN` into layers of cells that are proved equal, and back.

PyTorch's layers have two biases where a cell has one: they are summed on the way in; on the way
out, the sum becomes b_ih, and b_hh zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from fenas_lang.emit.torch_frame import RecurrentLayer
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.references import Recognition, Slot, recognise
from fenas_lang.rules.proof import NOT_THE_LAYER

BIASES = ("bias_ih", "bias_hh")
SIZES = ("input_size", "hidden_size", "num_layers", "bidirectional")


def load_torch(layer: RecurrentLayer, dataflow: Dataflow, module: Any) -> None:
    """Copy the parameters of a layer of PyTorch.

    Those of the cell that have no influence keep their values.  Raises FenError (FEN604) where the
    cell is not proved to be that layer, or sizes, depth, directions or biases differ.
    """
    found = _recognised(layer, dataflow)
    _check(layer, found, module)
    edges = dict(layer.edges())
    for edge, slot, suffix in _places(layer, found):
        if edge in edges:
            edges[edge] = _from_slot(module, slot, suffix, layer.hidden_size)
    layer.load_edges(edges)


def to_torch(layer: RecurrentLayer, dataflow: Dataflow) -> nn.RNNBase:
    """A layer of PyTorch with the same parameters.  Raises FenError (FEN604)."""
    found = _recognised(layer, dataflow)
    first = next(layer.parameters())
    options: dict[str, Any] = {name: getattr(layer, name) for name in (*SIZES, "batch_first")}
    if _nonlinearity(found) is not None:
        options["nonlinearity"] = _nonlinearity(found)
    module: nn.RNNBase = getattr(nn, _class(found))(
        **options,
        bias=_has_bias(layer, found),
        dropout=layer.dropout,
        device=first.device,
        dtype=first.dtype,
    )
    edges = layer.edges()
    with torch.no_grad():
        for name, value in module.named_parameters():
            if name.startswith(BIASES):
                value.zero_()
        for edge, slot, suffix in _places(layer, found):
            if edge in edges:
                _rows(module, slot.tensors[0], slot, suffix, layer.hidden_size).copy_(edges[edge])
    return module


def _recognised(layer: RecurrentLayer, dataflow: Dataflow) -> Recognition:
    try:
        found = recognise(expand(dataflow))
    except OutOfBudget:
        found = None
    if found is None:
        problem = "the cell is not proved equal to one"
        raise NOT_THE_LAYER.error(name=dataflow.name, layer="a layer of PyTorch", problem=problem)
    return found


def _check(layer: RecurrentLayer, found: Recognition, module: Any) -> None:
    shown = f"nn.{type(module).__name__}"

    def refuse(problem: str) -> None:
        raise NOT_THE_LAYER.error(name=type(layer).__name__, layer=shown, problem=problem)

    if type(module) is not getattr(nn, _class(found)):
        refuse(f"the cell is {found.name}")
    if getattr(module, "nonlinearity", None) != _nonlinearity(found):
        refuse(f"the cell is {found.name}")
    if module.proj_size:
        refuse("it has a projection")
    for name in SIZES:
        if getattr(module, name) != getattr(layer, name):
            refuse(f"{name} is {getattr(module, name)}, not {getattr(layer, name)}")
    if module.bias and not _has_bias(layer, found):
        refuse("it has biases")


def _class(found: Recognition) -> str:
    return found.name.removeprefix("torch.nn.").split("(")[0]


def _nonlinearity(found: Recognition) -> str | None:
    if _class(found) != "RNN":
        return None
    return "relu" if "relu" in found.name else "tanh"


def _has_bias(layer: RecurrentLayer, found: Recognition) -> bool:
    edges = layer.edges()
    return any(
        slot.tensors[0] in BIASES and edge in edges for edge, slot, _ in _places(layer, found)
    )


def _places(layer: RecurrentLayer, found: Recognition) -> Iterator[tuple[str, Slot, str]]:
    """(name in `edges`, slot, suffix of PyTorch's tensors) of every parameter of every run."""
    several = layer.num_layers > 1 or layer.bidirectional
    for level in range(layer.num_layers):
        for reverse in ("", "_reverse")[: 1 + layer.bidirectional]:
            prefix = f"l{level}{'.reverse' if reverse else ''}." if several else ""
            for name, slot in found.correspondence.items():
                yield prefix + name, slot, f"l{level}{reverse}"


def _from_slot(module: nn.RNNBase, slot: Slot, suffix: str, size: int) -> Tensor:
    """The sum of a slot's tensors; zero where the layer has no biases."""
    if slot.tensors[0] in BIASES and not module.bias:
        return torch.zeros(size)
    return sum(  # type: ignore[return-value]
        _rows(module, tensor, slot, suffix, size).detach() for tensor in slot.tensors
    )


def _rows(module: nn.RNNBase, tensor: str, slot: Slot, suffix: str, size: int) -> Tensor:
    whole: Tensor = getattr(module, f"{tensor}_{suffix}")
    return whole[slot.block * size : (slot.block + 1) * size]
