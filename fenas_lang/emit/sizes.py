"""Sizes of a layer that a cell does not allow."""

from __future__ import annotations

from typing import Any

from fenas_lang.emit.torch_square import unweighted_use
from fenas_lang.ir.graph import Dataflow
from fenas_lang.rules.build import BAD_SIZE, NOT_SQUARE


def check_sizes(**sizes: Any) -> None:
    """Raise FenError unless all are positive whole numbers."""
    for name, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BAD_SIZE.error(name=name, value=repr(value))


def check_square(
    dataflow: Dataflow,
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bidirectional: bool = False,
) -> None:
    """Raise FenError where a layer receives other than H values and uses them unweighted."""
    use = unweighted_use(dataflow)
    if not use:
        return
    if input_size != hidden_size:
        given = f"D = {input_size}"
        hint = f"hidden_size is {hidden_size}: make both the same, or put a Linear in front"
        raise NOT_SQUARE.error(layer=1, layers=num_layers, given=given, use=use, hint=hint)
    if bidirectional and num_layers > 1:
        hint = "each direction below gives H: use one layer, or a Linear(2H, H) between layers"
        raise NOT_SQUARE.error(layer=2, layers=num_layers, given="2H", use=use, hint=hint)
