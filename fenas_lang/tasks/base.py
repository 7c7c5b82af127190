"""What a task is: it makes a model around a cell, trains it, and measures it.

A task is one file of this folder with one subclass of `Task`; its name is the file's.  It says
which model, which losses in which order, and what is measured; `Task.evaluate` is the training
loop that all share.  Scores depend on nothing but the cell, the settings, the data, the seed, the
number of threads and the versions of the machine and its libraries.
"""

from __future__ import annotations

import hashlib
import platform
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from fenas_lang.rules import tasks as rules
from fenas_lang.tasks.settings import Settings

NOT_FINITE, TIME_LIMIT, OUT_OF_MEMORY, EXCEPTION = (
    "not finite",
    "time limit",
    "out of memory",
    "exception",
)
"""Reasons why a cell has no score."""

VALID, TEST = "valid", "test"

LayerFactory = Callable[..., nn.Module]
"""Called as `factory(cell, input_size=D, hidden_size=H)`, in the language model also with
`variational`; gives a layer with the interface of `fenas_lang.compile`'s."""


class TrainingFailed(Exception):
    """A cell that cannot be scored: `reason` is one of this module's constants."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Progress:
    """After optimiser step `step` of `steps`, whose loss was `loss`."""

    step: int
    steps: int
    loss: float


@dataclass(frozen=True)
class Outcome:
    """What came of training a cell.

    `metric` is the task's metric on the validation data in its own unit, `score` the same with
    higher being better; both are None where `failure` gives a reason, and `log` then holds the
    details.  `parameters` counts the whole model, `parts` its named parts (`input_projection`
    among them).  `seconds` and `hardware` differ from run to run and machine to machine; the rest
    does not.
    """

    task: str
    seed: int
    metric: float | None
    score: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0
    hardware: str = ""
    failure: str | None = None
    log: str = ""


S = TypeVar("S", bound=Settings)


class Task(ABC, Generic[S]):
    """What a cell is trained on and scored by.  Immutable, and cheap to send to a worker.

    Arguments: `settings`, and for tasks that read data its directory.  Raises FenError (FEN4xx)
    for data that are missing or damaged.
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    """The metric's name: `valid_accuracy`, say; one of the keys of `Outcome.metrics`."""
    higher_is_better: ClassVar[bool]
    settings_type: ClassVar[type[Settings]]

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

    @abstractmethod
    def model(self, cell: Any, build: LayerFactory) -> nn.Module:
        """An untrained model around the cell's layer; draws from torch's generator."""

    @abstractmethod
    def losses(self, model: Any, generator: torch.Generator) -> Iterator[Tensor]:
        """The loss of each step in turn; the model is updated between one and the next.

        `generator` orders (or makes) the training data, alike for all cells.
        """

    @abstractmethod
    def measure(self, model: Any, split: str) -> dict[str, float]:
        """Metrics over the whole of a split, `valid` or `test`, named with it as a prefix."""

    @abstractmethod
    def reference_scores(self) -> dict[str, float]:
        """What simple predictors get on the validation data, in the metric's unit."""

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """Adam (Kingma & Ba 2015)."""
        rate, decay = self.settings.learning_rate, self.settings.l2
        return torch.optim.Adam(model.parameters(), lr=rate, weight_decay=decay)

    def evaluate(
        self,
        cell: Any,
        *,
        seed: int,
        deadline_steps: int | None = None,
        seconds: float | None = None,
        progress: Callable[[Progress], None] | None = None,
        test: bool = False,
        build: LayerFactory | None = None,
    ) -> Outcome:
        """Train a cell from `seed` and measure it.  Whatever the cell does is an `Outcome`.

        `deadline_steps` ends the training early, and the cell is measured as it is then; more
        than `seconds` of training are a failure, so that only they make a result depend on the
        clock.  `progress` is called after every step; what it raises is passed on.  `test` also
        measures the test data, which no choice may rest on.  `build` makes the layer, by default
        `fenas_lang.engine.layer.compile`.  Torch's global generator is left as it was.
        """
        run = _Run(self, seed, deadline_steps, seconds)
        with torch.random.fork_rng(devices=[]):
            for event in run.stages(cell, build or _engine, (VALID, TEST) if test else (VALID,)):
                if progress is not None:
                    progress(event)
        return run.outcome


