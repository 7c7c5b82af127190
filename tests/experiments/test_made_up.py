"""Made-up data are in the official formats, always the same, and can be learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

from fenas_lang import tasks
from fenas_lang.experiments import made_up
from fenas_lang.experiments.data import checksum
from fenas_lang.experiments.recipe import GLUE
from fenas_lang.tasks.language_model import load_corpus


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    made_up.write(made)
    return made


def test_they_are_always_the_same(folder: Path, tmp_path: Path) -> None:
    made_up.write(tmp_path)
    assert checksum([tmp_path]) == checksum([folder])


def test_the_text_is_a_corpus(folder: Path) -> None:
    found = load_corpus(folder / "ptb")
    assert len(found.train) > 5 * len(found.valid) > 1000
    assert 50 < len(found.vocabulary) < 120


def test_verbs_agree_across_a_clause(folder: Path) -> None:
    """What a unigram cannot know: after `dogs that the cat helps` the verb is plural."""
    one, many = ((*made_up.VERBS[n], *made_up.STATES[n]) for n in ("one", "many"))
    for line in (folder / "ptb" / "train.txt").read_text("utf-8").splitlines():
        words = line.split()
        subject = words[1 + (words[1] in made_up.ADJECTIVES)]
        number = one if subject in made_up.NOUNS["one"] else many
        verbs = [word for word in words if word in one or word in many]
        assert verbs[1 if "that" in words else 0] in number


@pytest.mark.parametrize("name", GLUE)
def test_each_task_of_glue_reads_its_own(folder: Path, name: str) -> None:
    task = tasks.task(name, folder / "glue", vectors="none")
    assert len(task.train) == made_up.ROWS["train"]
    assert task.facts == ()
    assert {"valid", "test"} <= set(task.splits)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sst2", "mrpc"])
def test_a_small_model_learns_the_labels(folder: Path, name: str) -> None:
    settings = {"hidden": 12, "epochs": 12, "batch": 16, "learning_rate": 0.01, "embedding": 16}
    task = tasks.task(name, folder / "glue", vectors="none", **settings)
    outcome = task.evaluate("LSTM", seed=0)
    (majority,) = task.reference_scores().values()
    assert outcome.metric is not None and outcome.metric > majority + 0.1
