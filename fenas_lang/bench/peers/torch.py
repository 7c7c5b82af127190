"""The same plan as torch operations: what a layer does where the kernel does not serve it."""

from __future__ import annotations

import os

from torch import Tensor

from fenas_lang.bench.problem import Candidate, Problem, torch_candidate
from fenas_lang.engine.serving import VARIABLE


def candidate(problem: Problem) -> Candidate:
    """Products hoisted and fused, and a Python loop over time."""
    layer = problem.layer()

    def forward(x: Tensor) -> Tensor:
        before = os.environ.get(VARIABLE)
        os.environ[VARIABLE] = "torch"
        try:
            output: Tensor = layer(x)[0]
        finally:
            os.environ.pop(VARIABLE)
            if before is not None:
                os.environ[VARIABLE] = before
        return output

    return torch_candidate("torch", problem, forward, list(layer.parameters()))
