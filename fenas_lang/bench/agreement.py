"""Whether candidates compute the same thing: nothing else is worth timing.

Outputs and the gradient of x over the first time steps are compared with a naive loop in double
precision.  In single precision an error may be four times that of the naive loop itself, since
many random cells are ill-conditioned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenas_lang.bench.peers import eager
from fenas_lang.bench.problem import EARLY, Candidate, Problem, Values
from fenas_lang.bench.settings import INFERENCE, TRAIN

FLOOR = {"float32": 1e-4, "float64": 1e-10}
"""An error that is always allowed, of 1 + max|reference|."""
TIMES_NAIVE = 4

Arrays = list[NDArray[np.float64]]


class Agreement:
    """What candidates for a problem are compared with."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.reference = _arrays(eager.candidate(problem.reference()).training(True))

    @property
    def finite(self) -> bool:
        """Whether there is something to compare with."""
        return all(bool(np.isfinite(value).all()) for value in self.reference)

    @cached_property
    def allowed(self) -> float:
        """The largest error of a candidate that computes the same."""
        short = replace(
            self.problem,
            shape=self.problem.reference().shape,
            x=self.problem.x[:EARLY],
            early=self.problem.early[:EARLY],
        )
        own = self._error(eager.candidate(short).training(True))
        return max(FLOOR[self.problem.settings.dtype], TIMES_NAIVE * own)

    def problem_of(self, candidate: Candidate) -> str:
        """How a candidate differs; empty where it computes the same in each step to be timed."""
        runs: dict[str, Callable[[], Values]] = {
            INFERENCE: candidate.inference,
            TRAIN: partial(candidate.training, True),
        }
        for step in self.problem.settings.steps:
            error = self._error(runs[step]())
            if not error <= self.allowed:
                return f"computes something else ({step}: off by {error:.1g} of the values)"
        return ""

    def _error(self, values: Values) -> float:
        """The largest difference, relative to 1 + max|reference|; NaN where a value is NaN."""
        pairs = zip(_arrays(values), self.reference, strict=False)
        errors = [np.abs(a - b).max() / (1 + np.abs(b).max()) for a, b in pairs]
        return float(np.max(errors))


def _arrays(values: Sequence[Any]) -> Arrays:
    return [np.asarray(value, dtype=np.float64)[:EARLY] for value in values]
