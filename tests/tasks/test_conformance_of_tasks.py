"""What every task must do, whatever it is about."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from stand_ins import faulty_layer, torch_layer
from torch import Tensor

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.tasks.base import Task
from fenas_lang.tasks.outcome import (
    EXCEPTION,
    NOT_FINITE,
    OUT_OF_MEMORY,
    TIME_LIMIT,
    Outcome,
    Progress,
)

SMALL: dict[str, dict[str, Any]] = {
    "adding": {"steps": 4, "examples": 20, "length": 6},
    "copy": {"steps": 4, "examples": 20, "delay": 2, "items": 2},
    "digits": {"epochs": 1, "batch": 250},
    "lm": {"epochs": 2, "batch": 4, "window": 40, "valid_batch": 3, "dropout": 0},
}
GLUE = ("cola", "mnli", "mrpc", "qnli", "qqp", "rte", "sst2", "stsb", "wnli")
SMALL |= {name: {"epochs": 2, "batch": 12, "embedding": 5} for name in GLUE}


TRAINED = [name for name in tasks.names() if issubclass(tasks.kind(name), Task)]
"""All but those that look scores up."""


@pytest.fixture(params=TRAINED)
def task(request: pytest.FixtureRequest, corpus: Path, glue: Path) -> Task[Any]:
    name = request.param
    return tasks.task(name, data_of(name, corpus, glue), hidden=7, **SMALL[name])


def data_of(name: str, corpus: Path, glue: Path) -> Path | None:
    return glue if name in GLUE else corpus if name == "lm" else None


def evaluate(task: Task[Any], seed: int = 0, **arguments: Any) -> Outcome:
    return task.evaluate("GRU", seed=seed, build=torch_layer, **arguments)


def results(outcome: Outcome) -> dict[str, Any]:
    """All that must not change from run to run."""
    return dataclasses.asdict(dataclasses.replace(outcome, seconds=0.0))


def test_its_name_is_its_files() -> None:
    for name in tasks.names():
        kind = tasks.kind(name)
        assert kind.name == name
        assert kind.__module__ == f"fenas_lang.tasks.{name}"
        assert kind.__doc__


def test_they_are_all_there() -> None:
    assert {"adding", "copy", "digits", "lm", *GLUE} <= set(tasks.names())


def test_an_unknown_task_is_recognised() -> None:
    with pytest.raises(FenError, match=r"FEN400.*did you mean `digits`") as error:
        tasks.task("Digit")
    assert ", ".join(tasks.names()) in str(error.value)


@pytest.mark.parametrize("name", ["base", "lookup", "models", "settings", "_x", "", "../copy"])
def test_other_files_are_no_tasks(name: str) -> None:
    with pytest.raises(FenError, match="FEN400"):
        tasks.task(name)


def test_an_outcome_states_metric_score_and_circumstances(task: Task[Any]) -> None:
    outcome = evaluate(task)
    assert outcome.failure is None, outcome.log
    assert outcome.metric == outcome.metrics[task.metric]
    assert outcome.score == (outcome.metric if task.higher_is_better else -outcome.metric)
    assert outcome.steps == task.steps
    assert outcome.seconds > 0
    assert torch.__version__ in outcome.hardware and "threads" in outcome.hardware
    assert (outcome.task, outcome.seed) == (task.name, 0)
    assert outcome.parameters == sum(outcome.parts.values())
    json.dumps(dataclasses.asdict(outcome))


def test_one_seed_gives_one_result(task: Task[Any]) -> None:
    torch.manual_seed(1)
    first = evaluate(task, seed=3)
    torch.manual_seed(2)
    assert results(evaluate(task, seed=3)) == results(first)


def test_another_seed_gives_another_result(task: Task[Any]) -> None:
    assert evaluate(task, seed=1).metrics != evaluate(task, seed=2).metrics


def test_the_global_generator_is_left_alone(task: Task[Any]) -> None:
    before = torch.get_rng_state()
    evaluate(task)
    assert torch.equal(torch.get_rng_state(), before)


def test_all_cells_get_the_same_data_and_the_same_network_around_them(task: Task[Any]) -> None:
    def first_input(cell: str) -> Tensor:
        seen: list[Tensor] = []

        def build(name: str, **sizes: Any) -> torch.nn.Module:
            layer = torch_layer(name, **sizes)
            layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].data.clone()))
            return layer

        task.evaluate(cell, seed=5, build=build, deadline_steps=1)
        return seen[0]

    assert torch.equal(first_input("GRU"), first_input("LSTM"))


def test_a_deadline_in_steps_ends_training_early(task: Task[Any]) -> None:
    outcome = evaluate(task, deadline_steps=1)
    assert outcome.failure is None and outcome.steps == 1
    assert evaluate(task, deadline_steps=10**9).steps == task.steps
    assert evaluate(task, deadline_steps=0).steps == 0


def test_progress_is_told_after_every_step(task: Task[Any]) -> None:
    told: list[Progress] = []
    evaluate(task, progress=told.append)
    assert [p.step for p in told] == list(range(1, task.steps + 1))
    assert all(p.steps == task.steps and p.loss > 0 for p in told)


def test_what_progress_raises_is_passed_on(task: Task[Any]) -> None:
    def stop(_: Progress) -> None:
        raise KeyError("stop")

    before = torch.get_rng_state()
    with pytest.raises(KeyError, match="stop"):
        evaluate(task, progress=stop)
    assert torch.equal(torch.get_rng_state(), before)


def test_only_who_asks_sees_the_test_data(task: Task[Any]) -> None:
    plain, tested = evaluate(task), evaluate(task, test=True)
    assert not any(name.startswith("test") for name in plain.metrics)
    assert (task.metric.replace("valid", "test") in tested.metrics) == task.has_test_labels
    assert tested.metric == plain.metric


def test_it_can_be_sent_to_a_worker(task: Task[Any]) -> None:
    copy = pickle.loads(pickle.dumps(task))
    assert copy.checksum == task.checksum and len(task.checksum) == 64
    assert results(evaluate(copy)) == results(evaluate(task))


def test_the_checksum_is_the_datas_alone(task: Task[Any], corpus: Path, glue: Path) -> None:
    data = data_of(task.name, corpus, glue)
    again = tasks.task(task.name, data, **SMALL[task.name] | {"hidden": 9})
    assert again.checksum == task.checksum


def test_references_are_in_the_metrics_unit(task: Task[Any]) -> None:
    references = task.reference_scores()
    assert references and all(value >= 0 for value in references.values())


def explode(x: Tensor) -> Tensor:
    return x * torch.inf


def no_number(x: Tensor) -> Tensor:
    return x * torch.nan


def fault(x: Tensor) -> Tensor:
    raise RuntimeError("the cell broke")


def greedy(x: Tensor) -> Tensor:
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


@pytest.mark.parametrize(
    "does, reason, said",
    [
        (explode, NOT_FINITE, "training loss"),
        (no_number, NOT_FINITE, "training loss is nan"),
        (fault, EXCEPTION, "the cell broke"),
        (greedy, OUT_OF_MEMORY, "allocate"),
    ],
)
def test_a_failing_cell_is_an_outcome_with_a_reason(
    task: Task[Any], does: Callable[[Tensor], Tensor], reason: str, said: str
) -> None:
    outcome = task.evaluate(does, seed=0, build=faulty_layer)
    assert outcome.failure == reason
    assert said in outcome.log
    assert outcome.metric is None and outcome.score is None and not outcome.metrics
    assert outcome.steps == 0


def test_a_layer_that_cannot_be_built_is_an_outcome_too(task: Task[Any]) -> None:
    outcome = task.evaluate("NoSuchCell", seed=0, build=torch_layer)
    assert outcome.failure == EXCEPTION and "NoSuchCell" in outcome.log


def test_what_goes_wrong_in_validation_fails_too(task: Task[Any]) -> None:
    def late(x: Tensor) -> Tensor:
        return x if torch.is_grad_enabled() else x * torch.nan

    outcome = task.evaluate(late, seed=0, build=faulty_layer)
    assert outcome.failure == NOT_FINITE and "valid" in outcome.log
    assert outcome.steps == task.steps


def test_a_limit_in_seconds_is_a_failure(task: Task[Any]) -> None:
    outcome = evaluate(task, seconds=0.0)
    assert outcome.failure == TIME_LIMIT
    assert f"1 of {task.steps} steps" in outcome.log


def test_a_projection_is_put_where_sizes_differ_and_counted(task: Task[Any]) -> None:
    built: dict[str, int] = {}

    def build(cell: str, **sizes: int) -> torch.nn.Module:
        built.update(sizes)
        return torch_layer(cell, **sizes)

    outcome = task.evaluate("GRU", seed=0, build=build)
    assert built["input_size"] == built["hidden_size"] == 7
    if task.name != "lm":
        size = 5 if task.name in GLUE else task.input_size  # type: ignore[attr-defined]
        assert outcome.parts["input_projection"] == 7 * size + 7
    layers = 4 if task.name in GLUE else 1  # two in both directions
    assert outcome.parts["layer"] == layers * 3 * (2 * 7 * 7 + 2 * 7)


@pytest.mark.parametrize("name", [name for name in TRAINED if name not in ("lm", *GLUE)])
def test_a_task_without_data_takes_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(FenError, match="FEN405"):
        tasks.task(name, tmp_path)


def test_listing_tasks_is_light() -> None:
    code = "import sys, fenas_lang.tasks as t; t.names(); print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
