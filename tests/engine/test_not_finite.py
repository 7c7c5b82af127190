"""NaN, infinities and huge numbers go through a layer as through its torch operations."""

from __future__ import annotations

import random

import pytest
import torch
from judging import everything, in_torch
from strategies import SHIPPED
from torch import Tensor
from trials import Numbers, Trial, multiplies_as_torch_does, random_numbers, random_trial

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.engine.kernel import shared_object
from fenas_lang.engine.layer import compile
from fenas_lang.ir.lower import lower

pytestmark = pytest.mark.skipif(shared_object() is None, reason="the kernel was not built")

SPOILT = {"NaN": torch.nan, "inf": torch.inf, "-inf": -torch.inf, "huge": 1e30}
PLACES = ["input", "state", "matrix", "bias"]


def spoil(numbers: Numbers, place: str, value: float) -> None:
    """Sets one number of those in a place."""
    biases = [edge for name, edge in numbers.edges.items() if name.endswith(".bias")]
    others = [edge for name, edge in numbers.edges.items() if not name.endswith(".bias")]
    of_place: dict[str, list[Tensor]] = {
        "input": [numbers.x],
        "state": numbers.states[-1:],
        "matrix": others[-1:],
        "bias": biases[-1:],
    }
    with torch.no_grad():
        for chosen in of_place[place]:
            chosen.view(-1)[chosen.numel() // 2] = value


def check(trial: Trial, place: str, value: float) -> None:
    layer = trial.layer(torch.float32)
    numbers = random_numbers(trial, layer, torch.float32)
    spoil(numbers, place, value)
    values = 1 + len(trial.flow.states)
    compared = None if multiplies_as_torch_does(trial) else values
    found, expected = everything(trial, layer, numbers), in_torch(trial, layer, numbers)
    for f, e in zip(found[:compared], expected, strict=False):
        assert torch.equal(f.isfinite(), e.isfinite()), place
    for f, e in zip(found[:values], expected, strict=False):
        assert torch.equal(f.isnan(), e.isnan()), place


@pytest.mark.parametrize("value", SPOILT)
@pytest.mark.parametrize("name", shipped_cells())
def test_shipped_cells(name: str, value: str) -> None:
    cell = load(name)
    size = 17 if lower(cell).forces_square else 6
    for seed, place in enumerate(PLACES):
        torch.manual_seed(seed)
        check(Trial(cell, 3, 3, 17, size, seed=seed), place, SPOILT[value])


@pytest.mark.parametrize("space", SHIPPED)
def test_nan_in_random_cells(space: str) -> None:
    for seed in range(5000, 5010):
        check(random_trial(space, seed), random.Random(seed).choice(PLACES), torch.nan)


def test_what_relu_cuts_off_passes_no_nan_back(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = compile(loads("cell C in open (x, h) -> n { n = relu(h) }"), 1, 1)
    for backend in ("torch", ""):
        monkeypatch.setenv("FENAS_BACKEND", backend)
        h = torch.full((1, 1, 1), -1.0, requires_grad=True)
        (layer(torch.zeros(1, 1, 1), h)[0] * torch.nan).sum().backward()
        assert h.grad is not None and h.grad.item() == 0


@pytest.mark.parametrize("literal", ["1" + 38 * "0", "1" + 39 * "0"], ids=["least", "beyond"])
def test_a_number_beyond_the_type_is_infinite(
    literal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or finite in double precision; either way as torch has it."""
    cell = loads(f"cell A in open (x, h) -> a {{ b = tanh(@x, @h); a = {literal} * b }}")
    for dtype in (torch.float32, torch.float64):
        layer, x = compile(cell, 2, 3).to(dtype), torch.randn(2, 2, 2, dtype=dtype)
        found, _ = layer(x)
        with monkeypatch.context() as patch:
            patch.setenv("FENAS_BACKEND", "torch")
            expected, _ = layer(x)
        torch.testing.assert_close(found, expected, equal_nan=True)
