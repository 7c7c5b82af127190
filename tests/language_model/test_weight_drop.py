"""Weight drop: which parameters, which elements, and what stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from fenas_lang.check.loader import loads
from fenas_lang.engine.layer import compile
from fenas_lang.language_model.weight_drop import recurrent_matrices, run_dropped

CELLS: dict[str, Any] = {
    "LSTM": lambda: compile("LSTM", 6, 6),
    "GRU": lambda: compile("GRU", 6, 6),
    "nn.LSTM": lambda: nn.LSTM(6, 6),
    "nn.GRU": lambda: nn.GRU(6, 6),
}
TWO_NODES = """
cell Two(x, h_prev) -> h {
    a = tanh(@x, @h_prev)
    b = sigmoid(@a)
    h = mul(a, b)
}
"""


def test_the_recurrent_matrices_of_a_cell_are_those_from_states_and_nodes() -> None:
    cell = loads(TWO_NODES)
    layer = compile(cell, 4, 4)
    assert recurrent_matrices(layer) == ["edge__a__h_prev", "edge__b__a"]
    assert recurrent_matrices(nn.GRU(2, 3, 2)) == ["weight_hh_l0", "weight_hh_l1"]
    assert recurrent_matrices(nn.Linear(2, 3)) == []


@pytest.mark.parametrize("name", CELLS)
def test_it_is_the_layer_with_dropped_matrices(name: str) -> None:
    """The same masks drawn by hand, put into a copy; gradients of dropped elements are zero."""
    torch.manual_seed(0)
    layer, x = CELLS[name](), torch.randn(4, 3, 6)
    names = recurrent_matrices(layer)
    torch.manual_seed(1)
    output, _ = run_dropped(layer, names, 0.5, x, None)
    torch.manual_seed(1)
    own = dict(layer.named_parameters())
    masks = {n: nn.functional.dropout(torch.ones_like(own[n]), 0.5) for n in names}
    copy = CELLS[name]()
    copy.load_state_dict({n: p * masks.get(n, 1) for n, p in own.items()})
    torch.testing.assert_close(output, copy(x)[0])
    output.square().sum().backward()
    for matrix in names:
        gradient = layer.get_parameter(matrix).grad
        assert gradient is not None and masks[matrix].unique().tolist() == [0.0, 2.0]
        assert not gradient[masks[matrix] == 0].any() and gradient[masks[matrix] > 0].any()


@pytest.mark.parametrize("name", CELLS)
def test_the_first_step_from_zero_knows_nothing_of_it(name: str) -> None:
    layer, x = CELLS[name](), torch.randn(4, 3, 6)

    def run() -> Tensor:
        output: Tensor = run_dropped(layer, recurrent_matrices(layer), 0.5, x, None)[0]
        return output

    first, second = run(), run()
    torch.testing.assert_close(first[0], second[0])
    assert not torch.allclose(first[1:], second[1:])
