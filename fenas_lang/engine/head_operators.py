"""The operators of torch behind `linear_cross_entropy`: opaque to compilers, with a gradient.

The gradients are found in the forward pass, where the logits are at hand, and given away in the
backward pass.  Where they are gone (a second pass over a kept graph), or each row has a scale of
its own (`reduction="none"`), the logits are made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, library

from fenas_lang.engine.softmax_rows import Gradients, Head, softmax_rows
from fenas_lang.rules.head import TARGET_OUT_OF_RANGE

_OPERANDS = (
    "Tensor hidden, Tensor weight, Tensor? bias, Tensor target,"
    " str reduction, int ignore_index, float label_smoothing, bool[] wanted"
)


@library.custom_op(
    "fenas::linear_cross_entropy",
    mutates_args=(),
    schema=f"({_OPERANDS}) -> (Tensor, Tensor, Tensor, Tensor)",
)
def forward(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    wanted: Sequence[bool],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The loss and, where `wanted`, the gradients of hidden, weight and bias."""
    head = Head(weight, bias, label_smoothing)
    kept = _kept(target, ignore_index, len(weight))
    scale = _scale(hidden.new_ones(()), reduction, len(target) if kept is None else len(kept))
    losses, found = _on_kept(hidden, head, target, scale, kept, wanted)
    if reduction == "none":
        loss = _spread(losses, kept, len(target))
    else:
        loss = losses.sum() / (len(losses) if reduction == "mean" else 1)
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
    wanted: Sequence[bool],
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    loss = hidden.new_empty(target.shape if reduction == "none" else ())
    return loss, *_like(hidden, weight, wanted)


@library.custom_op(
    "fenas::linear_cross_entropy_backward",
    mutates_args=(),
    schema=f"(Tensor gradient, {_OPERANDS}) -> (Tensor, Tensor, Tensor)",
)
def backward(
    gradient: Tensor,
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    wanted: Sequence[bool],
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of hidden, weight and bias from that of the loss, by making logits anew."""
    head = Head(weight, bias, label_smoothing)
    kept = _kept(target, ignore_index, len(weight))
    count = len(target) if kept is None else len(kept)
    scale = gradient if kept is None or reduction != "none" else gradient[kept]
    _, found = _on_kept(hidden, head, target, _scale(scale, reduction, count), kept, wanted)
    return found.hidden, found.weight, found.bias


@backward.register_fake
def _(
    gradient: Tensor,
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str,
    ignore_index: int,
    label_smoothing: float,
    wanted: Sequence[bool],
) -> tuple[Tensor, Tensor, Tensor]:
    return _like(hidden, weight, wanted)


def _like(hidden: Tensor, weight: Tensor, wanted: Sequence[bool]) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients' shapes: those of operands, or no elements."""
    shapes = (hidden.shape, weight.shape, weight.shape[:1])
    a, b, c = (hidden.new_empty(s if w else (0,)) for s, w in zip(shapes, wanted, strict=True))
    return a, b, c


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


def _scale(gradient: Tensor, reduction: str, count: int) -> Tensor:
    """What each of the rows that count is multiplied with, (count)."""
    return (gradient / max(1, count) if reduction == "mean" else gradient).expand(count)


def _on_kept(
    hidden: Tensor,
    head: Head,
    target: Tensor,
    scale: Tensor,
    kept: Tensor | None,
    wanted: Sequence[bool],
) -> tuple[Tensor, Gradients]:
    """`softmax_rows` of those rows alone; the others' gradient is zero."""
    with torch.autocast(hidden.device.type, enabled=False):
        if kept is None:
            return softmax_rows(hidden, head, target, scale, wanted)
        losses, found = softmax_rows(hidden[kept], head, target[kept], scale, wanted)
        if wanted[0]:
            found.hidden = _spread(found.hidden, kept, len(hidden))
        return losses, found


def _spread(values: Tensor, kept: Tensor | None, rows: int) -> Tensor:
    """Values of the rows that count among zeros for the others."""
    if kept is None:
        return values
    return values.new_zeros(rows, *values.shape[1:]).index_copy_(0, kept, values)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*inputs[:4])
    ctx.options = inputs[4:7]
    # Detached, or the outputs would hold the node that holds them.
    ctx.found = [g.detach() for g in output[1:]] if any(inputs[7]) else None


def _backward(ctx: Any, gradient: Tensor | None, *unused: None) -> tuple[Tensor | None, ...]:
    if gradient is None:
        return (None,) * 8
    needed = ctx.needs_input_grad[:3]
    found, ctx.found = ctx.found, None
    if found is None or torch.is_grad_enabled():
        found = backward(gradient, *ctx.saved_tensors, *ctx.options, needed)
    else:
        found = [g.mul_(gradient) for g in found]
    return *(g if n else None for g, n in zip(found, needed, strict=True)), *[None] * 5


def _refuse(ctx: Any, *gradients: Tensor) -> None:
    raise RuntimeError(
        "linear_cross_entropy cannot be differentiated twice;"
        " torch.nn.functional.cross_entropy of torch.nn.functional.linear can"
    )


forward.register_autograd(_backward, setup_context=_remember)
backward.register_autograd(_refuse)
