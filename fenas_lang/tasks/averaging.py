"""Optimisers that keep averages of the weights, as training loops meet them.

One with a method `observe` is told the validation metric after each epoch (lower is better); one
with `averaged`, a context manager, is measured inside that (`NonMonotoneASGD`, say).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from torch.optim import Optimizer


def averaged(optimizer: Optimizer) -> AbstractContextManager[bool]:
    """Within, the model has its averaged weights, where there are any; whether there are."""
    found: AbstractContextManager[bool] = (
        optimizer.averaged() if hasattr(optimizer, "averaged") else nullcontext(False)
    )
    return found


def observes(optimizer: Optimizer) -> bool:
    """Whether an optimiser wants to be told the metric after each epoch."""
    return hasattr(optimizer, "observe")
