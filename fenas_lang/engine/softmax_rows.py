"""Softmax cross-entropy of a linear layer, a few rows at a time, with its gradients.

The logits of some rows are made, turned into probabilities in place, and used up at once for the
losses and gradients of those rows; then their memory serves the next rows (as in Liger kernel,
Hsu et al. 2024, arXiv:2410.10989, section 3.2).  So there are three matrix products in training,
as in the ordinary way, but no tensor of all logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 7 << 18
"""Logits held at once: 7 MiB in float32.  Fewer read the weights too often, more help no longer."""

SLAB = 3 << 18
"""Numbers of the weight's gradient that are turned at once."""

ALIGNED = 64
"""Slabs begin at multiples of so many words: products of unaligned ones take a quarter longer."""

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


class Gradients:
    """Sums over rows: of hidden (N, H), of weight (V, H), of bias (V).

    What is not wanted has no elements.  While rows are added, each of `slabs`, some words of the
    weight's gradient, is held transposed in its own memory: that product is faster by a third.
    """

    def __init__(self, hidden: Tensor, head: Head, wanted: Sequence[bool]):
        shapes = (hidden.shape, head.weight.shape, head.weight.shape[:1])
        made = (hidden.new_empty(s if w else 0) for s, w in zip(shapes, wanted, strict=True))
        self.hidden, self.weight, self.bias = made
        words = max(1, SLAB // max(1, hidden.shape[1]) // ALIGNED) * ALIGNED
        self.slabs = torch.split(self.weight, words) if self.weight.numel() else ()
        self.started = False

    def add(self, rows: slice, error: Tensor, hidden: Tensor, scale: Tensor, head: Head) -> None:
        """Take in some rows; `error` (n, V) times `scale` (n, 1) is their logits' gradient."""
        if self.hidden.numel():
            torch.mm(error, head.weight, out=self.hidden[rows]).mul_(scale)
        beta = int(self.started)
        columns, first = (hidden * scale).t(), 0
        for slab in self.slabs:
            part = error[:, first : first + len(slab)]
            slab.view(len(columns), -1).addmm_(columns, part, beta=beta)
            first += len(slab)
        if self.bias.numel():
            self.bias.addmv_(error.t(), scale.squeeze(1), beta=beta)
        self.started = True

    def finish(self) -> None:
        """Bring the slabs into their order; without rows the sums are zero."""
        if not self.started:
            self.weight.zero_()
            self.bias.zero_()
        for slab in self.slabs:
            turned = slab.view(slab.shape[::-1]).t()
            slab.copy_(turned.clone(memory_format=torch.contiguous_format))


def softmax_rows(
    hidden: Tensor, head: Head, target: Tensor, scale: Tensor, wanted: Sequence[bool]
) -> tuple[Tensor, Gradients]:
    """Each row's loss (N), and the gradients of the sum of losses times `scale` (N).

    `wanted` says which of the gradients of hidden, weight and bias.
    """
    gradients = Gradients(hidden, head, wanted)
    losses = hidden.new_empty(len(hidden))
    size = rows_at_once(len(hidden), len(head.weight))
    buffer = hidden.new_empty(size, len(head.weight))
    for start in range(0, len(hidden), max(1, size)):
        rows = slice(start, start + size)
        some = hidden[rows]
        logits = head.logits(some, buffer[: len(some)])
        losses[rows] = _to_error(logits, target[rows].unsqueeze(1), head.label_smoothing)
        gradients.add(rows, logits, some, scale[rows].unsqueeze(1), head)
        del logits
    del buffer
    gradients.finish()
    return losses, gradients


def rows_at_once(rows: int, words: int) -> int:
    """The rows of a chunk: as many as fit, in chunks of about the same size."""
    most = max(LEAST_ROWS, CHUNK // max(1, words))
    chunks = -(-rows // most)
    return -(-rows // max(1, chunks))


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
