"""The adding problem (Hochreiter & Schmidhuber 1997), as Le et al. 2015 pose it.

Two channels a step: a number drawn uniformly from [0, 1], and a marker that is 1 at one step of
each half and 0 elsewhere.  Wanted after the last step: the sum of the two marked numbers.  Who
always says 1 has a mean squared error of 1/6.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from fenas_lang.tasks.base import VALID
from fenas_lang.tasks.settings import setting
from fenas_lang.tasks.supervised import Examples, GeneratedSettings, GeneratedTask


@dataclass(frozen=True)
class AddingSettings(GeneratedSettings):
    length: int = setting(20, "steps of a sequence, T", low=2)


class Adding(GeneratedTask[AddingSettings]):
    """Add two marked numbers among many; scored by the validation mean squared error."""

    name = "adding"
    metric = "valid_mse"
    higher_is_better = False
    settings_type = AddingSettings
    input_size = 2
    output_size = 1

    def examples(self, count: int, generator: torch.Generator) -> Examples:
        length = self.settings.length
        values = torch.rand(length, count, generator=generator)
        first = torch.randint(0, length // 2, (1, count), generator=generator)
        second = torch.randint(length // 2, length, (1, count), generator=generator)
        marks = torch.zeros(length, count).scatter_(0, first, 1.0).scatter_(0, second, 1.0)
        return Examples(torch.stack([values, marks], dim=2), (values * marks).sum(0))

    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        return mse_loss(output.squeeze(1), y)

    def metrics(self, output: Tensor, y: Tensor) -> dict[str, float]:
        return {"mse": self.loss(output, y).item()}

    def reference_scores(self) -> dict[str, float]:
        """`always 1`: near 1/6, here for the validation sequences."""
        y = self.splits[VALID].y
        return {"always 1": mse_loss(torch.ones_like(y), y).item()}
