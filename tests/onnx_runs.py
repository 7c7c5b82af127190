"""Runs exported models: checked by onnx in full, then by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor

SILENT = 3
"""Severity: a state that may be left out is a default, and onnxruntime warns of each."""


def checked(data: bytes) -> onnx.ModelProto:
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(data: bytes, values: Mapping[str, Any]) -> list[np.ndarray]:
    """All outputs of a model."""
    checked(data)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, {k: np.asarray(v) for k, v in values.items()})
    return found


def properties(data: bytes) -> dict[str, str]:
    """A model's metadata."""
    return {entry.key: entry.value for entry in onnx.load_from_string(data).metadata_props}


def layer_results(layer: Any, x: Tensor, states: Sequence[Tensor] | None) -> list[np.ndarray]:
    """What a layer gives in eval mode: the output, then each last state."""
    hx = None if states is None else states[0] if len(states) == 1 else tuple(states)
    with torch.no_grad():
        y, last = layer.eval()(x, hx)
    return [y.numpy(), *(s.numpy() for s in ([last] if isinstance(last, Tensor) else last))]
