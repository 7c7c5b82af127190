"""SGD whose weights are averaged from when it no longer improves: NT-ASGD (Merity, Keskar & Socher
2018, "Regularizing and optimizing LSTM language models", algorithm 1)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor


class NonMonotoneASGD(torch.optim.Optimizer):
    """Plain SGD; after the trigger the mean of all later iterates is kept beside the weights.

    `observe` is told the validation metric (lower is better) after each epoch.  Averaging begins
    with the first metric that is worse than the best of those before the last `window` ones
    (0: never).  `averaged` puts the means in the weights' place for as long as one measures.

    `weight_decay` is added to the gradient as that times the parameter.  What the trigger has seen
    stands in the first group, the means in `state`: `state_dict` has all that a resumed training
    needs.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        lr: float,
        weight_decay: float = 0.0,
        window: int = 5,
    ):
        defaults = {"lr": lr, "weight_decay": weight_decay, "window": window}
        super().__init__(params, defaults | {"averages_of": 0, "triggered": False, "metrics": []})

    @property
    def averaging(self) -> bool:
        """Whether the trigger has been pulled."""
        return bool(self.param_groups[0]["triggered"])

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step against the gradients."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self.averaging:
            self.param_groups[0]["averages_of"] += 1
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._step(parameter, parameter.grad, group)
        return loss

    def _step(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        if group["weight_decay"]:
            gradient = gradient.add(parameter, alpha=group["weight_decay"])
        parameter.add_(gradient, alpha=-group["lr"])
        if self.averaging:
            self._average(parameter)

    def _average(self, parameter: Tensor) -> None:
        state = self.state[parameter]
        if "mean" in state:
            share = 1 / self.param_groups[0]["averages_of"]
            state["mean"].lerp_(parameter, share)
        else:
            state["mean"] = parameter.clone()

    def observe(self, metric: float) -> None:
        """What an epoch ended with."""
        group = self.param_groups[0]
        if group["triggered"] or not group["window"]:
            return
        before = group["metrics"][: -group["window"]]
        group["triggered"] = bool(before) and metric > min(before)
        group["metrics"] = [*group["metrics"], metric]

    @contextlib.contextmanager
    def averaged(self) -> Iterator[bool]:
        """Within, the weights are the means, if there are any; whether there are."""
        means = [(p, s["mean"]) for p, s in self.state.items() if "mean" in s]
        own = [parameter.detach().clone() for parameter, _ in means]
        try:
            self._put(means)
            yield bool(means)
        finally:
            self._put([(p, value) for (p, _), value in zip(means, own, strict=True)])

    @torch.no_grad()
    def _put(self, values: Iterable[tuple[Tensor, Tensor]]) -> None:
        for parameter, value in values:
            parameter.copy_(value)
