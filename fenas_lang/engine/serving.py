"""When the native kernel runs a layer, and when torch operations do."""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import Tensor

from fenas_lang.engine.kernel import TYPES, library

VARIABLE = "FENAS_BACKEND"
"""The environment variable that forces a backend: `torch`."""


def served(like: Tensor | None) -> bool:
    """Whether the kernel is here, wanted, and for tensors of that type and place."""
    if os.environ.get(VARIABLE) == "torch" or library() is None:
        return False
    return like is None or (like.device.type == "cpu" and like.dtype in TYPES)


def serves(
    rows: Tensor, sizes: Sequence[int], states: Sequence[Tensor], parameters: Sequence[Tensor]
) -> bool:
    """Whether the kernel runs this sequence: all rows to the end, ordinary tensors of one type."""
    tensors = (rows, *states, *parameters)
    return (
        served(rows)
        and sizes[0] > 0
        and sizes[0] == sizes[-1]
        and all(t.dtype == rows.dtype and t.device == rows.device for t in tensors)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and torch._C._get_tracing_state() is None
        and not torch._C._functorch.peek_interpreter_stack()
        and all(type(t) in (Tensor, torch.nn.Parameter) for t in tensors)
    )
