"""A step over the time steps of a sequence, in torch operations.

An emitted file holds this text as it is, from its first definition on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

States = tuple[Tensor, ...]
Step = Callable[..., States]
Result = tuple[Tensor, States]


class Even(Sequence[int]):
    """The sizes of `time` steps that all have the same rows.

    A compiler may leave `time` open, as it cannot in a list.
    """

    def __init__(self, time: int, batch: int) -> None:
        self.time = time
        self.batch = batch

    def __len__(self) -> int:
        return self.time

    def __getitem__(self, t: Any) -> Any:
        if not -self.time <= t < self.time:
            raise IndexError(t)
        return self.batch


def sweep(
    prepared: Sequence[Tensor],
    step: Step,
    sizes: Sequence[int],
    states: States,
    reverse: bool = False,
) -> Result:
    """Runs a step over time: the first state of every row, and all states at its end.

    Time step t has `sizes[t]` rows, never more than the one before it.
    """
    slices = [torch.split(rows, list(sizes)) for rows in prepared]
    times = range(len(sizes))
    times = times[::-1] if reverse else times
    active, waiting = _regroup(states, sizes[times[0]])
    outputs = []
    for t in times:
        if len(active[0]) != sizes[t]:
            active, waiting = _regroup(_rejoin(active, waiting), sizes[t])
        active = step(*(rows[t] for rows in slices), *active)
        outputs.append(active[0])
    output = torch.cat(outputs[::-1] if reverse else outputs)
    return output, _rejoin(active, waiting)


def _regroup(states: States, size: int) -> tuple[States, States]:
    """The rows that run in a time step, and those that have ended or not begun."""
    return tuple(s[:size] for s in states), tuple(s[size:] for s in states)


def _rejoin(active: States, waiting: States) -> States:
    return tuple(torch.cat(pair) for pair in zip(active, waiting, strict=True))
