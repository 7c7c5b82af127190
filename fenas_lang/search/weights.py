"""The trained weights of a cell that was found, made by repeating one of its trainings.

A run keeps no weights: those of five thousand trials would fill a disk, and a seed determines a
training.  So the best of the cell's trainings is done again, from the same seed and with the same
number of threads, which gives the stored metric to the last bit on the machine and versions of the
run.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fenas_lang.diagnostics import FenError
from fenas_lang.rules import search as rules
from fenas_lang.search.child import open_task
from fenas_lang.search.messages import Setup
from fenas_lang.search.phase import rank
from fenas_lang.search.result import Result
from fenas_lang.search.trial import Trial
from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Cell

if TYPE_CHECKING:
    from torch import nn


class NoWeights(Exception):
    """There are none, for the reason that the text says."""


@dataclass(frozen=True)
class Trained:
    """The layer as it was after `trial` was repeated, and the metric that it then had."""

    trial: Trial
    layer: nn.Module
    metric: float

    @property
    def is_exact(self) -> bool:
        """Whether the metric is that of the trial, to the last bit."""
        return self.metric == self.trial.metric

    def as_safetensors(self, result: Result) -> bytes:
        """The layer's parameters by name, with their origin in the file's header."""
        from safetensors.torch import save

        origin = {
            "format": "pt",
            "cell": result.cell.name,
            "task": str(result.task["task"]),
            "data_checksum": str(result.task["checksum"]),
            "seed": str(self.trial.seed),
            result.metric_name: repr(self.metric),
        }
        state = self.layer.state_dict()
        return save({name: t.detach().clone().contiguous() for name, t in state.items()}, origin)


def best_training(result: Result) -> Trial:
    """Of the trainings that the result rests on, the one with the best score."""
    scored = [t for t in result.final.trials if t.score is not None] if result.final else []
    return min(scored, key=rank, default=result.trial)


def trained(result: Result, data: str | Path | None = None) -> Trained:
    """Repeat the best training; `data` says where the task's data are now.

    Raises NoWeights where that is not possible, in words.
    """
    trial = best_training(result)
    try:
        task = _task(result, data)
    except FenError as error:
        raise NoWeights("; ".join(d.message for d in error.diagnostics)) from error
    if "build" not in inspect.signature(task.evaluate).parameters:
        raise NoWeights(f"the task `{result.task['task']}` does not give its layers away")
    from fenas_lang.engine.threads import torch_threads  # loads torch, which the search need not

    layers: list[nn.Module] = []
    threads = torch_threads(result.settings.threads)
    with threads, beside_space(result, result.cell) as cell:
        outcome = task.evaluate(cell, seed=trial.seed, build=_kept(layers))
    if outcome.metric is None:
        raise NoWeights(f"the training failed this time: {outcome.failure}")
    if len(layers) != 1:
        raise NoWeights(f"the task's model has {len(layers)} layers of the cell, not one")
    return Trained(trial, layers[0].eval(), float(outcome.metric))


def _task(result: Result, data: str | Path | None) -> Any:
    """The task of the run, on the same data."""
    told = result.settings
    place = told.data if data is None else str(data)
    task = open_task(Setup(told.task, dict(told.task_settings), place, told.threads))
    expected = result.task["checksum"]
    if task.checksum != expected:
        raise rules.DATA_CHANGED.error(expected=expected, found=task.checksum)
    return task


def _kept(layers: list[nn.Module]) -> Any:
    """The engine's factory of layers, which also notes what it makes."""
    from fenas_lang.engine.layer import compile as compile_layer

    def build(*arguments: Any, **options: Any) -> nn.Module:
        layers.append(compile_layer(*arguments, **options))
        return layers[-1]

    return build


@contextmanager
def beside_space(result: Result, cell: Cell) -> Iterator[Cell]:
    """A cell of the run as if its file stood beside that of the run's space."""
    with tempfile.TemporaryDirectory(prefix="fenas-") as folder:
        space = Path(folder) / f"{result.space.name}.space"
        space.write_text(result.settings.space, encoding="utf-8")
        yield replace(cell, source=SourceFile("", Path(folder) / "cell.fen"))
