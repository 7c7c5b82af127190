"""The large matrix products around the loop, and what is differentiable once only.

torch has two libraries for products in single precision.  Its `mm` takes the first; the other,
oneDNN, is up to 1.6 times as fast with the shapes of a backward pass, and torch offers it for
transposed operands through an operation that it made for its own compiler.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

LARGE = 2**25
"""From so many multiplications on, oneDNN's preparations pay."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x · Wᵀ + b, of x (N, D), W (G, D) and b (G)."""
    if x.dtype == torch.float32 and len(x) * weight.numel() >= LARGE and _has_one_dnn():
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
        return result
    return F.linear(x, weight, bias)


def transposed_product(left: Tensor, right: Tensor) -> Tensor:
    """leftᵀ · right (G, D), contiguous, of left (N, G) and right (N, D)."""
    return linear(right.t(), left.t()).t().contiguous()


def _has_one_dnn() -> bool:
    return torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")


class Linear(torch.autograd.Function):
    """`linear` with its gradients, which have no gradients of their own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        of_x, of_weight, of_bias = ctx.needs_input_grad
        with torch.no_grad():
            found = (
                linear(gradient, weight.t()) if of_x else None,
                transposed_product(gradient, x) if of_weight else None,
                gradient.sum(0) if of_bias else None,
            )
        return final(found)


def final(gradients: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
    """The gradients, which refuse to be differentiated where a graph of them is asked for."""
    if not torch.is_grad_enabled():
        return gradients
    anchor = torch.zeros((), requires_grad=True)
    return tuple(None if g is None else _Final.apply(anchor, g) for g in gradients)  # type: ignore


class _Final(torch.autograd.Function):
    """A gradient that must not be differentiated."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, gradient: Tensor) -> Tensor:
        return gradient.view_as(gradient)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        raise RuntimeError(
            "a layer in the native engine cannot be differentiated twice; "
            "as torch operations it can: set FENAS_BACKEND=torch in the environment"
        )
