"""The atlas: which cells it has, that it is made and gone on with, and what is read from it."""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import fenas_lang as fen
from fenas_lang.atlas.cells import all_cells
from fenas_lang.atlas.figures import csv_text, figures, text
from fenas_lang.atlas.make import make, plan, resume
from fenas_lang.check.check import check_text
from fenas_lang.diagnostics import FenError
from fenas_lang.search.mutation import mutate
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space
from fenas_lang.tasks.atlas_file import AtlasFile, Trained

ROOT = Path(__file__).parents[2]
ATLAS = load_space("atlas")
TINY: dict[str, Any] = {"nodes": 1, "seeds": 2, "steps": 2}
KEEPING = {"operation": 1.0, "rewire": 1.0, "weighting": 1.0, "output": 1.0, "swap": 1.0}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("atlas") / "atlas.db"
    make(path, plan(**TINY))
    return path


def contents(path: Path) -> dict[int, Any]:
    with AtlasFile.open(path) as atlas:
        return {number: found.metrics for number, found in atlas.trained().items()}


def test_every_cell_is_there_once_and_in_order() -> None:
    cells = all_cells(ATLAS, 2)
    assert [cell.number for cell in cells] == list(range(342))
    assert [cell.live_nodes for cell in cells] == [1] * 18 + [2] * 324
    assert len({cell.key for cell in cells}) == 342
    for cell in cells[::7]:
        assert check_text(cell.source) == []
        assert fen.canonical_key(fen.loads(cell.source)) == cell.key
        assert len(fen.loads(cell.source).nodes) == cell.live_nodes


def test_it_is_closed_under_mutations_that_keep_the_number_of_nodes() -> None:
    keys = {cell.key for cell in all_cells(ATLAS, 2)}
    rng = random.Random(0)
    for seed in range(20):
        cell = fen.sample("atlas", nodes=2, seed=seed)
        for _ in range(10):
            mutation = mutate(cell, ATLAS, rng, RULES["last"], KEEPING)
            assert mutation is not None
            cell = mutation.cell
            assert fen.canonical_key(cell) in keys


@pytest.mark.slow
def test_the_stated_count() -> None:
    assert len(all_cells(ATLAS, 3)) == 9126


def test_all_is_trained(made: Path) -> None:
    found = figures(made)
    assert (found.cells, found.trained, found.trainings) == (18, 18, 18 * 2 * 2)
    assert found.failed == 0 and found.hours_left == 0
    said = text(found, made)
    assert "18 of 18 cells trained" in said and "steps 2" in said
    losses = [loss for _, loss, _ in found.best]
    assert losses == sorted(losses) and len(losses) == 5


def test_a_training_is_that_of_the_task_itself(made: Path) -> None:
    from fenas_lang import tasks

    with AtlasFile.open(made) as atlas:
        cell, told = atlas.cells()[3], atlas.plan.tasks
    for name, settings in told.items():
        task = tasks.task(name, None, **settings)
        alone = [task.evaluate(fen.loads(cell.source), seed=seed).metric for seed in range(2)]
        assert contents(made)[3][name] == pytest.approx(tuple(alone), rel=1e-5)


def test_the_table_has_a_line_for_every_cell(made: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(made))))
    assert [int(row["number"]) for row in rows] == list(range(18))
    assert tuple(float(rows[4][f"copy_{seed}"]) for seed in range(2)) == contents(made)[4]["copy"]


def test_an_atlas_is_never_written_over(made: Path) -> None:
    with pytest.raises(FenError, match=r"FEN434.*fenasc atlas resume"):
        make(made, plan(**TINY))


def test_a_failed_cell_has_no_metrics_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "atlas.db"
    with AtlasFile.create(path, plan(**TINY), all_cells(ATLAS, 1)) as atlas:
        atlas.note("references", {"adding": 0.2, "copy": 0.7})
        atlas.add(0, Trained({}, 1.0, failure="time limit"))
    assert figures(path).failed == 1
    (row,) = csv.DictReader(io.StringIO(csv_text(path)))
    assert (row["failure"], row["adding_0"]) == ("time limit", "")


def test_one_that_was_killed_goes_on_to_the_same(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "atlas.db"
    command = f"-m fenas_lang atlas make {path} --nodes 1 --seeds 2 --steps 2"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen([sys.executable, *command.split()], env=environment)
    while run.poll() is None and not (path.exists() and started(path)):
        time.sleep(0.02)
    run.kill()
    run.wait()
    before = len(contents(path))
    assert before > 0
    resume(path)
    assert contents(path) == contents(made)


def started(path: Path) -> bool:
    try:
        return bool(contents(path))
    except FenError:
        return False


def test_a_search_runs_on_it(made: Path, tmp_path: Path) -> None:
    from fenas_lang.search import study

    options: dict[str, Any] = {"population": 4, "sample": 2, "cycles": 6, "profile": "paper"}
    store = tmp_path / "run.db"
    result = study.evolve([], "atlas", space="atlas", store=store, data=made, nodes=1, **options)
    with_score = [trial for trial in result.trials.values() if trial.score is not None]
    assert len(with_score) == 10
