"""A task's pass over the data, and the task that trains on its validation data."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fenas_lang import tasks
from fenas_lang.tasks.base import VALID


def test_a_pass_is_one_epoch() -> None:
    pytest.importorskip("sklearn")
    task = tasks.task("digits", epochs=3)
    assert task.one_pass().steps * 3 == task.steps
    assert task.settings.epochs == 3


def test_digits_holds_out_its_validation_images() -> None:
    pytest.importorskip("sklearn")
    task = tasks.task("digits", epochs=1)
    held = task.held_out()
    batches = list(held.batches(torch.Generator().manual_seed(0)))  # type: ignore[attr-defined]
    assert sum(len(batch.y) for batch in batches) == len(task.splits[VALID].y)  # type: ignore[attr-defined]
    assert held.steps < task.steps


def test_text_held_out_is_cut_into_fewer_streams_where_it_is_short(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("a b c d\n" * 40)
    (tmp_path / "valid.txt").write_text("a b c\n" * 2)
    (tmp_path / "test.txt").write_text("a b\n")
    task = tasks.task("lm", tmp_path, batch=16, hidden=4)
    held = task.held_out()
    assert held.settings.batch == 4 and task.settings.batch == 16
    assert held.one_pass().steps == 1


def test_where_examples_are_made_anew_nothing_is_held_out() -> None:
    task = tasks.task("adding", steps=3)
    assert task.held_out() is task and task.one_pass().steps == 3
