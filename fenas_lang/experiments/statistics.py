"""Means over seeds, with their deviations and intervals."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

LEVEL = 0.95
RESAMPLES = 2000
METHOD = "mean ± standard deviation over seeds, [95 % interval of the mean, Student's t]"


@dataclass(frozen=True)
class Estimate:
    """Of values over seeds: mean, standard deviation (n - 1), and the interval of the mean.

    With one value there is neither deviation nor interval.
    """

    values: tuple[float, ...]
    mean: float
    deviation: float | None = None
    low: float | None = None
    high: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def estimate(values: Sequence[float]) -> Estimate:
    """Of at least one value; the interval is Student's t with n - 1 degrees of freedom."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Estimate(tuple(values), mean)
    deviation = statistics.stdev(values)
    half = t_quantile(len(values) - 1) * deviation / math.sqrt(len(values))
    return Estimate(tuple(values), mean, deviation, mean - half, mean + half)


@cache
def t_quantile(freedom: int, level: float = LEVEL) -> float:
    """The t within which a Student variable lies with probability `level`, either side of 0.

    Outside of ±t lies I(n/(n + t²); n/2, 1/2), the regularised incomplete beta function.
    """

    def excess(t: Any) -> Any:
        inside = freedom / (freedom + t * t)
        return mpmath.betainc(freedom / 2, 0.5, 0, inside, regularized=True) - (1 - level)

    return float(mpmath.findroot(excess, (1.0, 20.0), solver="anderson"))


def resampled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means of resamples over the first axis, always the same ones (bootstrap)."""
    rows = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    means: npt.NDArray[np.float64] = values[rows].mean(axis=1)
    return means


def percentiles(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """The interval of 95 % of resampled values."""
    outside = (1 - LEVEL) / 2 * 100
    low, high = np.percentile(values, (outside, 100 - outside))
    return float(low), float(high)
