"""The products around the loop, whichever library runs them."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from fenas_lang.engine import products

SIZES = [(1, 3, 5), (700, 40, 30)]
"""N, D, G."""


@pytest.fixture(params=[0, 2**60], ids=["one library", "the other"], autouse=True)
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "LARGE", request.param)


def operands(sizes: tuple[int, int, int], dtype: torch.dtype) -> list[Tensor]:
    torch.manual_seed(0)
    n, d, g = sizes
    shapes = [(n, d), (g, d), (g,)]
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_values_and_gradients(sizes: tuple[int, int, int], biased: bool) -> None:
    given = operands(sizes, torch.float32)
    wide = [t.detach().double().requires_grad_() for t in given]
    ours = products.Linear.apply(*given[:2], given[2] if biased else None)
    theirs = F.linear(wide[0], wide[1], wide[2] if biased else None)
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=1e-4)
    count = 3 if biased else 2
    found = torch.autograd.grad((ours**2).sum(), given[:count])
    expected = torch.autograd.grad((theirs**2).sum(), wide[:count])
    for mine, other in zip(found, expected, strict=True):
        assert mine.is_contiguous()
        allowed = 1e-5 * float(other.abs().max())
        torch.testing.assert_close(mine.double(), other, rtol=1e-5, atol=allowed)


def test_in_double_precision() -> None:
    assert torch.autograd.gradcheck(products.Linear.apply, operands((3, 4, 2), torch.float64))


@pytest.mark.parametrize("left", [0, 1])
def test_operands_that_are_parts_of_others(left: int) -> None:
    whole = torch.randn(50, 12)
    parts = (whole[3:40, left : left + 5], whole[4:41, 6:9])
    found = products.transposed_product(*parts)
    torch.testing.assert_close(found, parts[0].t().contiguous() @ parts[1].contiguous())
    assert found.is_contiguous()


def test_only_gradients_that_are_asked_for() -> None:
    x, weight, bias = operands(SIZES[0], torch.float32)
    products.Linear.apply(x, weight.detach(), bias).sum().backward()
    assert x.grad is not None and bias.grad is not None and weight.grad is None


def test_a_second_derivative_is_refused() -> None:
    x, weight, bias = operands(SIZES[0], torch.float32)
    result = products.Linear.apply(x, weight, bias)
    (gradient,) = torch.autograd.grad((result**2).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="twice"):
        gradient.sum().backward()
