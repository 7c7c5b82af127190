"""A direction of a layer in the native engine: the kernel called at once, or as an operator."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fenas_lang.emit.torch_frame import Result, Stack, States
from fenas_lang.engine.native import NativeCell
from fenas_lang.engine.serving import serves


def run(
    cell: NativeCell,
    layer: nn.Module,
    rows: Tensor,
    sizes: Sequence[int],
    states: States,
    stack: Stack,
    reverse: bool,
) -> Result | None:
    """The output of every row and the states at the end; None where torch operations must do it."""
    if torch.compiler.is_compiling():
        from fenas_lang.engine import operator  # what it marks would load the whole compiler

        return operator.run(operator.traced(cell), layer, rows, sizes, states, stack, reverse)
    if not serves(rows, sizes, states, list(layer.parameters())):
        return None
    return cell.run(rows, len(sizes), states, stack, reverse)
