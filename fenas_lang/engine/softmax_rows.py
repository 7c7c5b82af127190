"""Softmax cross-entropy of a linear layer, a few rows at a time, with its gradients.

The logits of some rows are made, turned into probabilities in place, and used up at once for the
losses and gradients of those rows; then their memory serves the next rows (as in Liger kernel,
Hsu et al. 2024, arXiv:2410.10989, section 3.2).  So there are three matrix products in training,
as in the ordinary way, but no tensor of all logits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 7 << 18
"""Logits held at once: 7 MiB in float32.  Fewer read the weights too often, more help no longer."""

LEAST_ROWS = 64
"""Rows of logits held at once even if the vocabulary is huge: fewer make poor matrix products."""


@dataclass(frozen=True)
class Head:
    """The linear layer: weight (V, H), and bias (V) if there is one."""

    weight: Tensor
    bias: Tensor | None
    label_smoothing: float

    def logits(self, hidden: Tensor, out: Tensor) -> Tensor:
        """Into `out`, (N, V)."""
        columns = self.weight.t()
        if self.bias is None:
            return torch.mm(hidden, columns, out=out)
        return torch.addmm(self.bias, hidden, columns, out=out)


@dataclass(frozen=True)
class Gradients:
    """Of hidden (N, H), of the weight transposed (H, V), and of the bias (V).

    What is not wanted has no elements.  The weight's is transposed because that product is the
    faster one, by a third, and turning it costs little.
    """

    hidden: Tensor
    weight: Tensor
    bias: Tensor

    @classmethod
    def empty(cls, hidden: Tensor, head: Head, wanted: tuple[bool, ...]) -> Gradients:
        """Memory for them; nothing is set."""
        (rows, size), words = hidden.shape, len(head.weight)
        shapes = ((rows, size), (size, words), (words,))
        return cls(
            *(hidden.new_empty(s if w else (0,)) for s, w in zip(shapes, wanted, strict=True))
        )

    def add(self, rows: slice, error: Tensor, hidden: Tensor, scale: Tensor, head: Head) -> None:
        """Take in the gradient of some rows' logits, which is `error` times `scale` (N, 1).

        The first rows must come first.
        """
        added = 1 if rows.start else 0
        if self.hidden.numel():
            torch.mm(error, head.weight, out=self.hidden[rows]).mul_(scale)
        if self.weight.numel():
            self.weight.addmm_((hidden * scale).t(), error, beta=added)
        if self.bias.numel():
            self.bias.addmv_(error.t(), scale.squeeze(1), beta=added)


def softmax_rows(
    hidden: Tensor, head: Head, target: Tensor, scale: Tensor, wanted: tuple[bool, ...]
) -> tuple[Tensor, Gradients]:
    """Each row's loss (N), and the gradients of the sum of losses times `scale` (N).

    `wanted` says which of the gradients of hidden, weight and bias.
    """
    gradients = Gradients.empty(hidden, head, wanted)
    losses = hidden.new_empty(len(hidden))
    if not len(hidden):
        gradients.weight.zero_()
        gradients.bias.zero_()
        return losses, gradients
    size = rows_at_once(len(hidden), len(head.weight))
    buffer = hidden.new_empty(size, len(head.weight))
    for start in range(0, len(hidden), size):
        rows = slice(start, start + size)
        some = hidden[rows]
        logits = head.logits(some, buffer[: len(some)])
        losses[rows] = _to_error(logits, target[rows].unsqueeze(1), head.label_smoothing)
        gradients.add(rows, logits, some, scale[rows].unsqueeze(1), head)
    return losses, gradients


def rows_at_once(rows: int, words: int) -> int:
    """The rows of a chunk: as many as fit, in chunks of about the same size."""
    most = max(LEAST_ROWS, CHUNK // max(1, words))
    chunks = -(-rows // most)
    return -(-rows // chunks)


def _to_error(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """The rows' losses; the logits (N, V) become the gradient of their sum.

    The normaliser comes from the most probable word, whose probability is at least 1 / V, so one
    pass of exponentials serves both.
    """
    words = logits.shape[1]
    highest = logits.amax(1)
    meant = (1 - smoothing) * logits.gather(1, target).squeeze(1)
    if smoothing:
        meant += smoothing * logits.mean(1)
    torch.softmax(logits, 1, out=logits)
    losses = highest - logits.amax(1).log() - meant
    logits.scatter_add_(1, target, logits.new_full(target.shape, smoothing - 1))
    if smoothing:
        logits -= smoothing / words
    return losses
