"""The chunked softmax cross-entropy is the ordinary one, in less memory."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

from fenas_lang.tasks.cross_entropy import linear_cross_entropy


def operands(rows: int, words: int, size: int, scale: float = 1.0) -> list[Tensor]:
    draw = torch.Generator().manual_seed(rows * 10_000 + words * 100 + size)
    shapes = ((rows, size), (words, size), (words,))
    made = [scale * torch.randn(s, generator=draw, dtype=torch.float64) for s in shapes]
    return [t.requires_grad_() for t in made]


def targets_for(rows: int, words: int) -> Tensor:
    return torch.arange(rows) * 7 % words


def plain(features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    return cross_entropy(features @ weight.t() + bias, targets, reduction="sum")


@settings(deadline=None)
@given(
    rows=st.integers(1, 12),
    words=st.integers(1, 9),
    size=st.integers(1, 5),
    chunk=st.integers(1, 120),
)
def test_value_and_gradients_are_those_of_cross_entropy(
    rows: int, words: int, size: int, chunk: int
) -> None:
    inputs, targets = operands(rows, words, size), targets_for(rows, words)
    found = linear_cross_entropy(*inputs, targets, chunk)
    wanted = plain(*inputs, targets)
    torch.testing.assert_close(found, wanted)
    for ours, theirs in zip(
        torch.autograd.grad(3 * found, inputs), torch.autograd.grad(3 * wanted, inputs), strict=True
    ):
        torch.testing.assert_close(ours, theirs)


def test_gradients_by_finite_differences() -> None:
    inputs, targets = operands(5, 4, 3), targets_for(5, 4)
    assert torch.autograd.gradcheck(lambda *t: linear_cross_entropy(*t, targets, 8), inputs)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 1e3])
def test_large_logits_neither_overflow_nor_underflow(scale: float) -> None:
    inputs, targets = operands(6, 50, 4, scale), targets_for(6, 50)
    torch.testing.assert_close(linear_cross_entropy(*inputs, targets, 100), plain(*inputs, targets))


def test_not_a_number_stays_one() -> None:
    features, weight, bias = operands(3, 4, 2)
    poisoned = features.detach().clone()
    poisoned[1] = torch.nan
    assert linear_cross_entropy(poisoned, weight, bias, targets_for(3, 4)).isnan()


class Largest(TorchDispatchMode):
    """Remembers the size of the largest tensor that any operation gives."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor):
            self.numbers = max(self.numbers, result.numel())
        return result


def test_it_never_holds_all_logits() -> None:
    rows, words, size, chunk = 400, 300, 4, 3_000
    inputs, targets = operands(rows, words, size), targets_for(rows, words)
    with Largest() as largest:
        linear_cross_entropy(*inputs, targets, chunk).backward()
    assert largest.numbers <= chunk < rows * words