def _engine(cell: Any, **arguments: Any) -> nn.Module:
    from fenas_lang.engine.layer import compile as compile_layer

    return compile_layer(cell, **arguments)


class _Run:
    """One training of one cell: its limits, its clock, and what came of it."""

    def __init__(self, task: Task[Any], seed: int, deadline: int | None, seconds: float | None):
        self.task, self.seed, self.seconds = task, seed, seconds
        self.planned = task.steps if deadline is None else min(deadline, task.steps)
        self.started = time.perf_counter()
        self.steps = 0
        self.parts: dict[str, int] = {}
        self.metrics: dict[str, float] = {}
        self.failure: str | None = None
        self.log = ""

    def stages(self, cell: Any, build: LayerFactory, splits: tuple[str, ...]) -> Iterator[Progress]:
        """Train and measure, with a pause after every step; failures end it and are kept."""
        try:
            torch.manual_seed(seed_for(self.seed, "initialisation"))
            model = self.task.model(cell, build)
            self.parts = parts(model)
            yield from self._train(model)
            self._measure(model.eval(), splits)
        except Exception as error:
            self.failure, self.log = reason_for(error), "".join(traceback.format_exception(error))

    def _train(self, model: nn.Module) -> Iterator[Progress]:
        generator = torch.Generator().manual_seed(seed_for(self.seed, "data"))
        torch.manual_seed(seed_for(self.seed, "dropout"))
        optimizer = self.task.optimizer(model)
        losses = self.task.losses(model.train(), generator)
        while self.steps < self.planned:
            loss = next(losses)
            value = finite(loss.item(), "training loss")
            self._update(model, optimizer, loss)
            self.steps += 1
            yield Progress(self.steps, self.planned, value)
            if self.seconds is not None and self._elapsed() > self.seconds:
                raise TrainingFailed(TIME_LIMIT, f"{self.steps} of {self.planned} steps were done")

    def _update(self, model: nn.Module, optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self.task.settings.clip:
            nn.utils.clip_grad_norm_(model.parameters(), self.task.settings.clip)
        optimizer.step()

    def _measure(self, model: nn.Module, splits: tuple[str, ...]) -> None:
        measured: dict[str, float] = {}
        with torch.no_grad():
            for split in splits:
                measured |= self.task.measure(model, split)
        self.metrics = {name: finite(value, name) for name, value in measured.items()}

    def _elapsed(self) -> float:
        return time.perf_counter() - self.started

    @property
    def outcome(self) -> Outcome:
        metric = None if self.failure else self.metrics[self.task.metric]
        sign = 1 if self.task.higher_is_better else -1
        return Outcome(
            task=self.task.name,
            seed=self.seed,
            metric=metric,
            score=None if metric is None else sign * metric,
            metrics=self.metrics,
            parameters=sum(self.parts.values()),
            parts=self.parts,
            steps=self.steps,
            seconds=self._elapsed(),
            hardware=hardware(),
            failure=self.failure,
            log=self.log,
        )


def finite(value: float, what: str) -> float:
    """The value, or TrainingFailed where it is infinite or not a number."""
    if not abs(value) < float("inf"):
        raise TrainingFailed(NOT_FINITE, f"the {what} is {value}")
    return value


def reason_for(error: Exception) -> str:
    """Why a training ended with this error, in one of this module's constants."""
    if isinstance(error, TrainingFailed):
        return error.reason
    memory = isinstance(error, MemoryError) or "allocate" in str(error)
    return OUT_OF_MEMORY if memory else EXCEPTION


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


def checksum_of(*contents: Any) -> str:
    """sha256 over byte strings, texts, and tensors (their bytes and shape), each set apart."""
    total = hashlib.sha256()
    for content in contents:
        if isinstance(content, Tensor):
            content = str(tuple(content.shape)).encode() + content.numpy().tobytes()
        block = content.encode() if isinstance(content, str) else content
        total.update(hashlib.sha256(block).digest())
    return total.hexdigest()


def hardware() -> str:
    """What a training ran on, for the record: processor, threads, torch."""
    processor = platform.processor() or platform.machine()
    return f"{processor}, {torch.get_num_threads()} threads, torch {torch.__version__}"
