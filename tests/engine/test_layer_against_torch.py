"""Layers of our LSTM, GRU and RNN against those of `torch.nn`, with the weights carried over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from fenas_lang.check.loader import loads
from fenas_lang.engine.layer import compile

RNN = "cell RNN(x, h_prev) -> h { h = tanh(@x, @h_prev) }"
GRU = """
cell GRU(x, h_prev) -> h {
    r = sigmoid(@x, @h_prev); z = sigmoid(@x, @h_prev); a = identity(@x); u = identity(@h_prev)
    ru = r * u; n = tanh(a, ru); zn = z * n; d = n - zn; zh = z * h_prev; h = d + zh
}
"""
LSTM = """
cell LSTM(x, h_prev, c_prev) -> (h, c) {
    i = sigmoid(@x, @h_prev); f = sigmoid(@x, @h_prev)
    g = tanh(@x, @h_prev); o = sigmoid(@x, @h_prev)
    fc = f * c_prev; ig = i * g; c = fc + ig; t = tanh(c); h = o * t
}
"""
CELLS = {"RNN": (RNN, "h"), "GRU": (GRU, "rzn"), "LSTM": (LSTM, "ifgo")}
D, H, BATCH, TIME = 3, 4, 5, 6


def carried_over(kind: str, theirs: nn.RNNBase) -> dict[str, Tensor]:
    """The weights of a torch layer by our names; each gate of theirs has two biases."""
    found = {}
    directions = ("", "_reverse") if theirs.bidirectional else ("",)
    for layer in range(theirs.num_layers):
        for direction in directions:
            one = theirs.num_layers == 1 and not theirs.bidirectional
            prefix = "" if one else f"l{layer}.{'reverse.' if direction else ''}"
            for name, value in _direction(kind, theirs, f"l{layer}{direction}"):
                found[prefix + name] = value
    return found


def _direction(kind: str, theirs: nn.RNNBase, suffix: str) -> Iterator[tuple[str, Tensor]]:
    gates = CELLS[kind][1]
    for part, source in (("ih", "x"), ("hh", "h_prev")):
        weights = getattr(theirs, f"weight_{part}_{suffix}").chunk(len(gates))
        for gate, weight in zip(gates, weights, strict=True):
            yield f"{_node(kind, gate, source)}.{source}", weight
    if theirs.bias:
        of_x = getattr(theirs, f"bias_ih_{suffix}").chunk(len(gates))
        of_h = getattr(theirs, f"bias_hh_{suffix}").chunk(len(gates))
        for gate, bias_x, bias_h in zip(gates, of_x, of_h, strict=True):
            if (kind, gate) == ("GRU", "n"):
                yield from (("a.bias", bias_x), ("u.bias", bias_h))
            else:
                yield f"{gate}.bias", bias_x + bias_h


def _node(kind: str, gate: str, source: str) -> str:
    if (kind, gate) == ("GRU", "n"):
        return "a" if source == "x" else "u"
    return gate


def pair(kind: str, **options: Any) -> tuple[nn.RNNBase, nn.Module]:
    torch.manual_seed(0)
    theirs = getattr(nn, kind)(D, H, dtype=torch.float64, **options)
    ours = compile(loads(CELLS[kind][0]), D, H, dtype=torch.float64, **options)
    ours.load_edges(carried_over(kind, theirs))
    return theirs, ours


def state(kind: str, *shape: int) -> Any:
    values = tuple(torch.randn(*shape, dtype=torch.float64) for _ in range(2))
    return values if kind == "LSTM" else values[0]


def assert_same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, tuple) and not isinstance(theirs, PackedSequence):
        assert isinstance(ours, tuple) and len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            assert_same(mine, other)
    elif isinstance(theirs, PackedSequence):
        assert_same(ours.data, theirs.data)
        assert torch.equal(ours.batch_sizes, theirs.batch_sizes)
        assert ours.sorted_indices is theirs.sorted_indices
        assert ours.unsorted_indices is theirs.unsorted_indices
    else:
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-13)


STACKS = [
    {},
    {"bias": False},
    {"num_layers": 3},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False},
]
each_kind = pytest.mark.parametrize("kind", CELLS)
each_stack = pytest.mark.parametrize("options", STACKS, ids=str)


@each_kind
@each_stack
@pytest.mark.parametrize("given", [False, True], ids=["zero state", "given state"])
def test_padded_batches(kind: str, options: dict[str, Any], given: bool) -> None:
    theirs, ours = pair(kind, **options)
    shape = (BATCH, TIME, D) if options.get("batch_first") else (TIME, BATCH, D)
    x = torch.randn(*shape, dtype=torch.float64)
    runs = theirs.num_layers * (1 + theirs.bidirectional)
    hx = [state(kind, runs, BATCH, H)] if given else []
    assert_same(ours(x, *hx), theirs(x, *hx))


@each_kind
@each_stack
def test_one_sequence_without_batch(kind: str, options: dict[str, Any]) -> None:
    theirs, ours = pair(kind, **options)
    x = torch.randn(TIME, D, dtype=torch.float64)
    runs = theirs.num_layers * (1 + theirs.bidirectional)
    hx = state(kind, runs, H)
    assert_same(ours(x), theirs(x))
    assert_same(ours(x, hx), theirs(x, hx))


@each_kind
@each_stack
@pytest.mark.parametrize("lengths", [[6, 4, 4, 1, 1], [2, 6, 1, 6, 3], [3, 3, 3, 3, 3]], ids=str)
def test_packed_sequences(kind: str, options: dict[str, Any], lengths: list[int]) -> None:
    theirs, ours = pair(kind, **options)
    sequences = [torch.randn(n, D, dtype=torch.float64) for n in lengths]
    packed = pack_sequence(sequences, enforce_sorted=False)
    hx = state(kind, theirs.num_layers * (1 + theirs.bidirectional), BATCH, H)
    assert_same(ours(packed), theirs(packed))
    assert_same(ours(packed, hx), theirs(packed, hx))


def test_sorted_packs_keep_their_order() -> None:
    theirs, ours = pair("LSTM", bidirectional=True)
    packed = pack_sequence([torch.randn(n, D, dtype=torch.float64) for n in (5, 3, 3, 2)])
    assert_same(ours(packed), theirs(packed))


@each_kind
def test_gradients_through_a_bidirectional_stack(kind: str) -> None:
    theirs, ours = pair(kind, num_layers=2, bidirectional=True)
    sequences = [torch.randn(n, D, dtype=torch.float64) for n in (6, 2, 4)]
    gradients = []
    for layer in (theirs, ours):
        leaves = [s.clone().requires_grad_() for s in sequences]
        output, final = layer(pack_sequence(leaves, enforce_sorted=False))
        finals = final if isinstance(final, tuple) else (final,)
        padded, _ = pad_packed_sequence(output)
        total = padded.pow(2).sum() + sum(f.sin().sum() for f in finals)
        gradients.append(torch.autograd.grad(total, leaves))
    assert_same(gradients[1], gradients[0])


def test_everything_is_dropped_between_layers_and_nowhere_else() -> None:
    theirs, ours = pair("GRU", num_layers=2, dropout=1.0)
    x = torch.randn(TIME, BATCH, D, dtype=torch.float64)
    assert_same(ours(x), theirs(x))
    assert_same(ours.eval()(x), theirs.eval()(x))


def test_parameters_start_within_the_bound_of_nn_lstm() -> None:
    layer = compile(loads(LSTM), 20, 25)
    values = torch.cat([p.flatten() for p in layer.parameters()])
    assert 0.19 < values.abs().max() <= 0.2
    assert abs(values.mean()) < 0.02


def test_it_shows_itself_as_nn_gru_does() -> None:
    theirs, ours = pair("GRU", num_layers=2, bias=False, batch_first=True, bidirectional=True)
    assert repr(ours) == repr(theirs)
