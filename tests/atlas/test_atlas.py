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
from fenas_lang.atlas.figures import figures, text
from fenas_lang.atlas.make import _Making, make, plan, resume
from fenas_lang.check.check import check_text
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.lower import lower
from fenas_lang.search.messages import Job
from fenas_lang.search.mutation import mutate
from fenas_lang.search.novelty import judged
from fenas_lang.search.trial import Measured
from fenas_lang.search.workers import Done
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space
from fenas_lang.tasks.atlas_file import AtlasFile, Trained
from fenas_lang.tasks.atlas_table import compressed, contents, table

ROOT = Path(__file__).parents[2]
ATLAS = load_space("atlas")
TINY: dict[str, Any] = {"nodes": 1, "seeds": 2, "steps": 2}
KEEPING = {"operation": 1.0, "rewire": 1.0, "weighting": 1.0, "output": 1.0, "swap": 1.0}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("atlas") / "atlas.db"
    make(path, plan(**TINY))
    return path


def metrics(path: Path) -> dict[int, Any]:
    return {number: found.metrics for number, found in contents(path).trained.items()}


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


def test_of_cells_that_are_one_function_the_first_is_trained() -> None:
    cells = all_cells(ATLAS, 2)
    keys = [judged(lower(fen.loads(cell.source)))[0] for cell in cells]
    assert [cell.trained_as for cell in cells] == [keys.index(key) for key in keys]
    assert all(bool(cells[c.trained_as].useless) == bool(c.useless) for c in cells)


def test_what_begins_from_other_distributions_is_trained_apart() -> None:
    """A sum of two random matrices is wider than one, and twice a matrix wider again."""
    by_body = {body(cell): cell.trained_as for cell in all_cells(ATLAS, 2)}
    twice, once = "n1 = tanh(@x, @x); n2 = h_prev + n1", "n1 = x - x; n2 = tanh(@x, @n1)"
    doubled = "n1 = x + x; n2 = tanh(@x, @n1)"
    assert len({by_body[twice], by_body[once], by_body[doubled]}) == 3
    assert (
        by_body["n1 = x - h_prev; n2 = h_prev + n1"] == by_body["n1 = h_prev - x; n2 = h_prev - n1"]
    )


def body(cell: Any) -> str:
    return "; ".join(line.strip() for line in cell.source.strip().splitlines()[1:-1])


def test_the_useful_are_trained_first_and_of_these_the_small(tmp_path: Path) -> None:
    cells = all_cells(ATLAS, 2)
    with AtlasFile.create(tmp_path / "atlas.db", plan(**TINY), cells) as atlas:
        left = [cell for cell, _ in atlas.left()]
    order = [(bool(cell.useless), cell.live_nodes, cell.number) for cell in left]
    assert order == sorted(order)
    assert {cell.number for cell in left} == {cell.trained_as for cell in cells}


@pytest.mark.slow
def test_the_stated_counts() -> None:
    cells = all_cells(ATLAS, 3)
    useful = [cell for cell in cells if not cell.useless]
    assert (len(cells), len(useful)) == (9126, 9126 - 4035)
    assert len({cell.trained_as for cell in cells}) == 5953
    assert len({cell.trained_as for cell in useful}) == 3947


def test_all_is_trained(made: Path) -> None:
    found = figures(made)
    (count,) = found.counts
    assert (count.cells, count.useless, count.to_train) == (18, 12, 17)
    assert (count.trained, count.shared, found.trainings) == (17, 1, 17 * 2 * 2)
    assert found.failed == 0 and found.hours_left == 0
    said = text(found, made)
    assert "17 of 17 cells trained" in said and "steps 2" in said
    losses = [loss for _, loss, _ in found.best]
    assert losses == sorted(losses) and len(losses) == 5


