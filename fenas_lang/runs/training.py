"""The training of a run: epoch by epoch, each measured, written down, and begun again at will."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from torch import nn

from fenas_lang.engine.threads import torch_threads
from fenas_lang.runs import checkpoint
from fenas_lang.runs.directory import Directory, Row
from fenas_lang.runs.listener import Listener
from fenas_lang.runs.plan import Plan
from fenas_lang.runs.result import Result
from fenas_lang.runs.weights import EPOCH, read_weights, write_weights
from fenas_lang.tasks.averaging import averaged, observes
from fenas_lang.tasks.base import TEST, VALID, Task
from fenas_lang.tasks.outcome import EXCEPTION, TrainingFailed, reason_for
from fenas_lang.tasks.training import epoch_losses, hardware, measured, parts, seed_for, update

OWN_COLUMNS = ("epoch", "steps", "train_loss", "learning_rate", "seconds", "averaged")
"""Columns of `epochs.csv` that are no metrics of the validation data."""


def train(directory: Directory, plan: Plan, task: Task[Any], listener: Listener) -> Result:
    """Train to the end from where the directory stands, and write `result.json`.

    A loss that is not finite, and a lack of memory, are a result with a `failure`.  Raises FenError
    for files that cannot be read or written.  Torch's global generator is left as it was.
    """
    directory.forget_result()
    with torch_threads(plan.threads), torch.random.fork_rng(devices=[]):
        session = _Session(directory, plan, task, listener)
        try:
            session.epochs()
            result = session.result(session.on_test())
        except Exception as error:
            if reason_for(error) == EXCEPTION:
                raise
            result = session.result(None, _failure(error))
        finally:
            listener.close()
    directory.write_result(result)
    return result


def _failure(error: Exception) -> str:
    """`not finite: the training loss is nan`, `out of memory: …`."""
    if isinstance(error, TrainingFailed):
        return str(error)
    return ": ".join(filter(None, (reason_for(error), " ".join(str(error).split()))))


def built(plan: Plan, directory: Directory, task: Task[Any]) -> nn.Module:
    """The untrained model of a run: the same values from the same seed."""
    subject = directory.subject(plan)
    torch.manual_seed(seed_for(plan.seed, "initialisation"))
    return task.model(subject.cell, subject.build)


class _Session:
    """A process that trains, from the last checkpoint on."""

    def __init__(self, directory: Directory, plan: Plan, task: Task[Any], listener: Listener):
        self.directory, self.plan, self.task, self.listener = directory, plan, task, listener
        self.model = built(plan, directory, task)
        self.optimizer = task.optimizer(self.model)
        self.standing = checkpoint.restore(directory, self.model, self.optimizer)
        self.clock = time.perf_counter()

    def epochs(self) -> None:
        """All epochs that are not done yet."""
        task, standing = self.task, self.standing
        self.directory.write_rows(standing.rows)
        self.listener.begin(self.plan, epochs_of(task), task.epoch, task.items, standing)
        while not self._over():
            self._epoch()

    def _over(self) -> bool:
        epochs, patience = self.standing.epochs, self.plan.patience
        tired = patience is not None and epochs - self.standing.best_epoch >= patience
        return epochs >= epochs_of(self.task) or tired

    def _epoch(self) -> None:
        """Train for one epoch, measure, and write all of it; killed on the way, it never was."""
        started = time.perf_counter()
        losses = list(self._losses())
        busy = time.perf_counter() - started
        row, is_best = self._look(losses, busy)
        before = self.standing
        self.standing = replace(
            before,
            steps=int(row["steps"]),
            seconds=before.seconds + self._passed(),
            busy=before.busy + busy,
            best_epoch=int(row["epoch"]) if is_best else before.best_epoch,
            rows=[*before.rows, row],
        )
        checkpoint.save(self.directory, self.standing, self.model, self.optimizer)
        self.directory.write_rows(self.standing.rows)
        self.listener.epoch(row, self.standing)

    def _losses(self) -> Iterator[float]:
        """Train for one epoch; the loss of each of its steps."""
        self.model.train()
        epoch = epoch_losses(self.task, self.model, self.plan.seed, self.standing.epochs)
        for number, loss in enumerate(islice(epoch, self._steps_left()), 1):
            value = update(self.task, self.model, self.optimizer, loss)
            self.listener.step(number, value)
            yield value

    def _steps_left(self) -> int | None:
        """A task that does not count epochs ends with its steps, maybe within one."""
        if counts_epochs(self.task):
            return None
        return self.task.steps - self.standing.steps

    def _look(self, losses: list[float], busy: float) -> tuple[Row, bool]:
        """Measure the model, and keep its weights where it is the best so far."""
        rate = float(self.optimizer.param_groups[0]["lr"])
        row: Row = {
            "epoch": self.standing.epochs + 1,
            "steps": self.standing.steps + len(losses),
            "train_loss": sum(losses) / len(losses),
            "learning_rate": rate,
        }
        with averaged(self.optimizer) as is_averaged:
            row |= measured(self.task, self.model, VALID)
            metric = row[self.plan.metric]
            is_best = self.plan.better(metric, self._best_metric())
            if is_best:
                self._keep(row)
        if observes(self.optimizer):
            lower = -metric if self.plan.higher_is_better else metric
            self.optimizer.observe(lower)  # type: ignore[attr-defined]
        return row | {"seconds": busy, "averaged": float(is_averaged)}, is_best

    def _keep(self, row: Row) -> None:
        plan = self.plan
        origin = {
            "cell": str(plan.cell["name"]),
            "task": plan.task,
            "data_checksum": plan.checksum,
            "seed": str(plan.seed),
            EPOCH: str(int(row["epoch"])),
            plan.metric: repr(row[plan.metric]),
        }
        write_weights(self.directory.best, self.model, origin, self.directory.how_to_go_on)

    def _best_row(self) -> Row:
        best = self.standing.best_epoch
        return self.standing.rows[best - 1] if best else {}

    def _best_metric(self) -> float | None:
        return self._best_row().get(self.plan.metric)

    def _passed(self) -> float:
        """Seconds since the last time that this was asked."""
        before, self.clock = self.clock, time.perf_counter()
        return self.clock - before

    def on_test(self) -> dict[str, float] | None:
        """The weights of the best epoch on the test data, where they have labels and the run is to
        measure them."""
        if not (self.plan.test and self.task.has_test_labels):
            return None
        read_weights(self.directory.best, self.model)
        return measured(self.task, self.model, TEST)

    def result(self, test: dict[str, float] | None, failure: str | None = None) -> Result:
        """The run as it stands."""
        plan, standing = self.plan, self.standing
        counts = parts(self.model)
        items = self.task.items / self.task.epoch * standing.steps
        row = self._best_row()
        return Result(
            cell=plan.cell,
            layer=plan.layer,
            task=plan.task,
            preset=plan.preset,
            settings=plan.settings,
            seed=plan.seed,
            metric=plan.metric,
            higher_is_better=plan.higher_is_better,
            valid={name: value for name, value in row.items() if name not in OWN_COLUMNS},
            test=test,
            best_epoch=standing.best_epoch,
            epochs=standing.epochs,
            steps=standing.steps,
            parameters=sum(counts.values()),
            parts=counts,
            references=self.task.reference_scores(),
            seconds=standing.seconds + self._passed(),
            items_per_second=items / standing.busy if standing.busy else 0.0,
            hardware=hardware(),
            checksum=plan.checksum,
            failure=failure,
        )


def counts_epochs(task: Task[Any]) -> bool:
    """Whether a task's settings say how many epochs a training has."""
    return hasattr(task.settings, "epochs")


def epochs_of(task: Task[Any]) -> int:
    """Epochs of a whole training, the last of which may be a part of one."""
    return int(task.settings.epochs) if counts_epochs(task) else -(-task.steps // task.epoch)
