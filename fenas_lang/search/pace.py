"""How fast a run goes, from the times in its trials; pauses between two sessions do not count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fenas_lang.search.trial import Trial


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


def pace(trials: Sequence[Trial]) -> Pace:
    """The pace of these trials: trainings that overlap count once."""
    spans = sorted((t.measured.started, t.measured.seconds) for t in trials if t.measured.started)
    busy, until = 0.0, 0.0
    for start, seconds in spans:
        end = start + seconds
        busy += max(0.0, end - max(start, until))
        until = max(until, end)
    return Pace(len(trials), busy)


def clock(seconds: float) -> str:
    """`5:38` or `1:05:38`, whole seconds."""
    whole = int(seconds)
    minutes, hours = whole // 60 % 60, whole // 3600
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{whole % 60:02}"
