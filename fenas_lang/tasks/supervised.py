"""Tasks on sequences of numbers with a known answer: what `digits`, `adding` and `copy` share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from fenas_lang.tasks.base import TEST, VALID, Task, checksum_of
from fenas_lang.tasks.models import SequenceModel
from fenas_lang.tasks.settings import Settings, setting
from fenas_lang.tasks.training import LayerFactory, seed_for

ROWS = 512
"""Sequences that are measured at once, which bounds memory and changes no result."""


@dataclass(frozen=True)
class Examples:
    """Inputs (T, N, D), and their answers."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class GeneratedSettings(Settings):
    """For tasks that make new examples for every step."""

    steps: int = setting(600, "training steps, each on new examples", low=1)
    examples: int = setting(1000, "validation sequences (and as many for testing)", low=1)
    learning_rate: float = setting(0.005, "Adam's step size", low=1e-9, high=100)


S = TypeVar("S", bound=Settings)
G = TypeVar("G", bound=GeneratedSettings)


class SupervisedTask(Task[S]):
    """A `SequenceModel` trained by one loss; subclasses give examples, loss and metrics."""

    input_size: ClassVar[int]
    output_size: ClassVar[int]
    every_step: ClassVar[bool] = False
    splits: dict[str, Examples]

    def model(self, cell: Any, build: LayerFactory) -> SequenceModel:
        return SequenceModel(
            cell,
            build,
            input_size=self.input_size,
            hidden_size=self.settings.hidden,
            output_size=self.output_size,
            every_step=self.every_step,
        )

    @abstractmethod
    def batches(self, generator: torch.Generator) -> Iterator[Examples]:
        """The examples of each training step of one epoch."""

    @abstractmethod
    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        """Mean loss of a batch."""

    @abstractmethod
    def metrics(self, output: Tensor, y: Tensor) -> dict[str, float]:
        """Metrics of a whole split from the model's outputs for it."""

    def losses(self, model: SequenceModel, generator: torch.Generator) -> Iterator[Tensor]:
        return (self.loss(model(batch.x), batch.y) for batch in self.batches(generator))

    def measure(self, model: SequenceModel, split: str) -> dict[str, float]:
        examples = self.splits[split]
        outputs = [model(x) for x in torch.split(examples.x, ROWS, dim=1)]
        found = self.metrics(torch.cat(outputs, dim=1 if self.every_step else 0), examples.y)
        return {f"{split}_{name}": value for name, value in found.items()}


class GeneratedTask(SupervisedTask[G]):
    """New random examples for every training step; what is measured is always the same."""

    def load(self, data: Path | None) -> None:
        super().load(data)
        self.splits = {
            split: self.examples(
                self.settings.examples, torch.Generator().manual_seed(seed_for(0, split))
            )
            for split in (VALID, TEST)
        }
        self.checksum = checksum_of(*(t for e in self.splits.values() for t in (e.x, e.y)))

    @property
    def steps(self) -> int:
        return self.settings.steps

    @property
    def epoch(self) -> int:
        """As many steps as train on as many examples as are validated."""
        return -(-self.settings.examples // self.settings.batch)

    def batches(self, generator: torch.Generator) -> Iterator[Examples]:
        for _ in range(self.epoch):
            yield self.examples(self.settings.batch, generator)

    @abstractmethod
    def examples(self, count: int, generator: torch.Generator) -> Examples:
        """Draw so many examples."""
