"""The training loop that all tasks share, with its limits and its failures."""

from __future__ import annotations

import hashlib
import platform
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from fenas_lang.tasks.averaging import averaged, observes
from fenas_lang.tasks.outcome import (
    TIME_LIMIT,
    Outcome,
    Progress,
    TrainingFailed,
    finite,
    reason_for,
)
from fenas_lang.tasks.schedule import Schedule, Watch
from fenas_lang.tasks.weights import Weights

if TYPE_CHECKING:
    from fenas_lang.tasks.base import Task

LayerFactory = Callable[..., nn.Module]
"""Called as `factory(cell, input_size=D, hidden_size=H)`, in the language model also with
`variational`; gives a layer with the interface of `fenas_lang.compile`'s."""


class Training:
    """One training of one cell: its limits, its clock, and what came of it."""

    def __init__(
        self,
        task: Task[Any],
        seed: int,
        deadline: int | None,
        seconds: float | None,
        schedule: Schedule,
    ):
        self.task, self.seed, self.seconds = task, seed, seconds
        self.watch = Watch(schedule, task.epoch, self._score)
        limit = self.watch.limit(task.steps)
        self.planned = limit if deadline is None else min(deadline, limit)
        self.started = time.perf_counter()
        self.steps = 0
        self.parts: dict[str, int] = {}
        self.inherited = 0
        self.metrics: dict[str, float] = {}
        self.failure: str | None = None
        self.log = ""

    def stages(
        self, cell: Any, build: LayerFactory, splits: tuple[str, ...], weights: Weights
    ) -> Iterator[Progress]:
        """Train and measure, with a pause after every step; failures end it and are kept."""
        try:
            torch.manual_seed(seed_for(self.seed, "initialisation"))
            model = self.task.model(cell, build)
            self.parts = parts(model)
            self.inherited = weights.give(model)
            final = yield from self._train(model)
            with final:
                self.metrics = {
                    name: value
                    for split in splits
                    for name, value in measured(self.task, model, split).items()
                }
                weights.take(model)
        except Exception as error:
            self.failure, self.log = reason_for(error), "".join(traceback.format_exception(error))

    def _train(self, model: nn.Module) -> Generator[Progress, None, AbstractContextManager[Any]]:
        """Gives what the trained model is to be measured in."""
        optimizer = self.task.optimizer(model)
        losses = self._losses(model.train())
        while self.steps < self.planned:
            value = update(self.task, model, optimizer, next(losses))
            self.steps += 1
            yield Progress(self.steps, self.planned, value)
            if self.seconds is not None and self._elapsed() > self.seconds:
                raise TrainingFailed(TIME_LIMIT, f"{self.steps} of {self.planned} steps were done")
            if self.steps % self.task.epoch == 0 and self._ends(model, optimizer):
                break
        return nullcontext() if self.watch.restore(model) else averaged(optimizer)

    def _ends(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> bool:
        """Whether the training ends with this epoch."""
        with averaged(optimizer):
            ends = self.watch.ends(self.steps, model)
            score = self.watch.look(self.steps, model) if observes(optimizer) else 0.0
        if observes(optimizer):
            optimizer.observe(-score)  # type: ignore[attr-defined]
        return ends

    def _losses(self, model: nn.Module) -> Iterator[Tensor]:
        """Epoch after epoch, each from its own seeds, so that one can be begun anywhere."""
        for epoch in count():
            yield from epoch_losses(self.task, model, self.seed, epoch)

    def _score(self, model: nn.Module) -> float:
        """The model's score as it is now; a failure where it is not finite."""
        value = self.task.measure(model, "valid")[self.task.metric]
        return self._sign * finite(value, self.task.metric)

    @property
    def _sign(self) -> int:
        return 1 if self.task.higher_is_better else -1

    def _elapsed(self) -> float:
        return time.perf_counter() - self.started

    @property
    def outcome(self) -> Outcome:
        metric = None if self.failure else self.metrics[self.task.metric]
        return Outcome(
            task=self.task.name,
            seed=self.seed,
            metric=metric,
            score=None if metric is None else self._sign * metric,
            metrics=self.metrics,
            parameters=sum(self.parts.values()),
            parts=self.parts,
            steps=self.steps,
            rungs=tuple(self.watch.reached),
            inherited=self.inherited,
            seconds=self._elapsed(),
            hardware=hardware(),
            failure=self.failure,
            log=self.log,
        )


def epoch_losses(task: Task[Any], model: nn.Module, seed: int, epoch: int) -> Iterator[Tensor]:
    """The losses of one epoch (the first is 0), order and dropout from seeds of its own.

    Sets the processor's global generator; `torch.manual_seed` would take a millisecond for those of
    devices that are not there, which is long where an epoch is one step.
    """
    generator = torch.Generator().manual_seed(seed_for(seed, f"data {epoch}"))
    torch.default_generator.manual_seed(seed_for(seed, f"dropout {epoch}"))
    return task.losses(model, generator)


def update(
    task: Task[Any], model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor
) -> float:
    """Take one step against the gradient of a loss; what the loss was.

    Raises TrainingFailed, with the model as it was, where that is not finite.
    """
    value = finite(loss.item(), "training loss")
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    if task.settings.clip:
        nn.utils.clip_grad_norm_(model.parameters(), task.settings.clip)
    optimizer.step()
    return value


def measured(task: Task[Any], model: nn.Module, split: str) -> dict[str, float]:
    """Metrics of a split, in eval mode and without gradients; leaves the model in eval mode.

    Raises TrainingFailed where one is not finite.
    """
    model.eval()
    with torch.no_grad():
        found = task.measure(model, split)
    return {name: finite(value, name) for name, value in found.items()}


def parts(model: nn.Module) -> dict[str, int]:
    """Parameters of each named part; one that two parts share counts with the first."""
    counted: set[int] = set()
    found = {}
    for name, child in model.named_children():
        fresh = [p for p in child.parameters() if id(p) not in counted]
        counted.update(map(id, fresh))
        found[name] = sum(p.numel() for p in fresh)
    return found


def seed_for(seed: int, purpose: str) -> int:
    """An independent seed for each purpose, so that one's draws never shift another's."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def hardware() -> str:
    """What a training ran on, for the record: processor, threads, torch."""
    processor = platform.processor() or platform.machine()
    return f"{processor}, {torch.get_num_threads()} threads, torch {torch.__version__}"
