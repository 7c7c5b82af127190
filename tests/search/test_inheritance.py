"""Weights go from parent to child, exactly, and no further."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from simulated import Simulated
from test_strategy_conformance import settings

from fenas_lang.check.loader import loads
from fenas_lang.diagnostics import FenError
from fenas_lang.search.inheritance import Inheritance, folder_of, unchanged_nodes
from fenas_lang.search.messages import Job
from fenas_lang.search.store import Store
from fenas_lang.search.strategy import Individual
from fenas_lang.search.study import evolve, resume
from fenas_lang.search.trial import HIT, SEARCH, Trial

CELL = loads("cell A(x, h) -> b { a = tanh(@x, @h); b = tanh(@a) }")
CHILD = loads("cell A(x, h) -> b { a = tanh(@x, @h); n = relu(@h); b = relu(@a) }")
RUN: dict[str, Any] = {
    "settings": {"steps": 4, "examples": 64, "length": 4, "hidden": 4},
    "inherit": True,
    "fidelity": (1, 2),
    "eta": 2,
    "patience": 2,
    "proxy": "hidden_covariance",
    "candidates": 2,
    "population": 4,
    "sample": 2,
    "cycles": 12,
    "nodes": 4,
    "repeats": 1,
}


def individual(number: int) -> Individual:
    return Individual(number, str(CELL), 1.0)


def job(number: int) -> Job:
    return Job(SEARCH, number, CHILD, 0)


def test_unchanged_nodes_have_the_parents_right_hand_side() -> None:
    assert unchanged_nodes(CELL, CHILD) == ("a",)
    assert unchanged_nodes(CELL, CELL) == ("a", "b")


def test_a_child_of_the_living_begins_with_its_parent(tmp_path: Path) -> None:
    inheritance = Inheritance(tmp_path / "w")
    lent = inheritance.lent(job(7), (3,), [individual(2), individual(3)])
    assert (lent.parent, lent.kept) == (str(tmp_path / "w/3.pt"), str(tmp_path / "w/7.pt"))
    assert lent.unchanged == ("a",)
    assert inheritance.lent(job(8), (1,), [individual(2)]).parent is None


def test_only_files_that_may_be_needed_stay(tmp_path: Path) -> None:
    inheritance = Inheritance(tmp_path)
    for number in (1, 2, 3, 4):
        (tmp_path / f"{number}.pt").touch()
    living = [individual(1), individual(2)]
    inheritance.lent(job(4), (1,), living)
    inheritance.lent(job(5), (2,), living)
    inheritance.tell(99, [])
    assert len(list(tmp_path.iterdir())) == 4
    inheritance.tell(4, [individual(4)])
    assert sorted(file.stem for file in tmp_path.iterdir()) == ["2", "4"]
    inheritance.clear()
    assert not tmp_path.exists()


def trials(path: Path) -> list[Trial]:
    with Store.open(path) as opened:
        return opened.trials()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inherit") / "run.db"
    evolve(["LSTM"], "adding", store=path, **RUN)
    return path


def check_inherited(found: list[Trial]) -> None:
    """Children inherit, the first population and the trainings at the end do not."""
    for trial in found:
        inherited = trial.measured.facts.get("inherited", 0)
        assert (inherited > 0) == (trial.phase == SEARCH and bool(trial.parents))
    assert any(trial.phase == SEARCH and trial.parents for trial in found)


def test_children_inherit_and_the_first_population_does_not(store: Path) -> None:
    check_inherited(trials(store))


@pytest.mark.parametrize("strategy", ["local", "nsga2"])
def test_children_inherit_under_every_strategy_that_breeds(strategy: str, tmp_path: Path) -> None:
    told = {**RUN, "fidelity": (), "proxy": None, "patience": None, "strategy": strategy}
    evolve(["LSTM"], "adding", store=tmp_path / "run.db", **told)
    check_inherited(trials(tmp_path / "run.db"))


@pytest.mark.parametrize("strategy", ["aging", "elitist", "local", "nsga2"])
def test_the_weights_of_every_future_parent_are_kept(strategy: str, tmp_path: Path) -> None:
    """A strategy that breeds names a parent before its first child is asked for, and at that."""
    told = {"population": 4, "sample": 2, "cycles": 30, "profile": "paper"}
    simulated = Simulated(settings(strategy, **told))
    named = set[int]()
    while len(simulated.trials) < 34:
        (trial,) = simulated.run(len(simulated.trials) + 1)[-1:]
        assert set(trial.parents) <= named
        now = {one.number for one in simulated.phase._living}
        named = (named & now) | (now & {trial.number})


def test_no_child_is_lent_a_score_and_no_file_is_left(store: Path) -> None:
    assert not [trial for trial in trials(store) if trial.outcome == HIT]
    assert not store.with_name("run.db.weights").exists()


SCRIPT = """
from fenas_lang.search.study import evolve
evolve(["LSTM"], "adding", store={path!r}, **{run!r})
"""


def test_killed_and_resumed_the_trace_is_the_same(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    script = SCRIPT.format(path=str(path), run=RUN)
    process = subprocess.Popen([sys.executable, "-c", script])
    while process.poll() is None and not _has(path, 8):
        time.sleep(0.01)
    process.kill()
    process.wait()
    resume(path)
    assert [trial.trace for trial in trials(path)] == [trial.trace for trial in trials(store)]


def _has(path: Path, least: int) -> bool:
    try:
        return len(trials(path)) >= least
    except FenError:
        return False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "paper"}, "the paper trains every child from new weights"),
        ({"strategy": "random"}, "a strategy that breeds no children"),
        ({"store": "postgresql://nowhere/runs"}, "or the store a file"),
    ],
)
def test_where_nothing_can_be_inherited(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    given = {"store": tmp_path / "run.db", **RUN, **options}
    with pytest.raises(FenError, match=rf"FEN522.*{message}"):
        evolve(["LSTM"], "adding", **given)


def test_the_folder_is_beside_the_store() -> None:
    assert folder_of("runs/a.db") == Path("runs/a.db.weights").absolute()
    assert folder_of("postgresql://localhost/runs") is None
