"""What a task is: it makes a model around a cell, trains it, and measures it.

A task is one file of this folder with one subclass of `Task`; its name is the file's.  It says
which model, which losses in which order, and what is measured; `Task.evaluate` is the training
loop that all share.  Scores depend on nothing but the cell, the settings, the data, the seed, the
number of threads and the versions of the machine and its libraries.
"""

from __future__ import annotations

import copy
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor, nn

from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.rules import tasks as rules
from fenas_lang.tasks.outcome import Outcome, Progress
from fenas_lang.tasks.schedule import WHOLE, Schedule
from fenas_lang.tasks.settings import Preset, Settings
from fenas_lang.tasks.training import LayerFactory, Training
from fenas_lang.tasks.weights import NO_WEIGHTS, Weights

VALID, TEST = "valid", "test"

S = TypeVar("S", bound=Settings)


class Task(ABC, Generic[S]):
    """What a cell is trained on and scored by.  Not changed once it is made.

    Arguments: `settings`, and for tasks that read data its directory.  Raises FenError (FEN4xx)
    for data that are missing or damaged.
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    """The metric's name: `valid_accuracy`, say; one of the keys of `Outcome.metrics`."""
    higher_is_better: ClassVar[bool]
    settings_type: ClassVar[type[Settings]]
    has_test_labels: ClassVar[bool] = True
    """Whether the `test` split can be measured; where not, `evaluate` leaves it out."""
    presets: ClassVar[Mapping[str, Preset]] = {}
    """Published settings by name, as `fenasc train --preset` takes them."""

    settings: S
    checksum: str
    """sha256 of the data: of all examples, or of the texts; the same data, the same checksum."""

    def __init__(self, settings: S, data: Path | None = None):
        self.settings = settings
        self.load(data)

    def load(self, data: Path | None) -> None:
        """Read or make the data, and set `checksum`.  Here: for tasks that read none."""
        if data is not None:
            raise rules.NO_USE_FOR_DATA.error(task=self.name, path=data)

    @property
    @abstractmethod
    def steps(self) -> int:
        """Optimiser steps of a whole training."""

    @property
    def epoch(self) -> int:
        """Optimiser steps of an epoch, in which rungs and patience count; here: of a task with a
        setting `epochs`, and all steps for one without."""
        return max(1, self.steps // int(getattr(self.settings, "epochs", 1)))

    @property
    def items(self) -> int:
        """What an epoch trains on, in sequences, words or sentences, as rates are counted."""
        return self.epoch * self.settings.batch

    @abstractmethod
    def model(self, cell: Any, build: LayerFactory) -> nn.Module:
        """An untrained model around the cell's layer; draws from torch's generator."""

    @abstractmethod
    def losses(self, model: Any, generator: torch.Generator) -> Iterator[Tensor]:
        """The loss of each step of one epoch; the model is updated between one and the next.

        `generator` orders (or makes) the training data, alike for all cells.
        """

    @abstractmethod
    def measure(self, model: Any, split: str) -> dict[str, float]:
        """Metrics over the whole of a split, `valid` or `test`, named with it as a prefix."""

    @abstractmethod
    def reference_scores(self) -> dict[str, float]:
        """What simple predictors get on the validation data, in the metric's unit."""

    def one_pass(self) -> Self:
        """The same task with one pass over the data for a training, where it counts passes."""
        return self._with(epochs=1) if hasattr(self.settings, "epochs") else self

    def held_out(self) -> Self:
        """The same task with its validation data to train on, for what is chosen by gradients.

        Here: for tasks that make new examples for every step, which have the same of either.
        """
        return self

    def sized(self, hidden: int) -> Self:
        """The same task with another hidden size."""
        return self._with(hidden=hidden)

    def _with(self, **settings: Any) -> Self:
        """The same data with other settings."""
        other = copy.copy(self)
        other.settings = replace(self.settings, **settings)
        return other

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """Adam (Kingma & Ba 2015)."""
        rate, decay = self.settings.learning_rate, self.settings.l2
        return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay, fused=True)

    def evaluate(
        self,
        cell: Any,
        *,
        seed: int,
        deadline_steps: int | None = None,
        seconds: float | None = None,
        progress: Callable[[Progress], None] | None = None,
        test: bool = False,
        build: LayerFactory = compile_layer,
        schedule: Schedule = WHOLE,
        weights: Weights = NO_WEIGHTS,
    ) -> Outcome:
        """Train a cell from `seed` and measure it.  Whatever the cell does is an `Outcome`.

        `deadline_steps` ends the training early, and the cell is measured as it is then; more
        than `seconds` of training are a failure, so that only they make a result depend on the
        clock.  `progress` is called after every step; what it raises is passed on.  `test` also
        measures the test data, which no choice may rest on, where they have labels.  `build` makes
        the layer, by default the engine does.  `schedule` says when the training is looked at and
        may end, `weights` what it begins with and where they are kept.  Torch's global generator is
        left as it was.
        """
        run = Training(self, seed, deadline_steps, seconds, schedule)
        with torch.random.fork_rng(devices=[]):
            splits = (VALID, TEST) if test and self.has_test_labels else (VALID,)
            for event in run.stages(cell, build, splits, weights):
                if progress is not None:
                    progress(event)
        return run.outcome


def checksum_of(*contents: Any) -> str:
    """sha256 over byte strings, texts, and tensors (their bytes and shape), each set apart."""
    total = hashlib.sha256()
    for content in contents:
        if isinstance(content, Tensor):
            content = str(tuple(content.shape)).encode() + content.numpy().tobytes()
        block = content.encode() if isinstance(content, str) else content
        total.update(hashlib.sha256(block).digest())
    return total.hexdigest()
