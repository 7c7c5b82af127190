"""Looks at a training change nothing of it, and end it where they should."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stand_ins import torch_layer

from fenas_lang import tasks
from fenas_lang.tasks.base import Task
from fenas_lang.tasks.outcome import Outcome
from fenas_lang.tasks.schedule import Rung, Schedule

SMALL: dict[str, dict[str, Any]] = {
    "adding": {"steps": 8, "examples": 64, "length": 6},
    "copy": {"steps": 8, "examples": 64, "delay": 2, "items": 2},
    "digits": {"epochs": 4, "batch": 250},
    "lm": {"epochs": 4, "batch": 4, "window": 40, "valid_batch": 3, "dropout": 0},
}


@pytest.fixture(params=SMALL)
def task(request: pytest.FixtureRequest, corpus: Path) -> Task[Any]:
    name = request.param
    return tasks.task(name, corpus if name == "lm" else None, hidden=7, **SMALL[name])


def evaluate(task: Task[Any], *rungs: Rung, patience: int | None = None) -> Outcome:
    schedule = Schedule(rungs, patience)
    return task.evaluate("GRU", seed=0, build=torch_layer, schedule=schedule)


def after(task: Task[Any], epochs: int) -> Outcome:
    steps = epochs * task.epoch
    return task.evaluate("GRU", seed=0, build=torch_layer, deadline_steps=steps)


def test_a_training_has_four_epochs(task: Task[Any]) -> None:
    assert task.steps == 4 * task.epoch


def test_looking_changes_nothing(task: Task[Any]) -> None:
    looked = evaluate(task, Rung(1), Rung(2), Rung(4))
    assert looked.metrics == after(task, 4).metrics
    assert [(r["epochs"], r["score"]) for r in looked.rungs] == [
        (epochs, after(task, epochs).score) for epochs in (1, 2, 4)
    ]


def test_under_a_cutoff_it_ends_with_what_it_has(task: Task[Any]) -> None:
    at_two = after(task, 2)
    assert at_two.score is not None
    stopped = evaluate(task, Rung(1), Rung(2, at_two.score + 1e-6), Rung(4))
    assert (stopped.steps, stopped.metrics) == (at_two.steps, at_two.metrics)
    went_on = evaluate(task, Rung(1), Rung(2, at_two.score), Rung(4))
    assert went_on.steps == task.steps


def test_the_last_rung_is_the_end(task: Task[Any]) -> None:
    outcome = evaluate(task, Rung(1), Rung(3))
    assert outcome.metrics == after(task, 3).metrics


def test_patience_takes_back_the_best_epoch(task: Task[Any]) -> None:
    scores = [after(task, epochs).score for epochs in range(1, 5)]
    patient = evaluate(task, patience=4)
    assert patient.score == max(score for score in scores if score is not None)


def test_without_patience_the_first_worse_epoch_ends_it() -> None:
    task = tasks.task("digits", hidden=4, epochs=30, learning_rate=1.0, batch=500)
    outcome = evaluate(task, patience=1)
    scores = [after(task, epochs).score for epochs in range(1, outcome.steps // task.epoch + 1)]
    assert outcome.steps < task.steps
    rising = [s for s in scores[:-1] if s is not None]
    assert rising == sorted(set(rising)) and outcome.score == rising[-1]
    assert scores[-1] is not None and scores[-1] <= rising[-1]
