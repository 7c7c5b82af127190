"""Windows: they cover the text, are drawn as published, and scale the learning rate."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from fenas_lang.language_model.nt_asgd import NonMonotoneASGD
from fenas_lang.language_model.windows import count, lengths, scale_rate


def drawn(total: int, window: int, seed: int) -> list[int]:
    return lengths(total, window, torch.Generator().manual_seed(seed))


@given(st.integers(1, 500), st.integers(1, 80))
def test_fixed_windows_cover_the_text_the_last_one_with_the_rest(total: int, window: int) -> None:
    found = lengths(total, window)
    assert sum(found) == total and len(found) == count(total, window, False)
    assert set(found[:-1]) <= {window} and 1 <= found[-1] <= window


@given(st.integers(1, 3000), st.integers(10, 80), st.integers(0, 99))
def test_drawn_windows_cover_the_text_and_are_as_many_in_every_epoch(
    total: int, window: int, seed: int
) -> None:
    found = drawn(total, window, seed)
    assert sum(found) == total and len(found) == count(total, window, True)
    assert min(found) >= 1


def test_drawn_lengths_are_distributed_as_published() -> None:
    """N(70, 5) with probability 0.95, else N(35, 5)."""
    found = torch.tensor(drawn(400_000, 70, 0), dtype=torch.float64)
    short = found < 52
    assert short.double().mean().item() == pytest.approx(0.05, abs=0.01)
    assert found[~short].mean().item() == pytest.approx(70, abs=0.5)
    assert found[~short].std().item() == pytest.approx(5, abs=0.3)
    assert found[short].mean().item() == pytest.approx(35, abs=1)


def test_the_same_seed_draws_the_same() -> None:
    assert drawn(1000, 35, 3) == drawn(1000, 35, 3) != drawn(1000, 35, 4)


@pytest.mark.parametrize("kind", [NonMonotoneASGD, torch.optim.SGD])
def test_the_rate_is_that_of_the_window_at_hand(kind: type[torch.optim.Optimizer]) -> None:
    weight = nn.Parameter(torch.zeros(1))
    optimizer = kind([weight], lr=0.5)  # type: ignore[call-arg]
    scales = [2.0, 0.25]
    scale_rate(optimizer, lambda: scales.pop(0))
    for moved in (-1.0, -1.125):
        weight.grad = torch.ones(1)
        optimizer.step()
        assert weight.item() == moved
        assert optimizer.param_groups[0]["lr"] == 0.5
