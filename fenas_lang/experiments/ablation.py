"""Two ways to search, compared: best so far, and trials until a level that both reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fenas_lang.experiments.statistics import percentiles, resampled
from fenas_lang.report.chart import Chart, Curve
from fenas_lang.search.trial import Trial

Curves = npt.NDArray[np.float64]
"""Best score so far, seeds by trials; higher is better: the metric, or minus the metric."""


def best_so_far(trials: Sequence[Trial], total: int) -> list[float]:
    """Scores after each trial; what failed leaves it where it is, -∞ before the first score."""
    scores = [-np.inf if trial.score is None else trial.score for trial in trials]
    found = list(np.maximum.accumulate(scores))
    return found + [found[-1]] * (total - len(found))


def trials_until(found: Curves, level: float) -> npt.NDArray[np.float64]:
    """Of each search, the trial with which it reached a level; all of its trials where none did."""
    reached = found >= level
    first = reached.argmax(axis=1) + 1
    counts: npt.NDArray[np.float64] = np.where(reached.any(axis=1), first, found.shape[1])
    return counts.astype(float)


@dataclass(frozen=True)
class Ratio:
    """How many times as many trials one way takes as the other, with its interval of 95 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ablation:
    """Arms by name, the first of which the others are compared with.

    `level` is the lowest of the arms' mean final scores; `counts` are trials until there, `missed`
    how many searches never came so far: those count with all their trials.  `sign` times a score is
    the metric.
    """

    curves: Mapping[str, Curves]
    metric: str = "score"
    sign: int = 1

    @property
    def level(self) -> float:
        return min(float(found[:, -1].mean()) for found in self.curves.values())

    def counts(self, arm: str) -> npt.NDArray[np.float64]:
        return trials_until(self.curves[arm], self.level)

    def missed(self, arm: str) -> int:
        return int((self.curves[arm][:, -1] < self.level).sum())

    def ratio(self, arm: str) -> Ratio:
        """Mean trials of an arm over those of the first; bootstrapped over seeds."""
        first, other = self.counts(next(iter(self.curves))), self.counts(arm)
        low, high = percentiles(resampled(other) / resampled(first))
        return Ratio(float(other.mean() / first.mean()), low, high)

    def finals(self, arm: str) -> list[float]:
        """The metric of each search's best."""
        return [self.sign * float(score) for score in self.curves[arm][:, -1]]

    def chart(self, title: str) -> Chart:
        """Mean best so far, as the metric, with its bootstrapped interval."""
        curves = (_curve(arm, self.sign * found) for arm, found in self.curves.items())
        return Chart(title, "trials", self.metric, tuple(curves))


def _curve(name: str, values: Curves) -> Curve:
    finite = np.isfinite(values).all(axis=0)
    means = resampled(values[:, finite])
    points = []
    for number, at in enumerate(np.flatnonzero(finite)):
        low, high = percentiles(means[:, number])
        points.append((float(at + 1), float(values[:, at].mean()), low, high))
    return Curve(name, tuple(points))
