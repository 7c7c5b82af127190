"""What `fenas_lang.compile` refuses, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from fenas_lang.emit.torch_square import unweighted_use
from fenas_lang.ir.graph import Dataflow
from fenas_lang.passes.mask_edges import KINDS
from fenas_lang.rules.build import (
    BAD_DTYPE,
    BAD_PROBABILITY,
    BAD_SIZE,
    NOT_SQUARE,
    UNKNOWN_MASK,
)


def check_sizes(**sizes: Any) -> None:
    """Raise FenError unless all are positive whole numbers."""
    for name, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BAD_SIZE.error(name=name, value=repr(value))


def check_probability(name: str, value: Any) -> None:
    """Raise FenError unless it is a number from 0 to 1."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:
        raise BAD_PROBABILITY.error(name=name, value=repr(value))


def check_dtype(dtype: Any) -> None:
    """Raise FenError unless parameters of that type can be trained."""
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise BAD_DTYPE.error(dtype=dtype)


def check_square(
    dataflow: Dataflow, input_size: int, hidden_size: int, num_layers: int, bidirectional: bool
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


def active_masks(variational: Mapping[str, float] | None) -> dict[str, float]:
    """The probabilities above zero; raises FenError for an unknown key or no probability."""
    for name, value in (variational or {}).items():
        if name not in KINDS:
            raise UNKNOWN_MASK.error(name=name)
        check_probability(f"variational[{name!r}]", value)
    return {name: value for name, value in (variational or {}).items() if value > 0}
