"""Whole runs: same seed, same trace; killed and resumed, the same again; and what comes out."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fenas_lang.check.check import checked
from fenas_lang.check.loader import load
from fenas_lang.diagnostics import FenError
from fenas_lang.search.finals import FOUND, RANDOM, SEED
from fenas_lang.search.publish import documents
from fenas_lang.search.result import Result
from fenas_lang.search.settings import Settings
from fenas_lang.search.status import status
from fenas_lang.search.store import Store
from fenas_lang.search.study import evolve, result_of, resume
from fenas_lang.search.summary import result_text
from fenas_lang.search.trial import FINAL, HIT, SCORED, SEARCH, Trial
from fenas_lang.search.watcher import Standing, Watcher
from fenas_lang.spaces.reader import load_space

HERE = Path(__file__).parent
SMALL: dict[str, Any] = {"population": 6, "sample": 3, "cycles": 24, "nodes": 5, "seed": 3}


def run(path: Path, task: str = "Instant", **options: Any) -> Result:
    seeds = options.pop("cells", ["LSTM", "GRU"])
    return evolve(seeds, f"stub_tasks:{task}", store=path, **{**SMALL, **options})


def trials(path: Path, phase: str | None = None) -> list[Trial]:
    with Store.open(path) as store:
        return store.trials(phase)


def trace(path: Path) -> list[tuple[Any, ...]]:
    return [trial.trace for trial in trials(path)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run.db"
    run(path, baselines=2)
    return path


def test_population_and_cycles_are_counted(whole: Path) -> None:
    assert [trial.number for trial in trials(whole, SEARCH)] == list(range(30))
    assert [trial.number for trial in trials(whole, FINAL)] == list(range((5 + 2 + 2) * 3))


def test_one_seed_one_trace(whole: Path, tmp_path: Path) -> None:
    run(tmp_path / "again.db", baselines=2)
    assert trace(tmp_path / "again.db") == trace(whole)
    run(tmp_path / "other.db", baselines=2, seed=4)
    assert trace(tmp_path / "other.db") != trace(whole)


def test_every_trial_is_a_legal_cell_named_after_its_root(whole: Path) -> None:
    found = trials(whole, SEARCH)
    assert [trial.name for trial in found[:2]] == ["LSTM", "GRU"]
    for trial in found[2:]:
        root = found[trial.parents[0]].name.split("_")[0] if trial.parents else "Random"
        assert trial.name == f"{root}_{trial.number}"
        assert checked(load_text(trial.source)).cell.documentation == ""


def test_the_edit_is_in_the_trial_as_words_and_as_a_diff(whole: Path) -> None:
    found = trials(whole, SEARCH)
    children = [trial for trial in found if trial.parents]
    assert children
    for child in children:
        parent = found[child.parents[0]]
        for line in child.measured.facts["diff"].splitlines():
            assert line[2:] in (parent if line.startswith("- ") else child).source
        _, _, changed = child.edit.partition(": ")
        old, _, new = changed.partition(" -> ")
        assert f"= {old}" in parent.source and f"= {new}" in child.source


def load_text(text: str) -> Any:
    from fenas_lang.check.loader import loads

    return loads(text)


def test_the_best_mean_of_the_finals_is_the_result(whole: Path) -> None:
    result = result_of(whole)
    found = [final for final in result.finals if final.entrant.role == FOUND]
    assert len(found) == 5 and len({final.entrant.key for final in found}) == 5
    assert result.score == max(final.score or 0.0 for final in found)
    assert result.cell.name == result.trial.name
    seeds = {tuple(trial.seed for trial in final.trials) for final in result.finals}
    assert len(seeds) == 1 and len(next(iter(seeds))) == 3
    roles = [final.entrant.role for final in result.finals]
    assert roles == [FOUND] * 5 + [SEED] * 2 + [RANDOM] * 2
    assert all(final.on_test("skips") is not None for final in result.finals)


def test_the_lineage_leads_from_an_ancestor_to_the_cell(whole: Path) -> None:
    result = result_of(whole)
    line = result.lineage
    assert not line[0].parents and line[-1] == result.trial
    for parent, child in itertools.pairwise(line):
        assert child.parents == (parent.number,)
    texts, missing = documents(result)
    assert {"best.fen", "best.py"} <= set(texts) and not missing
    assert all(f"{trial.number}  {trial.name}" in texts["best.fen"] for trial in line)
    assert load_text(texts["best.fen"]) == result.cell


def test_a_metric_that_is_better_when_lower(tmp_path: Path) -> None:
    result = run(tmp_path / "run.db", "Loss")
    assert result.metric == -result.score
    best = min(t.metric for t in trials(tmp_path / "run.db", SEARCH) if t.metric is not None)
    assert status(str(tmp_path / "run.db")).best.metric == best  # type: ignore[union-attr]


def test_hits_are_trials_with_the_old_score_and_no_training(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run(path, cells=["RNN"], nodes=1, population=3, cycles=40)
    found = {trial.number: trial for trial in trials(path, SEARCH)}
    hits = [trial for trial in found.values() if trial.outcome == HIT]
    assert hits and len(found) == 43
    for hit in hits:
        assert hit.copy_of is not None and hit.measured.process == 0
        assert found[hit.copy_of].score == hit.score and found[hit.copy_of].key == hit.key
    scored = [trial.key for trial in found.values() if trial.outcome == SCORED]
    assert len(scored) == len(set(scored))


def test_the_paper_profile_trains_all_and_counts_what_it_wastes(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    result = run(path, cells=["RNN"], nodes=1, population=3, cycles=40, profile="paper")
    found = trials(path)
    assert len(found) == 43 and all(trial.outcome == SCORED for trial in found)
    told = status(str(path))
    assert told.copies > 0 and told.useless > 0 and told.hits == told.rejected == 0
    assert result.score == max(trial.score or 0.0 for trial in found)
    assert result.final is None


def test_children_in_the_paper_profile_keep_nodes_and_states(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run(path, profile="paper", mutations={"operation": 1, "rewire": 1, "output": 1})
    found = trials(path, SEARCH)
    for trial in found:
        for parent in trial.parents:
            ours, theirs = (load_text(t.source) for t in (trial, found[parent]))
            assert len(ours.nodes) == len(theirs.nodes) and ours.states == theirs.states


def test_a_run_that_finds_nothing_new_says_so_and_ends(tmp_path: Path) -> None:
    space = tmp_path / "tiny.space"
    space.write_text("space tiny { states 1; output last node; sample 1 nodes\nnode add, mul }")
    said: list[str] = []

    class Listener(Watcher):
        def say(self, text: str) -> None:
            said.append(text)

    result = run(
        tmp_path / "run.db", cells=[], space=str(space), nodes=1, cycles=300, watcher=Listener()
    )
    assert said == ["200 asks in a row gave no cell that was not known or useless"]
    found = trials(tmp_path / "run.db", SEARCH)
    assert len({trial.key for trial in found}) == 2
    assert status(str(tmp_path / "run.db")).rejected > 0
    texts, _ = documents(result)
    assert texts["tiny.space"] == space.read_text()
    assert "in tiny" in texts["best.fen"]
    assert checked(result.cell).space == load_space(space)


@pytest.mark.parametrize("space", ["enas", "darts", "nas_bench_nlp", "open"])
def test_every_shipped_space_can_be_searched(space: str, tmp_path: Path) -> None:
    result = run(tmp_path / "run.db", cells=[], space=space, population=4, cycles=6, init="random")
    assert checked(load_text(str(result.cell)), load_space(space))


@pytest.mark.parametrize("mode", ["raise", "killed"])
def test_failures_are_trials_and_the_search_goes_on(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    result = run(path, "Troubled", settings={"mode": mode, "every": 2}, workers=2)
    found = trials(path, SEARCH)
    failed = [trial for trial in found if trial.outcome == "failed"]
    assert len(found) == 30 and failed and all(trial.measured.log for trial in failed)
    assert not {trial.number for trial in failed} & {p for t in found for p in t.parents}
    assert result.score is not None
    assert sum(status(str(path)).failures.values()) >= len(failed)


def test_where_all_fails_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(FenError, match=r"FEN508.*30 trainings failed.*cursed"):
        run(tmp_path / "run.db", "Troubled", settings={"mode": "raise", "every": 1})
    assert len(trials(tmp_path / "run.db", SEARCH)) == 30


def test_several_workers_do_all_trials_once(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run(path, workers=3, settings={"pause": 0.002})
    assert sorted(trial.number for trial in trials(path, SEARCH)) == list(range(30))
    assert len({trial.measured.process for trial in trials(path, SEARCH)}) > 1


RUN = """
import sys
sys.path.insert(0, {here!r})
from fenas_lang.search.study import evolve, resume
{call}
"""


def start(call: str) -> subprocess.Popen[str]:
    script = RUN.format(here=str(HERE), call=call)
    command = [sys.executable, "-c", script]
    return subprocess.Popen(command, cwd=HERE.parents[1], stderr=subprocess.PIPE, text=True)


def evolving(path: Path, pause: float) -> str:
    options = {**SMALL, "baselines": 2, "settings": {"pause": pause}}
    arguments = ", ".join(f"{name}={value!r}" for name, value in options.items())
    return f"evolve(['LSTM', 'GRU'], 'stub_tasks:Instant', store={str(path)!r}, {arguments})"


def wait_for(path: Path, count: int) -> None:
    while not path.exists() or _count(path) < count:
        time.sleep(0.01)


def _count(path: Path) -> int:
    try:
        return len(trials(path))
    except FenError:
        return 0


def test_killed_at_random_points_the_trace_is_the_same(whole: Path, tmp_path: Path) -> None:
    """Twice killed with SIGKILL, in the search and in the final phase, then resumed to the end."""
    path = tmp_path / "run.db"
    rng = random.Random(time.time_ns())
    calls = (evolving(path, 0.02), f"resume({str(path)!r})")
    for call, least in zip(calls, (rng.randint(1, 20), rng.randint(31, 50)), strict=True):
        process = start(call)
        wait_for(path, least)
        time.sleep(rng.random() * 0.03)
        process.kill()
        process.communicate()
    kept = len(trace(path))
    assert kept < len(trace(whole))
    resume(path)
    assert trace(path) == trace(whole)


def test_ctrl_c_keeps_what_is_finished_and_leaves_no_worker(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    process = start(evolving(path, 0.05))
    wait_for(path, 4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT and "KeyboardInterrupt" in errors
    assert [file.name for file in tmp_path.iterdir()] == ["run.db"]
    found = trials(path)
    assert 4 <= len(found) < 30
    for worker in {trial.measured.process for trial in found}:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
    resume(path)
    assert trace(path) == trace(whole)


def test_a_full_disk_ends_the_run_and_keeps_every_trial(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Store._write_tables

    def begin_on_a_small_disk(store: Store, meta: Any) -> None:
        begin(store, meta)
        with store._engine.connect() as connection:
            pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")

    monkeypatch.setattr(Store, "_write_tables", begin_on_a_small_disk)
    with pytest.raises(FenError, match=r"FEN506.*fenasc resume"):
        run(tmp_path / "run.db", baselines=2)
    assert 0 < len(trials(tmp_path / "run.db")) < len(trials(whole))
    resume(tmp_path / "run.db")
    assert trace(tmp_path / "run.db") == trace(whole)


def test_resuming_a_finished_run_adds_nothing(whole: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run.db"
    copy.write_bytes(whole.read_bytes())
    result = resume(copy)
    assert trace(copy) == trace(whole)
    assert result.cell == result_of(whole).cell


def test_other_data_are_refused_on_resuming(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run(path, data=tmp_path)
    with pytest.raises(FenError, match="FEN507"):
        resume(path, data=tmp_path / "elsewhere")
    assert resume(path).store == str(path)


def test_a_file_among_the_settings_is_found_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.db"
    run(path, "Filed", settings={"mode": "words.txt"})
    with Store.open(path) as store:
        told = Settings.of(store).task_settings
    assert told == {"mode": str(tmp_path / "words.txt")}


def test_a_run_is_not_begun_over_another(whole: Path) -> None:
    before = whole.read_bytes()
    with pytest.raises(FenError, match=r"FEN500.*fenasc resume"):
        run(whole)
    assert whole.read_bytes() == before


def test_nothing_is_written_where_the_task_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(FenError, match="FEN523"):
        run(tmp_path / "run.db", "Missing")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"population": 1}, r"FEN522.*population is 1, and must be at least 2"),
        ({"sample": 0}, r"FEN522.*sample is 0"),
        ({"population": 6.0}, "FEN522.*a whole number"),
        ({"seed": "x"}, "FEN522.*a whole number"),
        ({"mutations": {"operation": float("inf")}}, "FEN522.*at most"),
        ({"mutations": {"operatoin": 1.0}}, r"FEN520.*did you mean `operation`"),
        ({"mutations": {"insert": 1.0}, "profile": "paper"}, r"FEN522.*keeps the number of nodes"),
        ({"profile": "papier"}, r"FEN520.*did you mean `paper`"),
        ({"init": "none"}, "FEN520"),
        ({"cells": ["ENAS", "GRU"]}, "FEN521"),
        ({"output": "all"}, "FEN132"),
        ({"by": "choice"}, r"FEN520.*did you mean `choices`"),
    ],
)
def test_settings_are_checked_before_anything_is_trained(
    options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FenError, match=message):
        run(tmp_path / "run.db", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_trial_is_named_on_resuming(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    run(path, cycles=4)
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM trials WHERE phase = 'final' OR number > 5")
        database.execute("UPDATE trials SET source = 'cell A(' WHERE phase = 'search'")
    database.close()
    with pytest.raises(FenError, match="FEN510"):
        resume(path)


@pytest.mark.parametrize("profile", ["default", "paper"])
def test_what_simple_predictors_get_stands_beside_the_result(profile: str, tmp_path: Path) -> None:
    result = run(tmp_path / "run.db", "Simple", cycles=2, profile=profile)
    assert result.references == {"no skips at all": 0.25}
    assert re.search(r"no skips at all +reference +0.25 +-\n?", result_text(result))


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[Standing] = []

    class Listener(Watcher):
        def ended(self, trial: Trial, standing: Standing) -> None:
            told.append(standing)

    run(tmp_path / "run.db", watcher=Listener())
    search = [standing for standing in told if standing.phase == SEARCH]
    assert [standing.done for standing in search] == list(range(1, 31))
    scores = [standing.best.score for standing in search if standing.best is not None]
    assert scores == sorted(scores)  # type: ignore[type-var]


def test_one_seed_need_not_be_in_a_list(tmp_path: Path) -> None:
    run(tmp_path / "run.db", cells="gru.fen", cycles=0)
    assert trials(tmp_path / "run.db")[0].name == "GRU"


def test_the_public_function_takes_cells_references_and_whole_files(tmp_path: Path) -> None:
    import fenas_lang as fen

    two = tmp_path / "two.fen"
    two.write_text(f"{load('RNN')}\n{load('MGU')}")
    cells = [load("LSTM"), "gru.fen", str(two)]
    path = tmp_path / "run.db"
    result = fen.evolve(cells, task="stub_tasks:Instant", store=str(path), **SMALL)
    assert [trial.name for trial in trials(path)[:4]] == ["LSTM", "GRU", "RNN", "MGU"]
    assert result.store == str(path)
