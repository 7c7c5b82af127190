"""What the search and its worker processes tell each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fenas_lang.diagnostics import Diagnostic
from fenas_lang.syntax.ast import Cell

Rungs = tuple[tuple[int, float | None], ...]
"""Epochs, and the score to go on with after them, None where any does; the last ones end it."""


@dataclass(frozen=True)
class Setup:
    """First message: the task, by its name or as `module:NAME`, and how to run it.

    `memory` bounds the data of the process, in GB (2³⁰ bytes); `space` is the name and the text of
    the run's space, for workers on other machines.
    """

    task: str
    settings: dict[str, Any]
    data: str | None = None
    threads: int = 1
    memory: float | None = None
    space: tuple[str, str] | None = None


@dataclass(frozen=True)
class Job:
    """Train this cell; `test` also measures the test data, `seconds` bound the training.

    `rungs` and `patience` (in epochs) may end it early.  `parent` is a file of weights that the
    nodes in `unchanged` begin with, `kept` where the trained weights are written.
    """

    phase: str
    number: int
    cell: Cell
    seed: int
    test: bool = False
    seconds: float | None = None
    rungs: Rungs = ()
    patience: int | None = None
    parent: str | None = None
    unchanged: tuple[str, ...] = ()
    kept: str | None = None


@dataclass(frozen=True)
class Ready:
    """The task is loaded: its metric, and what its scores depend on.

    `references` are what simple predictors get on the validation data, in the metric's unit;
    `epochs` the length of a training, None where the task does not say.  What a task without
    `trains` says of a cell hangs on no seed.
    """

    task: str
    metric: str
    higher_is_better: bool
    checksum: str
    settings: dict[str, Any] = field(default_factory=dict)
    references: dict[str, float] = field(default_factory=dict)
    epochs: int | None = None
    trains: bool = True


@dataclass(frozen=True)
class Refused:
    """The task cannot be loaded, for reasons that the user can mend."""

    diagnostics: tuple[Diagnostic, ...]
