"""The relaxed cell: legal when discretised, and the discrete cell itself where it is certain."""

from __future__ import annotations

import random

import pytest
import torch

from fenas_lang.check.check import checked
from fenas_lang.search.sharing.decisions import Decisions, drawn, most_probable
from fenas_lang.search.sharing.relaxed import RelaxedLayer, first_output
from fenas_lang.search.sharing.supernet import SharedLayer, SharedWeights
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.request import request

SIZE = 4
KINDS = [
    ("fenas", "last", 2),
    ("fenas", "loose", 1),
    ("enas", "all", 1),
    ("enas", "loose", 1),
    ("darts", "all", 1),
    ("nas_bench_nlp", "any", 2),
]


def decisions(space: str, output: str, states: int, seed: int = 0) -> Decisions:
    chosen = load_space(space)
    return Decisions(chosen, request(chosen, 4, states, output), seed)


def make_certain(made: Decisions, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for logits in made.parameters:
            if logits.numel():
                chance = torch.rand(logits.shape, generator=generator)
                logits.copy_(1e4 * (chance == chance.amax(-1, keepdim=True)))


@pytest.mark.parametrize(("space", "output", "states"), KINDS)
def test_certain_decisions_are_their_cell(space: str, output: str, states: int) -> None:
    for seed in range(5):
        made = decisions(space, output, states)
        make_certain(made, seed)
        layer = SharedLayer(SharedWeights(SIZE, 0), made.space, SIZE, SIZE)
        x = torch.randn(3, 2, SIZE)
        layer.run(RelaxedLayer(layer, made))
        relaxed, after = layer(x)
        layer.use(made.cell(most_probable))
        discrete, expected = layer(x)
        torch.testing.assert_close(relaxed, discrete, equal_nan=True, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(after, expected, equal_nan=True, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("space", "output", "states"), KINDS)
def test_every_discretised_cell_is_legal(space: str, output: str, states: int) -> None:
    for seed in range(10):
        made, rng = decisions(space, output, states, seed), random.Random(seed)
        for choose in (most_probable, drawn(rng)):
            cell = made.cell(choose)
            assert checked(cell).space.name == space
            assert len(cell.states) == states


@pytest.mark.parametrize(("space", "output", "states"), KINDS)
def test_the_first_output_is_a_mean(space: str, output: str, states: int) -> None:
    if output != "any":
        weights = first_output(decisions(space, output, states))
        assert weights.min() >= 0 and weights.sum().item() == pytest.approx(1)


def test_gradients_reach_every_decision_that_matters() -> None:
    made = decisions("fenas", "last", 2)
    layer = SharedLayer(SharedWeights(SIZE, 0), made.space, SIZE, SIZE)
    layer.run(RelaxedLayer(layer, made))
    y, _ = layer(torch.randn(3, 2, SIZE))
    found = torch.autograd.grad(y.square().sum(), made.parameters)
    assert all(bool(gradient.abs().sum() > 0) for gradient in found)


def test_dropout_masks_weighted_edges_once_a_sequence_and_only_in_training() -> None:
    made = decisions("darts", "all", 1)
    masks = {"x": 0.5, "h": 0.5}
    layer = SharedLayer(SharedWeights(SIZE, 0), made.space, SIZE, SIZE, variational=masks)
    layer.run(RelaxedLayer(layer, made))
    x = torch.randn(3, 2, SIZE)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert torch.equal(layer(x)[0], layer(x)[0])
