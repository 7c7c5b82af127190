"""The time steps of a sequence: how many rows each has, and where they are in memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise

import torch
from torch import Tensor

from fenas_lang.emit.torch_sweep import Even


def well_formed(sizes: Sequence[int], rows: int) -> bool:
    """Whether `sizes` are those of a sequence of that many rows, none of them empty."""
    if sizes[-1] < 1:
        return False
    if isinstance(sizes, Even):
        return True
    if sizes[0] == sizes[-1] == rows / len(sizes):
        return all(size == sizes[0] for size in sizes)
    return sum(sizes) == rows and all(a >= b for a, b in pairwise(sizes))


def steps_of(sizes: Sequence[int], reverse: bool) -> Steps:
    """The steps of a sequence whose time step t has `sizes[t]` rows."""
    if sizes[0] == sizes[-1]:
        return _equal(len(sizes), sizes[0], reverse)
    return Steps(tuple(sizes), reverse)


@lru_cache(maxsize=64)
def _equal(time: int, batch: int, reverse: bool) -> Steps:
    return Steps((batch,) * time, reverse)


@dataclass(frozen=True)
class Steps:
    """Time steps in memory one behind the other, run in that order, or with `reverse` backwards.

    Time step t has `sizes[t]` rows, never more than the one before it.
    """

    sizes: tuple[int, ...]
    reverse: bool

    @cached_property
    def starts(self) -> array[int]:
        """The first row of each time step, and the number of all rows."""
        return array("q", accumulate(self.sizes, initial=0))

    @cached_property
    def rows(self) -> int:
        return sum(self.sizes)

    @cached_property
    def time(self) -> int:
        return len(self.sizes)

    @cached_property
    def batch(self) -> int:
        return self.sizes[0]

    @cached_property
    def equal(self) -> bool:
        """Whether all sequences are equally long."""
        return self.sizes[0] == self.sizes[-1]

    def last(self, rows: Tensor) -> Tensor:
        """Of each sequence the row of the step that runs last, (B, H), from (N, H)."""
        if self.reverse:
            return rows[: self.batch]
        return rows[-self.batch :] if self.equal else rows.index_select(0, self._last)

    def spread(self, values: Tensor) -> Tensor:
        """For each row what (B, ·) holds for its sequence."""
        if self.equal:
            return values.expand(self.time, -1, -1).flatten(0, 1)
        return torch.cat([values[:size] for size in self.sizes])

    def at_begin(self, ring: Tensor) -> Tensor:
        """Of each sequence what belongs to the index of its first step, from a ring (2, B, H)."""
        if self.equal or not self.reverse:
            return ring[0]
        return ring[(self.time - self._lengths) % 2, torch.arange(self.batch)]

    def at_end(self, ring: Tensor) -> Tensor:
        """Of each sequence what belongs to the index behind its last step, from a ring."""
        if self.equal or self.reverse:
            return ring[self.time % 2]
        return ring[self._lengths % 2, torch.arange(self.batch)]

    def set_end(self, ring: Tensor, values: Tensor) -> None:
        """Fill a ring where `at_end` would look, and perhaps elsewhere."""
        if self.equal or self.reverse:
            ring[self.time % 2] = values
        else:
            ring[:] = values

    def before(self, first: Tensor, rows: Tensor) -> Tensor:
        """For each row (N, H) that of the step before it; `first` (B, H) are those at index 0."""
        found = rows.index_select(0, self._before)
        found[self._last if self.reverse else slice(self.batch)] = first
        return found

    @cached_property
    def _lengths(self) -> Tensor:
        """Of each sequence the number of its time steps."""
        sizes = torch.tensor(self.sizes)
        return (sizes > torch.arange(self.batch).unsqueeze(1)).sum(1)

    @cached_property
    def _last(self) -> Tensor:
        """Of each sequence the row of its last time step, which runs first with `reverse`."""
        starts = torch.tensor(self.starts)
        return starts[self._lengths - 1] + torch.arange(self.batch)

    @cached_property
    def _before(self) -> Tensor:
        """For each row the place of that of the step before it; any where there is none."""
        sizes, starts = torch.tensor(self.sizes), torch.tensor(self.starts)
        own = torch.arange(self.rows) - starts[:-1].repeat_interleave(sizes)
        step = torch.arange(self.time).repeat_interleave(sizes)
        near = (step + 1 if self.reverse else step - 1).clamp(0, self.time - 1)
        return (starts[near] + own).clamp(max=self.rows - 1)
