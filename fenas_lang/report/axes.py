"""The axes of a curve: which values are shown, where they stand, and where the ticks are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEPS = (1, 2, 2.5, 5, 10)
"""Distances of ticks, times a power of ten."""
OUTLIERS = 0.05
"""This part of the worst scores may lie beyond the axis."""


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` on points from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The point of a value, at the border where it lies beyond."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def ticks(self, most: int) -> list[float]:
        """Round values, `most` at the most."""
        least = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(least))
        step = next(s * power for s in STEPS if s * power >= least * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [(first + k) * step for k in range(count)]


def spread(values: Sequence[float], wanted: Sequence[float], higher_is_better: bool) -> Axis:
    """A range for values, but for the worst of them, and for others that are not far off."""
    ordered = sorted(values, reverse=higher_is_better)
    best, worst = ordered[0], ordered[max(0, math.ceil(len(ordered) * (1 - OUTLIERS)) - 1)]
    low, high = min(best, worst), max(best, worst)
    room = (high - low) or abs(high) * 0.1 or 1.0
    near = [value for value in wanted if low - room <= value <= high + room]
    low, high = min([low, *near]), max([high, *near])
    margin = ((high - low) or room) * 0.06
    return Axis(low - margin, high + margin, 0, 1)
