"""`compile`: from a cell to an `nn.Module` with the interface of `nn.LSTM` and `nn.GRU`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from fenas_lang.check.loader import resolve
from fenas_lang.emit.sizes import check_sizes, check_square
from fenas_lang.engine import arguments
from fenas_lang.engine.compiled import CompiledLayer, class_of
from fenas_lang.ir.lower import lower
from fenas_lang.syntax.ast import Cell


def compile(
    cell: Cell | str | Path,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bias: bool = True,
    batch_first: bool = False,
    dropout: float = 0.0,
    bidirectional: bool = False,
    device: Any = None,
    dtype: torch.dtype | None = None,
    variational: Mapping[str, float] | None = None,
) -> CompiledLayer:
    """A layer that runs a cell over sequences.

    `cell` is a Cell, or a string as on the command line.  `y, state = layer(x)` takes x of shape
    (T, B, D) and gives y of shape (T, B, H · directions); the state is one tensor for a cell with
    one state, else a tuple in header order, each (layers · directions, B, H).  All arguments up to
    `dtype` mean what they mean for `nn.LSTM`.  `variational={"x": p, "h": p, "edges": p}` drops
    operands of weighted edges from the input, the states and the cell's own nodes, by masks drawn
    once a sequence.

    Raises FenError where the cell does not check, an argument is wrong, or a layer receives other
    than H values and the cell uses them unweighted.
    """
    cell = resolve(cell)
    dataflow = lower(cell)
    check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
    arguments.check_probability("dropout", dropout)
    arguments.check_dtype(dtype)
    check_square(dataflow, input_size, hidden_size, num_layers, bidirectional)
    masks = arguments.active_masks(variational)
    made = class_of(replace(cell, source=None), dataflow, frozenset(masks))
    options: dict[str, Any] = {"variational": masks} if masks else {}
    return made(
        input_size,
        hidden_size,
        num_layers,
        bias,
        batch_first,
        dropout,
        bidirectional,
        device,
        dtype,
        **options,
    )
