"""Asynchronous successive halving (Li et al. 2020, algorithm 2): who is trained on past a rung.

The form that stops: a training goes on from rung to rung without a pause, where its score is among
the best 1/eta of all that came to that rung before it, itself included; the first eta - 1 go on.
What it must reach is settled when it begins, so nobody waits for anybody; with one worker that is
the same as if it were settled at the rung.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from fenas_lang.search.messages import Rungs
from fenas_lang.search.trial import HIT, Trial


@dataclass
class Halving:
    """`rungs` in epochs, and the scores that trials had there, in ascending order."""

    rungs: Sequence[int]
    eta: int
    _scores: dict[int, array[float]] = field(
        default_factory=lambda: defaultdict(lambda: array("d"))
    )

    def tell(self, trial: Trial) -> None:
        """A trial has ended; a hit came to no rung itself."""
        if trial.outcome != HIT:
            for epochs, score in reached(trial):
                insort(self._scores[epochs], score)

    def cutoffs(self) -> Rungs:
        """Of each rung, the score to go on with; None where any does."""
        return tuple((epochs, self._cutoff(epochs)) for epochs in self.rungs)

    def _cutoff(self, epochs: int) -> float | None:
        scores = self._scores[epochs]
        places = (len(scores) + 1) // self.eta
        return scores[-places] if places and epochs != self.rungs[-1] else None


def reached(trial: Trial) -> list[tuple[int, float]]:
    """The rungs that a trial came to, in epochs, and its scores there."""
    rungs = trial.measured.facts.get("rungs", ())
    return [(int(rung["epochs"]), float(rung["score"])) for rung in rungs]
