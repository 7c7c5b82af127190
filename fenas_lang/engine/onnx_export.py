"""A layer with its weights as an ONNX model."""

from __future__ import annotations

from fenas_lang.emit.onnx import check_type, require_onnx, serialised
from fenas_lang.emit.torch_frame import RecurrentLayer
from fenas_lang.ir.graph import Dataflow
from fenas_lang.syntax.ast import Cell

OPTIONS = (
    "input_size",
    "hidden_size",
    "num_layers",
    "bias",
    "batch_first",
    "bidirectional",
)


def onnx_bytes(layer: RecurrentLayer, cell: Cell, dataflow: Dataflow) -> bytes:
    """The model that computes what a layer does in eval mode.  Raises FenError."""
    require_onnx()
    from fenas_lang.emit.onnx_model import Layer

    edges = layer.edges()
    for weight in edges.values():
        check_type(weight.dtype)
    weights = {name: weight.detach().cpu().numpy() for name, weight in edges.items()}
    options = {name: getattr(layer, name) for name in OPTIONS}
    return serialised(Layer(cell, dataflow, weights, **options))