def test_equal_cells_share_figures(made: Path) -> None:
    from fenas_lang import tasks

    found = contents(made)
    (shared,) = (cell for cell in found.cells if cell.trained_as != cell.number)
    task: Any = tasks.task("atlas", made)
    original = found.cells[shared.trained_as]
    assert shared.number not in found.trained
    assert task.entry(shared.key) == task.entry(original.key) is not None


def test_a_training_is_that_of_the_task_itself(made: Path) -> None:
    from fenas_lang import tasks

    with AtlasFile.open(made) as atlas:
        cell, told = atlas.cells()[3], atlas.plan.tasks
    for name, settings in told.items():
        task = tasks.task(name, None, **settings)
        alone = [task.evaluate(fen.loads(cell.source), seed=seed).metric for seed in range(2)]
        assert metrics(made)[3][name] == pytest.approx(tuple(alone), rel=1e-5)


def rows_of(path: Path) -> list[dict[str, str]]:
    _, lines = table(contents(path)).split("\n", 1)
    return list(csv.DictReader(io.StringIO(lines)))


def test_the_table_has_a_line_for_every_cell(made: Path) -> None:
    rows = rows_of(made)
    assert [int(row["number"]) for row in rows] == list(range(18))
    assert tuple(float(rows[4][f"copy_{seed}"]) for seed in range(2)) == metrics(made)[4]["copy"]
    for row in rows:
        assert row["copy_0"] == rows[int(row["trained_as"])]["copy_0"]


@pytest.mark.parametrize("name", ["atlas.csv", "atlas.csv.gz"])
def test_the_table_is_read_as_the_file_is(made: Path, tmp_path: Path, name: str) -> None:
    from fenas_lang import tasks

    path = tmp_path / name
    text_ = table(contents(made))
    path.write_bytes(compressed(text_) if name.endswith(".gz") else text_.encode())
    assert table(contents(path)) == text_
    assert metrics(path) == metrics(made)
    one, other = (tasks.task("atlas", place) for place in (made, path))
    assert one.checksum == other.checksum and vars(one)["entries"] == vars(other)["entries"]
    assert figures(path).counts == figures(made).counts and figures(path).seconds is None


def test_the_table_of_an_unfinished_atlas_knows_what_is_missing(tmp_path: Path) -> None:
    path, copy = tmp_path / "atlas.db", tmp_path / "atlas.csv"
    with AtlasFile.create(path, plan(**TINY), all_cells(ATLAS, 1)) as atlas:
        atlas.note("references", {"adding": 0.2, "copy": 0.7})
        atlas.add(0, Trained({"adding": (0.1, None), "copy": (0.5, 0.25)}, 1.0))
        atlas.add(3, Trained({}, 1.0, failure="time limit"))
    copy.write_text(table(contents(path)))
    assert metrics(copy) == metrics(path)
    assert contents(copy).trained[3].failure == "time limit"
    assert (figures(copy).left, figures(copy).failed) == (figures(path).left, 1)


@pytest.mark.parametrize(
    "data", [b"", b"number,key\n1,2\n", b"# {}\nnumber\n0\n", b"\xff\xfe", b"\x1f\x8b\x08\x00"]
)
@pytest.mark.parametrize("name", ["atlas.csv", "atlas.csv.gz"])
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FenError, match="FEN433"):
        contents(tmp_path / name)
    (tmp_path / name).unlink()
    with pytest.raises(FenError, match="FEN433"):
        contents(tmp_path / name)


def test_an_atlas_is_never_written_over(made: Path) -> None:
    with pytest.raises(FenError, match=r"FEN434.*fenasc atlas resume"):
        make(made, plan(**TINY))


def test_a_failed_cell_has_no_metrics_and_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "atlas.db"
    with AtlasFile.create(path, plan(**TINY), all_cells(ATLAS, 1)) as atlas:
        atlas.note("references", {"adding": 0.2, "copy": 0.7})
        atlas.add(0, Trained({}, 1.0, failure="time limit"))
    assert figures(path).failed == 1
    row = rows_of(path)[0]
    assert (row["failure"], row["adding_0"]) == ("time limit", "")
    assert rows_of(path)[1]["failure"] == "not trained yet"


