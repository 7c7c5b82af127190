"""The data of digits, adding and copy, and what is known about them."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest
import torch
from stand_ins import torch_layer

from fenas_lang import tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.tasks.supervised import Examples, SupervisedTask


def made(name: str, **settings: Any) -> SupervisedTask[Any]:
    task = tasks.task(name, **settings)
    assert isinstance(task, SupervisedTask)
    return task


def drawn(name: str, **settings: Any) -> Examples:
    """One training batch."""
    return next(made(name, **settings).batches(torch.Generator().manual_seed(0)))


def test_digits_are_all_of_scikit_learns_once() -> None:
    from sklearn.datasets import load_digits

    task: Any = made("digits")
    parts = [task.train, task.splits["valid"], task.splits["test"]]
    assert [len(part.y) for part in parts] == [997, 400, 400]
    ours = torch.cat([part.x for part in parts], 1).transpose(0, 1).flatten(1)
    theirs = torch.from_numpy(load_digits().data).float() / 16
    assert sorted(ours.tolist()) == sorted(theirs.tolist())


def test_a_digit_is_read_row_by_row_in_grey_values_up_to_one() -> None:
    from sklearn.datasets import load_digits

    x = made("digits").splits["valid"].x
    images = load_digits().images / 16
    first = x[:, 0].double().numpy()
    assert x.shape == (8, 400, 8) and x.min() == 0 and x.max() == 1
    assert any((image == first).all() for image in images)


def test_the_split_of_digits_never_changes() -> None:
    assert made("digits").splits["valid"].y[:12].tolist() == FIRST_DIGITS


FIRST_DIGITS = [2, 8, 2, 6, 6, 7, 1, 9, 8, 5, 2, 8]


def test_an_epoch_of_digits_shows_every_training_image_once() -> None:
    task: Any = made("digits", epochs=2, batch=100)
    batches = list(task.batches(torch.Generator().manual_seed(0)))
    assert 2 * len(batches) == task.steps == 20
    shown = torch.cat([b.x for b in batches], 1).transpose(0, 1).flatten(1)
    wanted = task.train.x.transpose(0, 1).flatten(1)
    assert sorted(shown.tolist()) == sorted(wanted.tolist())
    again = next(task.batches(torch.Generator().manual_seed(1)))
    assert not torch.equal(batches[0].y, again.y)


def test_the_majority_class_of_digits_is_about_a_tenth() -> None:
    assert made("digits").reference_scores()["majority class"] == pytest.approx(0.1, abs=0.03)


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(FenError, match=r"FEN413.*scikit-learn.*fenas-lang\[tasks\]"):
        tasks.task("digits")


@pytest.mark.parametrize("length", [2, 3, 20, 51])
def test_adding_marks_one_number_in_each_half_and_wants_their_sum(length: int) -> None:
    batch = drawn("adding", length=length, batch=200)
    values, marks = batch.x.unbind(2)
    assert batch.x.shape == (length, 200, 2)
    assert values.min() >= 0 and values.max() < 1
    assert (marks[: length // 2].sum(0) == 1).all() and (marks[length // 2 :].sum(0) == 1).all()
    torch.testing.assert_close((values * marks).sum(0), batch.y)


def test_who_always_says_one_has_an_error_of_a_sixth() -> None:
    reference = made("adding", examples=20_000).reference_scores()["always 1"]
    assert reference == pytest.approx(1 / 6, rel=0.03)


def test_copy_by_example() -> None:
    batch = drawn("copy", delay=3, items=2, batch=5)
    shown, wanted = batch.x.argmax(2)[:, 0].tolist(), batch.y[:, 0].tolist()
    first, second, *rest = shown
    assert max(first, second) < 8
    assert rest == [8, 8, 9, 8, 8]
    assert wanted == [8, 8, 8, 8, 8, first, second]
    assert (batch.x.sum(2) == 1).all()


def test_copy_as_arjovsky_et_al_pose_it() -> None:
    batch = drawn("copy", delay=100, items=10)
    assert batch.x.shape[0] == batch.y.shape[0] == 120
    assert batch.x.argmax(2)[109].unique().tolist() == [9]
    reference = made("copy", delay=100, items=10).reference_scores()["no memory"]
    assert reference == pytest.approx(10 * math.log(8) / 120)


def test_new_examples_for_every_step_and_the_same_ones_for_measuring() -> None:
    for name in ("adding", "copy"):
        task = made(name)
        batches = task.batches(torch.Generator().manual_seed(0))
        assert not torch.equal(next(batches).x, next(batches).x)
        assert torch.equal(made(name).splits["valid"].x, task.splits["valid"].x)
        assert not torch.equal(task.splits["valid"].x, task.splits["test"].x)
        assert made(name, examples=7).checksum != task.checksum


class Oracle:
    """Gives the answer, as the model's output would."""

    def __init__(self, task: SupervisedTask[Any], split: str):
        self.task, self.left = task, task.splits[split]
        self.done = 0

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        rows = slice(self.done, self.done + x.shape[1])
        self.done += x.shape[1]
        if self.task.name == "adding":
            return self.left.y[rows].unsqueeze(1)
        y = self.left.y[..., rows]
        return 100 * torch.nn.functional.one_hot(y, self.task.output_size).float()


@pytest.mark.parametrize("name, perfect", [("digits", 1.0), ("adding", 0.0), ("copy", 0.0)])
def test_the_right_answers_get_the_best_metric(name: str, perfect: float) -> None:
    """In parts of 512 too: a part that is left over counts by its size."""
    task = made(name, **({} if name == "digits" else {"examples": 700}))
    found = task.measure(Oracle(task, "valid"), "valid")  # type: ignore[arg-type]
    assert found[task.metric] == pytest.approx(perfect, abs=1e-6)


def test_metrics_are_over_the_whole_split_not_means_of_parts() -> None:
    """512 right and 88 wrong answers are 0.853 right, though the mean of the parts is a half."""
    task: Any = made("copy", examples=600, items=1, delay=1)
    right = Oracle(task, "valid")

    def half(x: torch.Tensor) -> torch.Tensor:
        answer = right(x)
        return answer if x.shape[1] == 512 else -answer

    assert task.measure(half, "valid")["valid_recall"] == pytest.approx(512 / 600)


@pytest.mark.parametrize(
    "name, settings, factor",
    [
        ("digits", {"epochs": 5}, 5.0),
        ("adding", {"steps": 300, "length": 8}, 0.5),
        ("copy", {"steps": 300, "delay": 2, "items": 2}, 0.5),
    ],
)
def test_a_gru_learns_it(name: str, settings: dict[str, Any], factor: float) -> None:
    task = made(name, **settings)
    outcome = task.evaluate("GRU", seed=0, build=torch_layer)
    (reference,) = task.reference_scores().values()
    assert outcome.metric is not None
    assert (outcome.metric > factor * reference) == task.higher_is_better
