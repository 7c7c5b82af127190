"""`onnx`: the cell as an ONNX model, for runtimes other than PyTorch.  Bytes, not text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fenas_lang.emit.sizes import check_sizes, check_square
from fenas_lang.emit.stages import Stages
from fenas_lang.ir.interpret import random_parameters
from fenas_lang.rules.emit import NO_ONNX, TOO_LARGE_FOR_ONNX, UNKNOWN_TO_ONNX

if TYPE_CHECKING:
    from fenas_lang.emit.onnx_model import Layer

DTYPES = ("float16", "float32", "float64")
MOST_BYTES = 2**31 - 2**24
"""A model is one message of less than 2 GiB; its nodes and metadata get 16 MiB."""


def emit(stages: Stages) -> bytes:
    """One layer in one direction, its weights drawn in float32 as a new layer draws them."""
    require_onnx()
    from fenas_lang.emit.onnx_model import Layer

    input_size, hidden_size = stages.input_size, stages.hidden_size
    check_sizes(input_size=input_size, hidden_size=hidden_size)
    check_square(stages.dataflow, input_size, hidden_size)
    shapes = [p.sizes(input_size, hidden_size) for p in stages.graph.parameters]
    _check_bytes(sum(4 * int(np.prod(shape, dtype=object)) for shape in shapes))
    rng = np.random.default_rng(stages.seed)
    drawn = random_parameters(stages.graph, input_size, hidden_size, rng)
    weights = {name: value.astype(np.float32) for name, value in drawn.items()}
    return serialised(Layer(stages.cell, stages.dataflow, weights, input_size, hidden_size))


def serialised(layer: Layer) -> bytes:
    """The model of a layer.  Raises FenError where its type or size is none of ONNX's."""
    from fenas_lang.emit.onnx_model import model

    _check_bytes(sum(weight.nbytes for weight in layer.weights.values()))
    data: bytes = model(layer).SerializeToString(deterministic=True)
    return data


def require_onnx() -> None:
    """Raise FenError (FEN233) unless the package `onnx` is here."""
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise NO_ONNX.error(reason=error) from error


def check_type(dtype: Any) -> None:
    """Raise FenError for weights of a type that models do not hold."""
    if str(dtype).removeprefix("torch.") not in DTYPES:
        raise UNKNOWN_TO_ONNX.error(dtype=dtype, dtypes=", ".join(DTYPES))


def _check_bytes(size: int) -> None:
    if size > MOST_BYTES:
        raise TOO_LARGE_FOR_ONNX.error(size=f"{size / 2**30:.1f}")
