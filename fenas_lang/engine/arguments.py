"""What `fenas_lang.compile` refuses, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from fenas_lang.passes.mask_edges import KINDS
from fenas_lang.rules.build import (
    BAD_DTYPE,
    BAD_PROBABILITY,
    UNKNOWN_MASK,
)


def check_probability(name: str, value: Any) -> None:
    """Raise FenError unless it is a number from 0 to 1."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:
        raise BAD_PROBABILITY.error(name=name, value=repr(value))


def check_dtype(dtype: Any) -> None:
    """Raise FenError unless parameters of that type can be trained."""
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise BAD_DTYPE.error(dtype=dtype)


def active_masks(variational: Mapping[str, float] | None) -> dict[str, float]:
    """The probabilities above zero; raises FenError for an unknown key or no probability."""
    for name, value in (variational or {}).items():
        if name not in KINDS:
            raise UNKNOWN_MASK.error(name=name)
        check_probability(f"variational[{name!r}]", value)
    return {name: value for name, value in (variational or {}).items() if value > 0}
