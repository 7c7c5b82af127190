"""The same plan as torch operations: what a layer does where the kernel does not serve it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from torch import Tensor

from fenas_lang.bench.problem import Candidate, Problem, torch_candidate
from fenas_lang.engine.serving import VARIABLE


def candidate(problem: Problem) -> Candidate:
    """Products hoisted and fused, and a Python loop over time."""
    layer = problem.layer()

    def forward(x: Tensor) -> Tensor:
        with _without_kernel():
            output: Tensor = layer(x)[0]
        return output

    with _without_kernel():
        assert layer.backend == "torch"
    return torch_candidate("torch", problem, forward, list(layer.parameters()))


@contextlib.contextmanager
def _without_kernel() -> Iterator[None]:
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "torch"
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
