"""How fast a run goes, from the times in its trials; pauses between two sessions do not count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """`trials` ended in `busy` seconds, in which at least one worker was training."""

    trials: int
    busy: float

    @property
    def per_minute(self) -> float | None:
        """Trials a minute; None where nothing was trained yet."""
        return self.trials / self.busy * 60 if self.busy > 0 else None

    def seconds_for(self, trials: int) -> float | None:
        """How long so many further trials will take."""
        return trials * self.busy / self.trials if self.busy > 0 else None


def pace(trials: int, spans: Iterable[tuple[float, float]]) -> Pace:
    """The pace of so many trials; `spans` are start and length of each training in seconds, by
    start.  Trainings that overlap count once."""
    busy, until = 0.0, 0.0
    for start, seconds in spans:
        end = start + seconds
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return Pace(trials, busy)


def clock(seconds: float) -> str:
    """`5:38` or `1:05:38`, whole seconds."""
    whole = int(seconds)
    minutes, hours = whole // 60 % 60, whole // 3600
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{whole % 60:02}"
