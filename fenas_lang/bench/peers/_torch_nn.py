"""A layer of torch.nn: with the same weights where the cell is proved to be that layer."""

from __future__ import annotations

from torch import nn

from fenas_lang.bench.problem import Candidate, Problem, torch_candidate
from fenas_lang.diagnostics import FenError

Kind = type[nn.LSTM] | type[nn.GRU]
OTHER = "another cell of the same sizes"


def of_class(name: str, kind: Kind, problem: Problem) -> Candidate:
    """The layer; for a cell that is not proved to be it, one of the same sizes to compare with."""
    converted = _converted(problem)
    same = type(converted) is kind
    layer = converted if converted is not None and same else _like(problem, kind)
    note = "" if same else OTHER
    parameters = list(layer.parameters())
    return torch_candidate(name, problem, lambda x: layer(x)[0], parameters, same=same, note=note)


def _like(problem: Problem, kind: Kind) -> nn.RNNBase:
    shape = problem.shape
    return kind(shape.input_size, shape.hidden_size, dtype=problem.x.dtype)


def _converted(problem: Problem) -> nn.RNNBase | None:
    try:
        return problem.layer().to_torch()
    except FenError:
        return None
