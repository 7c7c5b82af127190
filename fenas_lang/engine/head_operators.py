"""The operators of torch behind `linear_cross_entropy`: opaque to compilers, with a gradient.

The gradients are found in the forward pass, where the logits are at hand, and scaled in the
backward pass.  Only the loss of each row for itself (`reduction="none"`) makes its logits again,
since there each row has a scale of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.library import custom_op

from fenas_lang.engine.softmax_rows import Gradients, Head, softmax_rows
from fenas_lang.rules.head import TARGET_OUT_OF_RANGE

Four = tuple[Tensor, Tensor, Tensor, Tensor]
Three = tuple[Tensor, Tensor, Tensor]

_OPERANDS = "Tensor hidden, Tensor weight, Tensor? bias, Tensor target"
_OPTIONS = "str reduction, int ignore_index, float label_smoothing, bool[] wanted"


@custom_op(
    "fenas::linear_cross_entropy",
    mutates_args=(),
    schema=f"({_OPERANDS}, {_OPTIONS}) -> (Tensor, Tensor, Tensor, Tensor)",
)
def forward(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    wanted: list[bool],
) -> Four:
    """The loss and, where `wanted`, the gradients of hidden, weight transposed and bias."""
    head = Head(weight, bias, label_smoothing)
    kept = _kept(target, ignore_index, len(weight))
    count = len(target) if kept is None else len(kept)
    factor = 1 / max(1, count) if reduction == "mean" else 1.0
    scale = hidden.new_full((count,), factor)
    losses, found = _on_kept(hidden, head, target, scale, kept, tuple(wanted))
    if reduction == "none":
        return _spread(losses, kept, len(target)), found.hidden, found.weight, found.bias
    loss = losses.sum() / count if reduction == "mean" else losses.sum()
    return loss, found.hidden, found.weight, found.bias


@forward.register_fake
def _(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    wanted: list[bool],
) -> Four:
    empty = Gradients.empty(hidden, Head(weight, bias, label_smoothing), tuple(wanted))
    loss = hidden.new_empty(target.shape if reduction == "none" else ())
    return loss, empty.hidden, empty.weight, empty.bias


@custom_op(
    "fenas::linear_cross_entropy_scaled",
    mutates_args=(),
    schema="(Tensor scale, Tensor hidden, Tensor weight, Tensor bias) -> (Tensor, Tensor, Tensor)",
)
def scaled(scale: Tensor, hidden: Tensor, weight: Tensor, bias: Tensor) -> Three:
    """Gradients as `forward` gives them, times a number; the weight's is turned to (V, H)."""
    return hidden * scale, _turned(weight, scale), bias * scale


@scaled.register_fake
def _(scale: Tensor, hidden: Tensor, weight: Tensor, bias: Tensor) -> Three:
    turned = weight.new_empty(weight.shape[::-1])
    return torch.empty_like(hidden), turned, torch.empty_like(bias)


@custom_op(
    "fenas::linear_cross_entropy_rows",
    mutates_args=(),
    schema=f"(Tensor scale, {_OPERANDS}, int ignore_index, float label_smoothing, bool[] wanted)"
    " -> (Tensor, Tensor, Tensor)",
)
def by_rows(
    scale: Tensor,
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    ignore_index: int,
    label_smoothing: float,
    wanted: list[bool],
) -> Three:
    """The gradients of the sum of all rows' losses times `scale` (N); the logits are made anew."""
    head = Head(weight, bias, label_smoothing)
    kept = _kept(target, ignore_index, len(weight))
    ours = scale if kept is None else scale[kept]
    _, found = _on_kept(hidden, head, target, ours, kept, tuple(wanted))
    return found.hidden, _turned(found.weight, 1.0), found.bias


@by_rows.register_fake
def _(
    scale: Tensor,
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    ignore_index: int,
    label_smoothing: float,
    wanted: list[bool],
) -> Three:
    empty = Gradients.empty(hidden, Head(weight, bias, label_smoothing), tuple(wanted))
    return empty.hidden, empty.weight.new_empty(empty.weight.shape[::-1]), empty.bias


def _kept(target: Tensor, ignore_index: int, words: int) -> Tensor | None:
    """The rows that count, None if all do.  Raises FenError (FEN222)."""
    ignored = target == ignore_index
    wrong = ((target < 0) | (target >= words)) & ~ignored
    if wrong.any():
        place = int(wrong.nonzero()[0, 0])
        raise TARGET_OUT_OF_RANGE.error(
            value=int(target[place]), place=place, last=words - 1, ignored=ignore_index
        )
    return (~ignored).nonzero().squeeze(1) if ignored.any() else None


def _on_kept(
    hidden: Tensor,
    head: Head,
    target: Tensor,
    scale: Tensor,
    kept: Tensor | None,
    wanted: tuple[bool, ...],
) -> tuple[Tensor, Gradients]:
    """`softmax_rows` of those rows alone; the others' gradient is zero."""
    with torch.autocast(hidden.device.type, enabled=False):
        if kept is None:
            return softmax_rows(hidden, head, target, scale, wanted)
        losses, found = softmax_rows(hidden[kept], head, target[kept], scale, wanted)
    if not wanted[0]:
        return losses, found
    return losses, Gradients(_spread(found.hidden, kept, len(hidden)), found.weight, found.bias)


def _spread(values: Tensor, kept: Tensor | None, rows: int) -> Tensor:
    """Values of the rows that count among zeros for the others."""
    if kept is None:
        return values
    return values.new_zeros(rows, *values.shape[1:]).index_copy_(0, kept, values)


def _turned(weight: Tensor, scale: Tensor | float) -> Tensor:
    return torch.mul(weight.t(), scale, out=weight.new_empty(weight.shape[::-1]))


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Four) -> None:
    hidden, weight, bias, target, reduction, *options = inputs
    ctx.set_materialize_grads(False)
    ctx.reduction, ctx.options = reduction, options
    if reduction == "none":
        ctx.save_for_backward(hidden, weight, bias, target)
    else:
        ctx.save_for_backward(*output[1:])


def _backward(ctx: Any, loss: Tensor, *unused: None) -> tuple[Tensor | None, ...]:
    needed = ctx.needs_input_grad[:3]
    if ctx.reduction == "none":
        ignore_index, smoothing, _ = ctx.options
        found = by_rows(loss, *ctx.saved_tensors, ignore_index, smoothing, list(needed))
    else:
        found = scaled(loss, *ctx.saved_tensors)
    return *(g if n else None for g, n in zip(found, needed, strict=True)), *[None] * 5


def _refuse(ctx: Any, *gradients: Tensor) -> None:
    raise RuntimeError(
        "linear_cross_entropy cannot be differentiated twice;"
        " torch.nn.functional.cross_entropy of torch.nn.functional.linear can"
    )


forward.register_autograd(_backward, setup_context=_remember)
scaled.register_autograd(_refuse)
by_rows.register_autograd(_refuse)
