"""Looks at a model while it trains: rungs of successive halving, and early stopping.

A training is measured after whole epochs.  At a rung it ends where its score is under the rung's
cutoff (Li et al. 2020, "A system for massively parallel hyperparameter tuning", in the form that
stops trainings in place of pausing them, so that one goes on from its own weights and optimiser).
With patience it ends after so many epochs in a row without a better score, and takes the weights of
its best epoch back (Prechelt 1998, "Early stopping - but when?").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Rung:
    """After `epochs` a training goes on with a score of at least `cutoff` (None: with any)."""

    epochs: int
    cutoff: float | None = None


@dataclass(frozen=True)
class Schedule:
    """When a training is measured and may end; without rungs or patience, at its end only.

    The last of `rungs` is the end of the training, where that is not sooner.
    """

    rungs: tuple[Rung, ...] = ()
    patience: int | None = None


WHOLE = Schedule()
"""A whole training, measured at its end."""


@dataclass
class Watch:
    """Follows one training; `score` measures a model, `epoch` is its length in steps."""

    schedule: Schedule
    epoch: int
    score: Callable[[Any], float]
    reached: list[dict[str, float]] = field(default_factory=list)
    _best: tuple[float, int] | None = None
    _looked: tuple[int, float] | None = None
    _weights: Mapping[str, Tensor] = field(default_factory=dict)

    def limit(self, steps: int) -> int:
        """The steps of the training: those of the last rung, or `steps` where these are fewer."""
        rungs = self.schedule.rungs
        return min(steps, rungs[-1].epochs * self.epoch) if rungs else steps

    def ends(self, step: int, model: nn.Module) -> bool:
        """Whether the training ends after this step."""
        epochs, within = divmod(step, self.epoch)
        rung = next((r for r in self.schedule.rungs if r.epochs == epochs), None)
        if within or not (rung or self.schedule.patience):
            return False
        score = self.look(step, model)
        fails = rung is not None and self._fails(rung, score)
        return self._tired(epochs, score, model) or fails

    def look(self, step: int, model: nn.Module) -> float:
        """The score after a step; measured once."""
        if self._looked is None or self._looked[0] != step:
            model.eval()
            with torch.no_grad():
                self._looked = step, self.score(model)
            model.train()
        return self._looked[1]

    def _fails(self, rung: Rung, score: float) -> bool:
        self.reached.append({"epochs": rung.epochs, "score": score})
        return rung.cutoff is not None and score < rung.cutoff

    def _tired(self, epochs: int, score: float, model: nn.Module) -> bool:
        if self.schedule.patience is None:
            return False
        if self._best is None or score > self._best[0]:
            self._best = score, epochs
            self._weights = {k: v.clone() for k, v in model.state_dict().items()}
        return epochs - self._best[1] >= self.schedule.patience

    def restore(self, model: nn.Module) -> bool:
        """Give a model the weights of its best epoch, where there was patience with it; whether
        there was."""
        if self._weights:
            model.load_state_dict(self._weights)
        return bool(self._weights)
