"""The weights of a run's best epoch: measured, and used to predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fenas_lang import tasks
from fenas_lang.engine.threads import torch_threads
from fenas_lang.rules import runs as rules
from fenas_lang.runs.directory import Directory
from fenas_lang.runs.plan import Plan
from fenas_lang.runs.result import Evaluation, predicts_one_class
from fenas_lang.runs.training import built
from fenas_lang.runs.weights import EPOCH, read_weights
from fenas_lang.tasks.base import TEST, VALID, Task
from fenas_lang.tasks.training import hardware, measured, parts


@dataclass(frozen=True)
class Predictions:
    """One answer for each row, and the text of the file that takes them: the task's own form
    (`Task.submission`, as the GLUE server reads it), or lines of a number and an answer."""

    answers: Sequence[Any]
    text: str


def opened_task(directory: Directory, plan: Plan, data: str | Path | None = None) -> Task[Any]:
    """The task of a run, on the data that it was begun with.  Raises FenError (FEN464)."""
    place = plan.data if data is None else data
    task = tasks.task(plan.task, place, **plan.settings)
    if task.checksum != plan.checksum:
        raise rules.OTHER_DATA.error(
            path=directory.path, expected=plan.checksum, found=task.checksum
        )
    return task


def evaluate(
    directory: str | Path, split: str = VALID, *, data: str | Path | None = None
) -> Evaluation:
    """Measure the weights of the best epoch on `valid`, `test`, or another split of the task.

    `data` says where the task's data are now.  Raises FenError: FEN461, FEN462, FEN464, FEN466,
    FEN476, FEN478, and FEN487 for a split without labels.
    """
    found = Directory(Path(directory))
    plan = found.plan()
    task = opened_task(found, plan, data)
    _check_split(task, split)
    with torch_threads(plan.threads):
        model, epoch = _trained(found, plan, task)
        metrics = measured(task, model, split)
        return Evaluation(
            cell=plan.cell,
            layer=plan.layer,
            task=plan.task,
            split=split,
            metric=plan.metric,
            higher_is_better=plan.higher_is_better,
            metrics=metrics,
            references=task.reference_scores(),
            best_epoch=epoch,
            parameters=sum(parts(model).values()),
            checksum=plan.checksum,
            hardware=hardware(),
            one_class=predicts_one_class(metrics, split),
        )


def _check_split(task: Any, split: str) -> None:
    """Raises FEN478 for a split that the task has not."""
    known = list(getattr(task, "splits", (VALID, TEST)))
    if split not in known:
        raise rules.NO_SPLIT.error(task=task.name, split=split, known=", ".join(known))


def predict(
    directory: str | Path, split: str = TEST, *, data: str | Path | None = None
) -> Predictions:
    """What the weights of the best epoch predict for each row of a split, in its order.

    Raises FenError as `evaluate` does, and FEN470 for a task without predictions.
    """
    found = Directory(Path(directory))
    plan = found.plan()
    if not hasattr(tasks.kind(plan.task), "predict"):
        raise rules.NO_PREDICTIONS.error(task=plan.task, path=directory)
    task: Any = opened_task(found, plan, data)
    _check_split(task, split)
    with torch_threads(plan.threads), torch.no_grad():
        model, _ = _trained(found, plan, task)
        answers = list(task.predict(model, split))
    write = getattr(task, "submission", _numbered)
    return Predictions(answers, write(answers))


def _numbered(answers: Sequence[Any]) -> str:
    lines = [f"{number}\t{answer}" for number, answer in enumerate(answers)]
    return "\n".join(["index\tprediction", *lines]) + "\n"


def _trained(directory: Directory, plan: Plan, task: Task[Any]) -> tuple[nn.Module, int]:
    """The model with the weights of the best epoch, in eval mode, and that epoch.

    Raises FEN466 where there are none yet.
    """
    if not directory.best.is_file():
        raise rules.NO_WEIGHTS.error(path=directory.path)
    with torch.random.fork_rng(devices=[]):
        model = built(plan, directory, task)
    origin = read_weights(directory.best, model)
    return model.eval(), int(origin.get(EPOCH, 0))
