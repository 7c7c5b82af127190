"""Tasks that do to a run what real ones do now and then, and small settings of the real ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from fenas_lang.tasks.adding import Adding, AddingSettings
from fenas_lang.tasks.digits import Digits, DigitsSettings
from fenas_lang.tasks.settings import Preset, setting

SMALL: dict[str, dict[str, Any]] = {
    "adding": {"steps": 7, "examples": 60, "length": 6, "hidden": 5},
    "copy": {"steps": 5, "examples": 60, "delay": 2, "items": 2, "hidden": 5},
    "digits": {"epochs": 3, "batch": 100, "hidden": 6},
    "lm": {"epochs": 3, "batch": 4, "window": 20, "valid_batch": 3, "hidden": 6},
}


class Average(torch.optim.SGD):
    """SGD that averages from its second epoch on, and counts what it was told in its state."""

    def __init__(self, model: nn.Module, rate: float):
        super().__init__(model.parameters(), lr=rate)
        self.told: list[float] = []
        self.sums: list[Tensor] = []

    def observe(self, metric: float) -> None:
        self.told.append(metric)
        values = [p.detach() for group in self.param_groups for p in group["params"]]
        before = self.sums or [torch.zeros_like(value) for value in values]
        self.sums = [s + value for s, value in zip(before, values, strict=True)]
        self.param_groups[0]["lr"] *= 0.5

    @contextlib.contextmanager
    def averaged(self) -> Iterator[bool]:
        parameters = [p for group in self.param_groups for p in group["params"]]
        kept = [p.detach().clone() for p in parameters]
        with torch.no_grad():
            for p, total in zip(parameters, self.sums, strict=bool(self.sums)):
                p.copy_(total / len(self.told))
            yield bool(self.told)
            for p, value in zip(parameters, kept, strict=True):
                p.copy_(value)

    def state_dict(self) -> dict[str, Any]:
        return super().state_dict() | {"told": self.told, "sums": self.sums}

    def load_state_dict(self, state: Any) -> None:
        self.told, self.sums = state.pop("told"), state.pop("sums")
        super().load_state_dict(state)


@dataclass(frozen=True)
class FaultSettings(DigitsSettings):
    faulty: int = setting(3, "the epoch that goes wrong; 0: none", low=0)


class Averaging(Digits):
    """Digits with an optimizer that averages."""

    name = "averaging"
    presets: ClassVar = {
        "small": Preset("this test", {"hidden": 3, "epochs": 2, "learning_rate": 1.0})
    }

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        return Average(model, self.settings.learning_rate)


class Faulty(Digits):
    """Digits whose loss is no number from some epoch on."""

    name = "faulty"
    settings_type = FaultSettings

    def losses(self, model: Any, generator: torch.Generator) -> Iterator[Tensor]:
        self.begun = getattr(self, "begun", 0) + 1
        for loss in super().losses(model, generator):
            if self.begun == self.settings.faulty:  # type: ignore[attr-defined]
                self.fail()
                loss = loss * torch.nan
            yield loss

    def fail(self) -> None:
        """For others than this."""


class Greedy(Faulty):
    """Asks for more memory than there is, now and then."""

    name = "greedy"

    def fail(self) -> None:
        torch.empty(2**60)


class Answering(Adding):
    """Has predictions, and says that they are of one class."""

    name = "answering"
    settings_type = AddingSettings

    def predict(self, model: Any, split: str) -> list[str]:
        return ["big" if y > 1 else "small" for y in model(self.splits[split].x).squeeze(1)]

    def measure(self, model: Any, split: str) -> dict[str, float]:
        return super().measure(model, split) | {f"{split}_classes_predicted": 1.0}


class OnlyEvaluates:
    """What a search can do with, and a run cannot."""

    name, metric, higher_is_better, checksum = "only", "valid_x", True, "0"
    settings_type = DigitsSettings

    def __init__(self, settings: Any, data: Any = None):
        self.settings = settings
