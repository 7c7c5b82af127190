"""Variational dropout: masks drawn once a sequence, on the operands of weighted edges only."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import naive_torch
import pytest
import torch
from hypothesis import given, settings
from strategies import cells_of_any_space
from torch import Tensor
from torch.nn.utils.rnn import pack_sequence

from fenas_lang.check.loader import load, loads
from fenas_lang.diagnostics import FenError
from fenas_lang.engine.compiled import VariationalLayer
from fenas_lang.engine.layer import compile
from fenas_lang.ir.lower import lower
from fenas_lang.rules import build
from fenas_lang.syntax.ast import Cell

TIME, BATCH, H = 4, 3, 5
KINDS = {"x": 0.3, "h": 0.5, "edges": 0.4}


def run_with_known_masks(cell: Cell, variational: dict[str, float]) -> tuple[Tensor, Tensor]:
    """What the layer gives, and what the cell gives when its edges' operands are masked so."""
    torch.manual_seed(0)
    layer = compile(cell, H, H, dtype=torch.float64, variational=variational)
    masks: dict[str, Tensor] = {}
    draw = VariationalLayer._mask

    def recorded(self: VariationalLayer, rows: Tensor, batch: int, source: str) -> Tensor:
        assert source not in masks
        masks[source] = draw(self, rows, batch, source)
        return masks[source]

    x = torch.randn(TIME, BATCH, H, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(VariationalLayer, "_mask", recorded)
        output, _ = layer(x)
    flow = lower(cell)
    zeros = [torch.zeros(BATCH, H, dtype=torch.float64) for _ in flow.states]

    def mask(source: str, value: Tensor) -> Tensor:
        return value * masks.get(source, torch.ones(()))

    expected, _ = naive_torch.Run(flow, layer.edges(), mask).sequence(x, zeros)
    return output, expected


@pytest.mark.parametrize("name", ["GRU", "LSTM", "ENAS", "SRU", "LSTM_peephole", "NBNLP_3537"])
@pytest.mark.parametrize("kinds", [["x"], ["h"], ["edges"], ["x", "h", "edges"]], ids=str)
def test_masks_multiply_the_operands_of_weighted_edges(name: str, kinds: list[str]) -> None:
    output, expected = run_with_known_masks(load(name), {kind: KINDS[kind] for kind in kinds})
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(cells_of_any_space())
def test_masks_in_random_cells(cell: Cell) -> None:
    output, expected = run_with_known_masks(cell, KINDS)
    if expected.isfinite().all() and expected.abs().max() < 100:
        torch.testing.assert_close(output, expected, rtol=1e-9, atol=1e-9)


def test_plain_and_carried_terms_are_never_masked() -> None:
    cell = loads("cell C in open (x, h, g) -> (n, m) { n = x + h * x; m = tanh(@.g, h) }")
    layer = compile(cell, H, H, variational={"x": 1.0, "h": 1.0, "edges": 1.0})
    x = torch.randn(TIME, BATCH, H)
    assert torch.equal(layer(x)[0], layer.eval()(x)[0])


def test_everything_dropped_leaves_the_biases() -> None:
    cell = loads("cell C(x, h) -> n { n = identity(@x, @h) }")
    layer = compile(cell, H, H, variational={"x": 1.0, "h": 1.0})
    output, _ = layer(torch.randn(TIME, BATCH, H))
    assert torch.equal(output, layer.edges()["n.bias"].expand(TIME, BATCH, H))


def test_a_mask_is_the_same_at_every_time_step() -> None:
    cell = loads("cell C(x, h) -> n without bias { n = identity(@x) }")
    layer = compile(cell, H, H, variational={"x": 0.5})
    layer.load_edges({"n.x": torch.eye(H)})
    x = torch.randn(1, BATCH, H).expand(TIME, -1, -1)
    first, *others = layer(x)[0]
    assert all(torch.equal(first == 0, other == 0) for other in others)
    assert not torch.equal(layer(x)[0], layer(x)[0])


def test_equal_nodes_have_masks_of_their_own() -> None:
    cell = loads("cell C in open (x, h) -> n { a = x + h; b = x + h; n = tanh(@a, @b, @b) }")
    output, expected = run_with_known_masks(cell, {"edges": 0.5})
    torch.testing.assert_close(output, expected, rtol=0, atol=1e-12)


def test_masks_keep_the_mean() -> None:
    cell = loads("cell C(x, h) -> n without bias { n = identity(@x) }")
    layer = compile(cell, 1, 1, variational={"x": 0.25})
    layer.load_edges({"n.x": [[1.0]]})
    torch.manual_seed(0)
    output, _ = layer(torch.ones(1, 20_000, 1))
    assert sorted(output.unique().tolist()) == pytest.approx([0, 4 / 3])
    assert output.mean().item() == pytest.approx(1, abs=0.02)


def test_every_layer_and_direction_draws_its_own_masks() -> None:
    cell = loads("cell C(x, h) -> n { n = tanh(@x, @h) }")
    layer = compile(cell, 3, H, num_layers=2, bidirectional=True, variational={"x": 0.5, "h": 0.5})
    sequences = [torch.randn(n, 3) for n in (4, 1, 3)]
    output, state = layer(pack_sequence(sequences, enforce_sorted=False))
    assert output.data.shape == (8, 2 * H) and state.shape == (4, 3, H)


def test_there_are_no_masks_in_eval_mode() -> None:
    plain = compile(load("LSTM"), H, H)
    masked = compile(load("LSTM"), H, H, variational=KINDS)
    masked.load_state_dict(plain.state_dict())
    x = torch.randn(TIME, BATCH, H)
    assert not torch.equal(masked(x)[0], plain(x)[0])
    assert torch.equal(masked.eval()(x)[0], plain(x)[0])


def test_nothing_dropped_is_a_plain_layer() -> None:
    none = compile(load("LSTM"), H, H, variational={"x": 0.0, "h": 0})
    assert type(none) is type(compile(load("LSTM"), H, H))


def test_it_is_shown_pickled_and_copied() -> None:
    layer = compile(load("GRU"), H, H, variational={"h": 0.5})
    assert "variational={'h': 0.5}" in repr(layer)
    x = torch.randn(TIME, BATCH, H)
    for copied in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        torch.manual_seed(1)
        expected, _ = layer(x)
        torch.manual_seed(1)
        assert torch.equal(copied(x)[0], expected)


@pytest.mark.parametrize(
    ("variational", "rule"),
    [
        ({"hidden": 0.5}, build.UNKNOWN_MASK),
        ({"x": 2}, build.BAD_PROBABILITY),
        ({"h": "much"}, build.BAD_PROBABILITY),
    ],
    ids=str,
)
def test_wrong_settings(variational: Any, rule: Any) -> None:
    with pytest.raises(FenError) as raised:
        compile(load("GRU"), H, H, variational=variational)
    assert [d.code for d in raised.value.diagnostics] == [rule.code]
