"""The windows of text that gradients flow back through, of one length or of many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

WHOLE, SPREAD, SHORTEST = 0.95, 5.0, 5
"""The length is drawn around the window with this probability, else around half of it, with this
standard deviation, and is at least so much (Merity et al. 2018, section 4.1, and its code)."""
MEAN = WHOLE + (1 - WHOLE) / 2
"""Of the lengths, in windows."""


def count(total: int, window: int, varied: bool) -> int:
    """How many windows an epoch has."""
    return max(1, round(total / (MEAN * window))) if varied else -(-total // window)


def lengths(total: int, window: int, generator: torch.Generator | None = None) -> list[int]:
    """The lengths of an epoch's windows, which add up to `total`: drawn where there is a
    `generator`, else all `window` but for the last.

    Drawn ones are stretched alike, by little, so that every epoch has the same number of them.
    """
    windows = count(total, window, generator is not None)
    if generator is None:
        return [window] * (windows - 1) + [total - window * (windows - 1)]
    whole = torch.bernoulli(torch.full((windows,), WHOLE), generator=generator)
    centres = window * (1 + whole) / 2
    drawn = torch.normal(centres, SPREAD, generator=generator).clamp(min=SHORTEST).double()
    ends = (drawn.cumsum(0) * (total / drawn.sum())).round().long()
    found: list[int] = ends.diff(prepend=ends.new_zeros(1)).tolist()
    return found


def scale_rate(optimizer: torch.optim.Optimizer, scale: Callable[[], float]) -> None:
    """Multiply the learning rate of every step by what `scale` gives then."""
    rates: list[float] = []

    def before(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        rates[:] = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] *= scale()

    def after(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate

    optimizer.register_step_pre_hook(before)
    optimizer.register_step_post_hook(after)
