"""Wrong calls: a Python error that names the argument, of the kind that nn.LSTM raises if any."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

from fenas_lang.check.loader import load
from fenas_lang.engine.layer import compile

T, B, D, H = 4, 2, 3, 5


def zeros(*sizes: int, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Tensor:
    return torch.zeros(*sizes, dtype=dtype, device=device)


X, STATE = zeros(T, B, D), zeros(1, B, H)
THE_STATE = r"the state must be the tuple \(h_prev, c_prev\)"
DENSE = "the input must be dense, not torch.sparse_coo"

CALLS: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "one dimension": ((zeros(D),), ValueError, "the input must have 2 or 3 dimensions, not 1"),
    "four dimensions": ((zeros(2, 2, 2, D),), ValueError, "the input must have 2 or 3 dim.*not 4"),
    "features": ((zeros(T, B, 9),), RuntimeError, "the input has 9 features, input_size is 3"),
    "double": ((X.double(),), ValueError, "the input is torch.float64, the parameters torch.fl"),
    "half": ((X.half(),), ValueError, "the input is torch.float16, the parameters"),
    "integers": ((X.long(),), ValueError, "the input is torch.int64, the parameters"),
    "truth values": ((X.bool(),), ValueError, "the input is torch.bool, the parameters"),
    "complex": ((X.to(torch.complex64),), ValueError, "the input is torch.complex64"),
    "no step": ((zeros(0, B, D),), RuntimeError, "the sequence has no time step"),
    "no sequence": ((zeros(T, 0, D),), RuntimeError, "the batch is empty"),
    "on meta": ((X.to("meta"),), RuntimeError, "the input is on meta, the parameters on cpu"),
    "sparse": ((X.to_sparse(),), TypeError, DENSE),
    "a list": (([[1.0]],), TypeError, "the input must be a tensor, not list"),
    "an array": ((X.numpy(),), TypeError, "the input must be a tensor, not ndarray"),
    "nothing": ((None,), TypeError, "the input must be a tensor, not NoneType"),
    "a state only": ((X, STATE), TypeError, THE_STATE),
    "too few states": ((X, (STATE,)), TypeError, THE_STATE),
    "too many states": ((X, (STATE,) * 3), TypeError, THE_STATE),
    "a number": ((X, 3), TypeError, THE_STATE),
    "no tensor": ((X, (STATE, None)), TypeError, "state c_prev must be a tensor, not NoneType"),
    "hidden size": (
        (X, (STATE, zeros(1, B, 4))),
        RuntimeError,
        r"state c_prev must be \(1, 2, 5\), it is \(1, 2, 4\)",
    ),
    "batch": ((X, (zeros(1, 7, H), STATE)), RuntimeError, r"state h_prev must be \(1, 2, 5\)"),
    "layers": ((X, (zeros(2, B, H),) * 2), RuntimeError, r"h_prev.*it is \(2, 2, 5\)"),
    "state without layers": ((X, (STATE[0],) * 2), RuntimeError, r"it is \(2, 5\)"),
    "batched state": ((X[:, 0], (STATE,) * 2), RuntimeError, r"state h_prev must be \(1, 5\)"),
    "state's type": ((X, (STATE, STATE.double())), ValueError, "state c_prev is torch.float64"),
    "whole states": ((X, (STATE.long(), STATE)), ValueError, "state h_prev is torch.int64"),
    "state on meta": ((X, (STATE, STATE.to("meta"))), RuntimeError, "state c_prev is on meta"),
    "packed features": ((pack_sequence([zeros(T, 9)]),), RuntimeError, "the input has 9 features"),
    "packed integers": ((pack_sequence([X[:, 0].long()]),), ValueError, "the input is torch.int"),
    "packed batch": (
        (pack_sequence([zeros(T, D)]), (STATE,) * 2),
        RuntimeError,
        r"state h_prev must be \(1, 1, 5\), it is \(1, 2, 5\)",
    ),
}
OTHERWISE_IN_TORCH = {
    "no sequence": "not refused",
    "sparse": "not refused as such",
    "a list": "an AttributeError",
    "an array": "an AttributeError",
    "nothing": "an AttributeError",
    "a state only": "an IndexError",
    "too few states": "an IndexError",
    "too many states": "a RuntimeError",
    "no tensor": "an AttributeError",
    "state's type": "an error of another library",
    "whole states": "an error of another library",
    "packed features": "not refused",
    "packed integers": "a RuntimeError",
    "packed batch": "not refused",
}


@pytest.mark.parametrize("backend", ["", "torch"], ids=["native", "torch"])
@pytest.mark.parametrize("name", CALLS)
def test_wrong_calls(name: str, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENAS_BACKEND", backend)
    arguments, kind, message = CALLS[name]
    with pytest.raises(kind, match=message) as raised:
        compile(load("LSTM"), D, H)(*arguments)
    assert type(raised.value) is kind


@pytest.mark.parametrize("name", sorted(CALLS.keys() - OTHERWISE_IN_TORCH))
def test_nn_lstm_raises_the_same(name: str) -> None:
    arguments, kind, _ = CALLS[name]
    with pytest.raises(Exception) as raised:
        nn.LSTM(D, H)(*arguments)
    assert type(raised.value) is kind


@pytest.mark.parametrize("sizes", [[2, 2], [2, -1, 2], [4]], ids=str)
def test_packed_rows_that_are_not_there(sizes: list[int]) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        compile(load("LSTM"), D, H)(PackedSequence(zeros(3, D), torch.tensor(sizes)))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("cell", "edge"),
    [
        *(("LSTM", "o.h_prev"), ("LSTM", "o.x"), ("LSTM", "o.bias")),
        *(("IndRNN", "h.h_prev"), ("RNN", "h.x"), ("RNN", "h.h_prev"), ("GRU", "u.bias")),
    ],
    ids=str,
)
def test_parameters_that_have_changed_their_shape(cell: str, edge: str, training: bool) -> None:
    layer = compile(load(cell), D, 40).train(training)
    layer.edges()[edge].data = torch.zeros(2)
    with torch.set_grad_enabled(training), pytest.raises(Exception):  # noqa: B017
        layer(X)
