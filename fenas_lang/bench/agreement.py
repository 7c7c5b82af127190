"""Whether candidates compute the same thing: nothing else is worth timing.

Outputs and the gradient of x over the first time steps are compared with a naive loop in double
precision.  In single precision an error may be four times that of the naive loop itself, since
many random cells are ill-conditioned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenas_lang.bench.peers import eager
from fenas_lang.bench.problem import EARLY, Candidate, Problem, Values
from fenas_lang.bench.settings import TRAIN

FLOOR = {"float32": 1e-4, "float64": 1e-10}
"""An error that is always allowed, of 1 + max|reference|."""
TIMES_NAIVE = 4

Arrays = list[NDArray[np.float64]]


class Agreement:
    """What candidates for a problem are compared with."""

    def __init__(self, problem: Problem):
        self.problem = problem
        self.reference = _arrays(_naive(problem.reference()))

    @property
    def finite(self) -> bool:
        """Whether the values are, over the whole sequence: else there is nothing to compare."""
        whole = (np.asarray(value) for value in _naive(self.problem))
        return all(bool(np.isfinite(value).all()) for value in (*self.reference, *whole))

    @cached_property
    def allowed(self) -> float:
        """The largest error of a candidate that computes the same."""
        short = replace(
            self.problem,
            shape=self.problem.reference().shape,
            x=self.problem.x[:EARLY],
            early=self.problem.early[:EARLY],
        )
        own = self._error(_naive(short))
        return max(FLOOR[self.problem.settings.dtype], TIMES_NAIVE * own)

    def problem_of(self, candidate: Candidate) -> str:
        """How a candidate differs; empty where it computes the same in each step to be timed."""
        for step in self.problem.settings.steps:
            run = candidate.run(step, early=True)
            error = 0.0 if run is None else self._error(run())
            if not error <= self.allowed:
                return f"computes something else ({step}: off by {error:.1g} of the values)"
        return ""

    def _error(self, values: Values) -> float:
        """The largest difference, relative to 1 + max|reference|; NaN where a value is NaN."""
        pairs = zip(_arrays(values), self.reference, strict=False)
        errors = [np.abs(a - b).max() / (1 + np.abs(b).max()) for a, b in pairs]
        return float(np.max(errors))


def _naive(problem: Problem) -> Values:
    run = eager.candidate(problem).run(TRAIN, early=True)
    assert run is not None
    return run()


def _arrays(values: Sequence[Any]) -> Arrays:
    return [np.asarray(value, dtype=np.float64)[:EARLY] for value in values]
