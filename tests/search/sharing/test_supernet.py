"""A child of the supernet computes what its cell means, with the supernet's weights."""

from __future__ import annotations

import random

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

import fenas_lang
from fenas_lang.check.loader import load
from fenas_lang.diagnostics import FenError
from fenas_lang.search.sharing.places import keys, lowered
from fenas_lang.search.sharing.supernet import SharedLayer, SharedWeights
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

SIZE = 5
SPACES = ("fenas", "enas", "darts", "nas_bench_nlp", "open")


def supernet(space: str, seed: int = 0) -> SharedLayer:
    return SharedLayer(SharedWeights(SIZE, seed), load_space(space), SIZE, SIZE)


@pytest.mark.parametrize("name", SPACES)
def test_a_child_is_its_cell_with_shared_weights(name: str) -> None:
    layer, rng = supernet(name), random.Random(1)
    least = layer.space.states[0]
    for number in range(8):
        states = least + number % 2 if name not in ("enas", "darts") else 1
        cell = sample(layer.space, rng=rng, nodes=5, states=states, by="choices")
        dataflow = lowered(cell, layer.space)
        names = keys(cell, dataflow)
        layer.use(cell)
        x = torch.randn(3, 2, SIZE)
        y, _ = layer(x)
        alone = fenas_lang.compile(cell, SIZE, SIZE)
        alone.load_edges(
            {p.name: layer.weights.get(names[p.name], ()).detach() for p in dataflow.parameters}
        )
        torch.testing.assert_close(y, alone(x)[0], equal_nan=True, rtol=0, atol=0)


def test_weights_belong_to_places_and_not_to_functions() -> None:
    layer = supernet("enas")
    text = "cell A in enas (x, h) -> n2 without bias {{ n1 = first(x, h)\n n2 = {}(n1) }}"
    layer.use(fenas_lang.loads(text.format("tanh_skip")))
    before = layer.weights.shapes()
    for function in ("relu_skip", "sigmoid_skip", "identity_skip"):
        layer.use(fenas_lang.loads(text.format(function)))
    assert layer.weights.shapes() == before
    assert {"n2_n1_weighted", "n2_gate_n1_weighted"} <= set(before)


def test_a_weight_is_the_same_whenever_it_is_first_read() -> None:
    cells = [load(name) for name in ("LSTM", "GRU", "RNN")]
    first, second = supernet("fenas"), supernet("fenas")
    for cell in cells:
        first.use(cell)
    for cell in reversed(cells):
        second.use(cell)
    found, again = first.weights.state_dict(), second.weights.state_dict()
    assert set(found) == set(again)
    assert all(torch.equal(found[key], again[key]) for key in found)
    other = supernet("fenas", seed=1)
    other.use(cells[0])
    assert not any(torch.equal(v, found[k]) for k, v in other.weights.state_dict().items())


def test_children_hand_on_their_states_whatever_their_number() -> None:
    layer, x = supernet("fenas"), torch.randn(2, 3, SIZE)
    layer.use(load("LSTM"))
    _, (h, c) = layer(x)
    layer.use(load("GRU"))
    after, one = layer(x, (h, c))
    torch.testing.assert_close(after, layer(x, h)[0])
    layer.use(load("LSTM"))
    wide, _ = layer(x, one)
    torch.testing.assert_close(wide, layer(x, (one, torch.zeros_like(one)))[0])


def test_gradients_reach_the_shared_weights_of_the_child_alone() -> None:
    layer = supernet("fenas")
    layer.use(load("LSTM"))
    layer.use(load("RNN"))
    y, _ = layer(torch.randn(3, 2, SIZE))
    y.sum().backward()
    touched = {key for key, weight in layer.weights.named_parameters() if weight.grad is not None}
    assert touched == {"n1_x_weighted", "n1_s1_weighted", "n1_bias"}


def both_ways(space: str) -> SharedLayer:
    return SharedLayer(SharedWeights(SIZE, 0), load_space(space), SIZE, SIZE, bidirectional=True)


def test_each_direction_has_weights_of_its_own() -> None:
    layer, x = both_ways("fenas"), torch.randn(4, 2, SIZE)
    packed = pack_padded_sequence(x, torch.tensor([2, 4]), enforce_sorted=False)
    cell = load("GRU")
    child = layer.use(cell)
    alone = fenas_lang.compile(cell, SIZE, SIZE, bidirectional=True)
    alone.load_edges({name: edge.detach() for name, edge in child.edges().items()})
    torch.testing.assert_close(layer(x)[0], alone(x)[0])
    torch.testing.assert_close(layer(packed)[0].data, alone(packed)[0].data)
    edges = child.edges()
    assert not torch.equal(edges["l0.r.x"], edges["l0.reverse.r.x"])


def test_a_relaxation_has_one_direction() -> None:
    layer = both_ways("darts")
    layer.run(torch.nn.Identity())
    with pytest.raises(FenError, match=r"FEN494.*both directions"):
        layer(torch.randn(4, 2, SIZE))
