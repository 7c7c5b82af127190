"""The candidate that all others are compared with: the layer of `fenas_lang.compile`."""

from __future__ import annotations

from fenas_lang.bench.problem import Candidate, Problem, torch_candidate
from fenas_lang.bench.result import ENGINE


def candidate(problem: Problem) -> Candidate:
    """The layer as `compile` gives it, in its native kernel where that was built."""
    layer = problem.layer()
    parameters = list(layer.parameters())
    return torch_candidate(ENGINE, problem, lambda x: layer(x)[0], parameters, note=layer.backend)
