"""The same cell as one writes it by hand in torch: see `fenas_lang.bench.naive`."""

from __future__ import annotations

from fenas_lang.bench.naive import naive_loop
from fenas_lang.bench.problem import Candidate, Problem, torch_candidate


def candidate(problem: Problem) -> Candidate:
    """A Python loop with one product per weighted edge and time step."""
    edges = {name: edge.clone().requires_grad_() for name, edge in problem.edges.items()}
    loop, states = naive_loop(problem.dataflow), problem.states()
    return torch_candidate("eager", problem, lambda x: loop(x, states, edges), [*edges.values()])
