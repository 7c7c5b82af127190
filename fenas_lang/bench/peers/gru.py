"""`torch.nn.GRU`."""

from __future__ import annotations

from torch import nn

from fenas_lang.bench.peers._torch_nn import of_class
from fenas_lang.bench.problem import Candidate, Problem


def candidate(problem: Problem) -> Candidate:
    """`nn.GRU`, with the cell's weights where it is one."""
    return of_class("gru", nn.GRU, problem)
