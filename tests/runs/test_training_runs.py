"""A run: the training of `Task.evaluate`, written down so that it goes on as if never stopped."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from made_up_tasks import SMALL
from safetensors.torch import load_file

import fenas_lang
from fenas_lang import runs, tasks
from fenas_lang.engine.threads import torch_threads
from fenas_lang.runs.checkpoint import Standing
from fenas_lang.runs.directory import Row
from fenas_lang.runs.listener import Listener
from fenas_lang.spaces.reader import load_space
from fenas_lang.tasks.schedule import Schedule

pytest.importorskip("sklearn")


def rows(directory: Path) -> list[dict[str, str]]:
    """`epochs.csv` without what differs from run to run."""
    with (directory / "epochs.csv").open(encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def written(directory: Path, name: str) -> Any:
    return json.loads((directory / name).read_text("utf-8"))


def same_weights(a: Path, b: Path) -> bool:
    one, other = (load_file(directory / "best.safetensors") for directory in (a, b))
    return one.keys() == other.keys() and all(torch.equal(one[n], other[n]) for n in one)


class Stop(Listener):
    """Ends a run as Ctrl-C would: in the middle of an epoch, after so many whole ones."""

    def __init__(self, epochs: int):
        self.left = epochs

    def step(self, step: int, loss: float) -> None:
        if not self.left and step == 2:
            raise KeyboardInterrupt

    def epoch(self, row: Row, standing: Standing) -> None:
        self.left -= 1


def data_of(name: str, corpus: Path) -> Path | None:
    return corpus if name == "lm" else None


@pytest.mark.parametrize("name", SMALL)
def test_it_is_the_training_of_evaluate(name: str, tmp_path: Path, corpus: Path) -> None:
    data = data_of(name, corpus)
    result = runs.train("GRU", name, tmp_path / "run", data=data, settings=SMALL[name], seed=3)
    task = tasks.task(name, data, **SMALL[name])
    with torch_threads(1):
        last = task.evaluate("GRU", seed=3)
        best = task.evaluate("GRU", seed=3, test=True, schedule=Schedule(patience=100))
    assert float(rows(tmp_path / "run")[-1][task.metric]) == last.metric
    assert result.steps == last.steps == task.steps
    assert (result.parameters, result.parts) == (last.parameters, last.parts)
    if task.steps % task.epoch == 0:  # else `evaluate` does not look at the last part of an epoch
        assert {**result.valid, **(result.test or {})} == best.metrics


@pytest.mark.parametrize("name", SMALL)
def test_interrupted_and_gone_on_with_it_is_the_same(
    name: str, tmp_path: Path, corpus: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    told: dict[str, Any] = {"data": data_of(name, corpus), "settings": SMALL[name]}
    expected = runs.train("LSTM", name, whole, **told)
    with pytest.raises(KeyboardInterrupt):
        runs.train("LSTM", name, broken, listener=Stop(1), **told)
    assert len(rows(broken)) == 1 and not (broken / "result.json").exists()
    found = runs.resume(broken)
    assert rows(broken) == rows(whole)
    assert same_weights(broken, whole)
    assert (found.valid, found.test) == (expected.valid, expected.test)


def test_the_directory_says_what_it_is(tmp_path: Path) -> None:
    place = tmp_path / "run"
    settings = {"epochs": "2", "hidden": 4, "batch": 200}
    result = runs.train("LSTM", "digits", place, settings=settings, test=False)
    assert sorted(file.name for file in place.iterdir()) == [
        *("best.safetensors", "cell.fen", "epochs.csv", "last.pt", "result.json", "run.json")
    ]
    assert written(place, "result.json") == json.loads(json.dumps(result.as_json()))
    plan = written(place, "run.json")
    assert plan["version"] == 1 and plan["cell"] == {
        "name": "LSTM",
        "key": fenas_lang.canonical_key("LSTM"),
    }
    assert plan["settings"] == vars(tasks.task("digits", **settings).settings)
    assert fenas_lang.load(place / "cell.fen") == fenas_lang.load("LSTM")
    assert result.test is None and result.failure is None
    assert result.references["majority class"] < 0.2
    assert result.items_per_second > 0 and result.seconds > 0


def test_a_finished_run_is_not_trained_again(tmp_path: Path) -> None:
    result = fenas_lang.train("RNN", "digits", tmp_path / "run", settings=SMALL["digits"])
    assert runs.resume(tmp_path / "run", listener=Stop(0)) == result


def test_patience_ends_it_and_the_best_epoch_counts(tmp_path: Path) -> None:
    settings = {"epochs": 30, "hidden": 6, "batch": 100, "learning_rate": 0.1}
    result = runs.train("RNN", "digits", tmp_path / "run", settings=settings, patience=2)
    found = [float(row["valid_accuracy"]) for row in rows(tmp_path / "run")]
    assert result.epochs == len(found) == result.best_epoch + 2 < 30
    assert result.best == max(found) == found[result.best_epoch - 1]
    measured = runs.evaluate(tmp_path / "run")
    assert measured.metrics == result.valid and measured.best_epoch == result.best_epoch
    assert runs.evaluate(tmp_path / "run", "test").metrics == result.test


def test_an_optimizer_that_averages_is_measured_with_its_averages(tmp_path: Path) -> None:
    name, place = "made_up_tasks:Averaging", tmp_path / "run"
    settings = {"epochs": 4, "learning_rate": 2.0, "hidden": 6}
    result = runs.train("LSTM", name, place, settings=settings)
    found = rows(place)
    assert [row["averaged"] for row in found] == ["0", "1", "1", "1"]
    assert [float(row["learning_rate"]) for row in found] == [2.0, 1.0, 0.5, 0.25]
    assert runs.evaluate(place).metrics == result.valid
    optimizer = torch.load(place / "last.pt", weights_only=True)["optimizer"]
    assert optimizer["told"] == [-float(row["valid_accuracy"]) for row in found]

    broken = tmp_path / "broken"
    with pytest.raises(KeyboardInterrupt):
        runs.train("LSTM", name, broken, settings=settings, listener=Stop(2))
    assert runs.resume(broken).valid == result.valid
    assert rows(broken) == found and same_weights(broken, place)


def test_a_language_model_averages_and_goes_on(tmp_path: Path, corpus: Path) -> None:
    settings = {**SMALL["lm"], "epochs": 6, "optimizer": "sgd", "average_after": 1}
    settings |= {"learning_rate": 60.0, "windows": "drawn", "dropout": 0.1}
    told: dict[str, Any] = {"data": corpus, "settings": settings}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    expected = runs.train("LSTM", "lm", whole, **told)
    with pytest.raises(KeyboardInterrupt):
        runs.train("LSTM", "lm", broken, listener=Stop(5), **told)
    assert runs.resume(broken).valid == expected.valid
    assert rows(broken) == rows(whole) and rows(whole)[-1]["averaged"] == "1"
    assert same_weights(broken, whole)
    assert runs.evaluate(whole).metrics == expected.valid


def test_a_preset_changes_defaults_and_is_changed_by_settings(tmp_path: Path) -> None:
    result = runs.train(
        "LSTM", "made_up_tasks:Averaging", tmp_path / "run", preset="small", settings={"epochs": 1}
    )
    assert result.preset == "small" and result.epochs == 1
    assert result.settings["hidden"] == 3 and result.settings["learning_rate"] == 1.0


def test_a_cell_of_a_space_of_its_own_goes_with_its_space(tmp_path: Path) -> None:
    space = load_space("open").source
    assert space is not None
    (tmp_path / "mine.space").write_text(space.text.replace("space open", "space mine"))
    cell = "cell Mine in mine (x, h_prev) -> h { h = tanh(@x, @h_prev) }\n"
    (tmp_path / "mine.fen").write_text(cell)
    place = tmp_path / "run"
    runs.train(tmp_path / "mine.fen", "digits", place, settings=SMALL["digits"])
    for name in ("mine.space", "mine.fen"):
        (tmp_path / name).unlink()
    assert runs.evaluate(place).metrics == runs.resume(place).valid


def test_the_global_generator_and_the_threads_are_left_alone(tmp_path: Path) -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    runs.train("torch.nn.GRU", "digits", tmp_path / "run", settings=SMALL["digits"], threads=2)
    runs.evaluate(tmp_path / "run")
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == threads


def test_predictions_and_the_model_of_one_class(tmp_path: Path) -> None:
    place = tmp_path / "run"
    runs.train("RNN", "made_up_tasks:Answering", place, settings=SMALL["adding"])
    found = runs.predict(place, "valid")
    assert len(found.answers) == 60 and set(found.answers) <= {"big", "small"}
    assert found.text.splitlines()[:2] == ["index\tprediction", f"0\t{found.answers[0]}"]
    assert runs.evaluate(place).one_class is True
