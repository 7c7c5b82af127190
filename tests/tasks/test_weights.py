"""What a child takes over from its parent, and what not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from fenas_lang import tasks
from fenas_lang.check.loader import loads
from fenas_lang.tasks.base import Task
from fenas_lang.tasks.weights import Weights, node_of

CELL = loads("cell A(x, h) -> b { a = tanh(@x, @h); b = tanh(@a) }")
NODES = ("a", "b")


@pytest.fixture(scope="module")
def task() -> Task[Any]:
    return tasks.task("adding", hidden=5, steps=3, examples=20)


def parent(task: Task[Any], folder: Path) -> tuple[Path, float]:
    """A trained cell's file, and its score."""
    file = folder / "0.pt"
    outcome = task.evaluate(CELL, seed=1, weights=Weights(kept=file))
    assert outcome.score is not None
    return file, outcome.score


def begun(task: Task[Any], weights: Weights) -> Any:
    """Measured before the first step."""
    return task.evaluate(CELL, seed=2, deadline_steps=0, weights=weights)


def test_an_equal_child_begins_where_its_parent_ended(task: Task[Any], tmp_path: Path) -> None:
    file, score = parent(task, tmp_path)
    outcome = begun(task, Weights(file, NODES))
    assert (outcome.score, outcome.inherited) == (score, outcome.parameters)
    assert [f.name for f in tmp_path.iterdir()] == ["0.pt"]


def test_only_unchanged_nodes_are_taken_over(task: Task[Any], tmp_path: Path) -> None:
    file, score = parent(task, tmp_path)
    outcome = begun(task, Weights(file, ("a",)))
    new = 5 * 5 + 5
    assert outcome.inherited == outcome.parameters - new and outcome.score != score


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_without_a_readable_file_all_is_new(
    content: bytes | None, task: Task[Any], tmp_path: Path
) -> None:
    file = tmp_path / "0.pt"
    if content is not None:
        file.write_bytes(content)
    outcome = begun(task, Weights(file, NODES))
    assert (outcome.inherited, outcome.score) == (0, begun(task, Weights()).score)


def test_other_sizes_are_not_taken_over(task: Task[Any], tmp_path: Path) -> None:
    file, _ = parent(task, tmp_path)
    values = torch.load(file, weights_only=True)
    torch.save({name: value[:1] for name, value in values.items()}, file)
    readout_of_one_row = 5 + 1
    assert begun(task, Weights(file, NODES)).inherited == readout_of_one_row


def test_the_node_of_a_parameter() -> None:
    names = ("layer.edge__i__x", "layer.edge__n_1__bias", "layer.edge__l0__reverse__i__x")
    assert [node_of(name) for name in names] == ["i", "n_1", "i"]
    assert node_of("layer.edge__l0__x") == "l0" and node_of("layer.scale") is None
