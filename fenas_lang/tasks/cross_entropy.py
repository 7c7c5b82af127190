"""Softmax cross-entropy of a linear layer, without ever holding all of its outputs.

With 10,000 words the logits are far larger than anything else in a language model.  Here they are
made a few rows at a time, and their gradient with them, so that the backward pass only scales what
the forward pass has found.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

CHUNK = 1 << 20
"""Logits held at once: 4 MiB in float32, and as much again for their probabilities."""


def linear_cross_entropy(
    features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, chunk: int = CHUNK
) -> Tensor:
    """The sum over rows of `cross_entropy(features @ weight.T + bias, targets)`, in nats.

    Shapes: features (N, H), weight (V, H), bias (V), targets (N); `chunk` bounds rows times V.
    """
    loss: Tensor = _LinearCrossEntropy.apply(features, weight, bias, targets, chunk)  # type: ignore[no-untyped-call]
    return loss


class _LinearCrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, chunk: int
    ) -> Tensor:
        wanted = any(ctx.needs_input_grad[:3])
        gradients = [torch.zeros_like(t) for t in (features, weight, bias)] if wanted else []
        rows = max(1, chunk // weight.shape[0])
        total = features.new_zeros(())
        for start in range(0, features.shape[0], rows):
            part = slice(start, start + rows)
            logits = torch.addmm(bias, features[part], weight.t())
            loss, probabilities = _loss(logits, targets[part])
            total += loss
            if wanted:
                _accumulate(gradients, part, probabilities, features[part], weight, targets[part])
        ctx.save_for_backward(*gradients)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor | None, ...]:
        return *(gradient.mul(scale) for gradient in ctx.saved_tensors), None, None


def _loss(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The rows' summed loss, and the probabilities.

    The normaliser comes from the most probable word, whose probability is at least 1 / V: one pass
    of exponentials serves both results.
    """
    probabilities = logits.softmax(1)
    normaliser = logits.amax(1) - probabilities.amax(1).log()
    return (normaliser - logits.gather(1, targets.unsqueeze(1)).squeeze(1)).sum(), probabilities


def _accumulate(
    gradients: list[Tensor],
    part: slice,
    probabilities: Tensor,
    features: Tensor,
    weight: Tensor,
    targets: Tensor,
) -> None:
    """Add these rows' gradients: of a logit it is its probability, less one at the target."""
    ones = probabilities.new_full((len(probabilities), 1), -1.0)
    error = probabilities.scatter_add_(1, targets.unsqueeze(1), ones)
    gradients[0][part] = error @ weight
    gradients[1].addmm_(error.t(), features)
    gradients[2] += error.sum(0)