def test_one_that_was_killed_goes_on_to_the_same(made: Path, tmp_path: Path) -> None:
    path = tmp_path / "atlas.db"
    command = f"-m fenas_lang atlas make {path} --nodes 1 --seeds 2 --steps 2"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen([sys.executable, *command.split()], env=environment)
    while run.poll() is None and not (path.exists() and started(path)):
        time.sleep(0.02)
    run.kill()
    run.wait()
    before = len(metrics(path))
    assert before > 0
    resume(path)
    assert metrics(path) == metrics(made)


def test_more_seeds_come_to_the_same_as_all_at_once(made: Path, tmp_path: Path) -> None:
    path, copy = tmp_path / "atlas.db", tmp_path / "atlas.csv"
    make(path, plan(**{**TINY, "seeds": 1}))
    with AtlasFile.open(path, write=True) as atlas:
        atlas.note("plan", {**vars(atlas.plan), "seeds": 2})
    copy.write_text(table(contents(path)))
    assert metrics(copy) == metrics(path)
    left = figures(path).left
    assert (left.useful + left.useless, left.trainings) == (17, 17 * 2) and figures(
        copy
    ).left == left
    resume(path, seeds=2)
    assert metrics(path) == metrics(made) and figures(path).left.trainings == 0
    with pytest.raises(FenError, match="FEN437"):
        resume(path, seeds=1)


def test_what_a_cell_has_stays_where_a_later_seed_fails(tmp_path: Path) -> None:
    path = tmp_path / "atlas.db"
    make(path, plan(**{**TINY, "seeds": 1}))
    before = metrics(path)
    with AtlasFile.open(path, write=True) as atlas:
        atlas.note("plan", {**vars(atlas.plan), "seeds": 2})
        making = _Making(atlas, 1, lambda done, total: None)
        cell, first = making.left[-1]
        job = Job("atlas", cell.number, fen.loads(cell.source), first)
        making._store(Done(job, Measured(reason="time limit", seconds=1.0)))
        assert cell.number in {left.number for left, _ in atlas.left()}
    assert metrics(path) == before


def started(path: Path) -> bool:
    try:
        return bool(metrics(path))
    except FenError:
        return False


def test_a_search_runs_on_it(made: Path, tmp_path: Path) -> None:
    from fenas_lang.search import study

    options: dict[str, Any] = {"population": 4, "sample": 2, "cycles": 6, "profile": "paper"}
    store = tmp_path / "run.db"
    result = study.evolve([], "atlas", space="atlas", store=store, data=made, nodes=1, **options)
    with_score = [trial for trial in result.trials.values() if trial.score is not None]
    assert len(with_score) == 10


def test_the_table_of_the_benchmarks_has_all_cells() -> None:
    path = ROOT / "benchmarks" / "atlas.csv.gz"
    found = contents(path)
    assert (len(found.cells), sum(not cell.useless for cell in found.cells)) == (9126, 5091)
    assert all(found.of(cell) for cell in found.cells)
    assert found.plan.seeds == 2 and figures(path).left.trainings == 0
    for cell in random.Random(0).sample(found.cells, 20):
        one, trained = (fen.loads(c.source) for c in (cell, found.cells[cell.trained_as]))
        assert fen.canonical_key(one) == cell.key
        assert judged(lower(one)) == judged(lower(trained))


def test_no_useless_cell_is_better_than_a_predictor_without_memory() -> None:
    """What the pre-filter refuses would have come to nothing."""
    found = contents(ROOT / "benchmarks" / "atlas.csv.gz")
    for cell in found.cells:
        trained = found.of(cell)
        if cell.useless and trained is not None:
            losses = [
                metric / found.references[task]
                for task, metrics in trained.metrics.items()
                for metric in metrics
                if metric is not None
            ]
            assert not losses or sum(losses) / len(losses) > 1
