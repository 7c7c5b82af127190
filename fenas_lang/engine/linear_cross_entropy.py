"""The head of a language model: cross-entropy of a linear layer, without all its outputs."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fenas_lang.engine import head_operators
from fenas_lang.rules.head import BAD_OPTION, WRONG_SHAPE, WRONG_TYPE

REDUCTIONS = ("mean", "sum", "none")


def linear_cross_entropy(
    hidden: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    target: Tensor,
    reduction: str = "mean",
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Tensor:
    """`F.cross_entropy(F.linear(hidden, weight, bias), target)` in less memory and time; in nats.

    hidden (…, H), weight (V, H), bias (V) or None, target (…) of whole numbers below V.  Gives a
    scalar, or with reduction="none" the loss of each row, of target's shape.  The other options
    are those of `F.cross_entropy`.  Logits exist for a few rows at a time; where a gradient is
    wanted it is found along with the loss, and cannot be differentiated again (RuntimeError).

    Operands narrower than float32, and all under autocast, are computed in float32, as autocast
    computes a cross-entropy.  Raises FenError: FEN220 to FEN223.
    """
    _check_options(reduction, label_smoothing)
    _check_types(hidden, weight, bias, target)
    _check_shapes(hidden, weight, bias, target)
    autocast = torch.is_autocast_enabled(hidden.device.type)
    operands = [None if t is None else _widened(t) for t in (hidden, weight, bias)]
    wanted = [torch.is_grad_enabled() and t is not None and t.requires_grad for t in operands]
    loss, *_ = head_operators.forward(
        operands[0].reshape(-1, hidden.shape[-1]),  # type: ignore[union-attr]
        *operands[1:],
        target.reshape(-1).long(),
        reduction,
        ignore_index,
        float(label_smoothing),
        [w and reduction != "none" for w in wanted],
    )
    shaped: Tensor = loss.view(target.shape) if reduction == "none" else loss
    return shaped if autocast else shaped.to(hidden.dtype)


class LinearCrossEntropy(nn.Linear):
    """`nn.Linear(H, V)` that, called with hidden (…, H) and target (…), gives the cross-entropy.

    Parameters, their start and `state_dict` are those of `nn.Linear`; the options and what is
    raised those of `linear_cross_entropy`.  To share an embedding's weights, assign them:
    `head.weight = embedding.weight`.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        reduction: str = "mean",
        ignore_index: int = -100,
        label_smoothing: float = 0.0,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        _check_options(reduction, label_smoothing)
        super().__init__(in_features, out_features, bias, device, dtype)
        self.reduction = reduction
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, hidden: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]
        return linear_cross_entropy(
            hidden,
            self.weight,
            self.bias,
            target,
            self.reduction,
            self.ignore_index,
            self.label_smoothing,
        )

    def logits(self, hidden: Tensor) -> Tensor:
        """The outputs of the linear layer, (…, V), for predictions."""
        return F.linear(hidden, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, reduction={self.reduction}"


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.element_size() < 4 else tensor


def _check_options(reduction: str, label_smoothing: float) -> None:
    if reduction not in REDUCTIONS:
        wanted = "mean, sum or none"
        raise BAD_OPTION.error(name="reduction", wanted=wanted, given=repr(reduction))
    if not 0 <= label_smoothing <= 1:
        wanted = "from 0 to 1"
        raise BAD_OPTION.error(name="label_smoothing", wanted=wanted, given=label_smoothing)


def _check_types(hidden: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor) -> None:
    autocast = torch.is_autocast_enabled(hidden.device.type)
    if not hidden.is_floating_point():
        raise WRONG_TYPE.error(name="hidden", wanted="floating point", given=hidden.dtype)
    for name, tensor in (("weight", weight), ("bias", bias)):
        if tensor is None:
            continue
        if tensor.dtype != hidden.dtype and not (autocast and tensor.is_floating_point()):
            wanted = f"{hidden.dtype} as hidden is"
            raise WRONG_TYPE.error(name=name, wanted=wanted, given=tensor.dtype)
    if target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        raise WRONG_TYPE.error(name="target", wanted="whole numbers", given=target.dtype)
    for name, tensor in (("weight", weight), ("bias", bias), ("target", target)):
        if tensor is not None and tensor.device != hidden.device:
            wanted = f"on {hidden.device} as hidden is"
            raise WRONG_TYPE.error(name=name, wanted=wanted, given=f"on {tensor.device}")


def _check_shapes(hidden: Tensor, weight: Tensor, bias: Tensor | None, target: Tensor) -> None:
    if not hidden.dim():
        raise WRONG_SHAPE.error(name="hidden", wanted="(…, H)", given=())
    size = hidden.shape[-1]
    if weight.dim() != 2 or weight.shape[1] != size:
        raise WRONG_SHAPE.error(name="weight", wanted=f"(V, {size})", given=tuple(weight.shape))
    wanted = {"bias": (len(weight),), "target": tuple(hidden.shape[:-1])}
    for name, tensor in (("bias", bias), ("target", target)):
        if tensor is not None and tuple(tensor.shape) != wanted[name]:
            raise WRONG_SHAPE.error(name=name, wanted=wanted[name], given=tuple(tensor.shape))
