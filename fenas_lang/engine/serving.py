"""When the native kernel runs a layer, and when torch operations do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from fenas_lang.engine.kernel import TYPES, shared_object
from fenas_lang.engine.steps import well_formed

ORDINARY = (Tensor, torch.nn.Parameter)

VARIABLE = "FENAS_BACKEND"
"""The environment variable that forces a backend: `torch`."""


def served(like: Tensor | None) -> bool:
    """Whether the kernel is here, wanted, and for tensors of that type and place."""
    if os.environ.get(VARIABLE) == "torch" or shared_object() is None:
        return False
    return like is None or (like.device.type == "cpu" and like.dtype in TYPES)


def serves(rows: Tensor, sizes: Sequence[int]) -> bool:
    """Whether the kernel runs a sequence here and now, if it also takes states and parameters."""
    return (
        served(rows)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and torch._C._get_tracing_state() is None
        and not torch._C._functorch.peek_interpreter_stack()
        and type(rows) in ORDINARY
        and not rows.is_neg()
        and well_formed(sizes, len(rows))
    )


def takes(rows: Tensor, others: Iterable[Tensor]) -> bool:
    """Whether states and parameters are ordinary tensors, of the input's type and place."""
    dtype, device = rows.dtype, rows.device
    return all(
        type(t) in ORDINARY and t.dtype == dtype and t.device == device and not t.is_neg()
        for t in others
    )
