"""Killed at any moment and resumed: one worker repeats its trace, several lose nothing finished."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from test_study import evolving, start, trace, trials, wait_for

from fenas_lang.search.study import evolve, resume
from fenas_lang.search.trial import FINAL, SEARCH, Trial

SMALL: dict[str, Any] = {"population": 6, "sample": 3, "cycles": 24, "nodes": 5, "seed": 3}
SEARCHED, TRAINED_AGAIN = 30, 27
"""Trials of the runs that `evolving` begins: of the search, and of the final phase."""


def kill_once(call: str, path: Path, least: int, rng: random.Random) -> list[Trial]:
    """Run until there are so many trials and a moment more; what is in the store then."""
    process = start(call)
    wait_for(path, least)
    time.sleep(rng.random() * 0.05)
    process.kill()
    process.communicate()
    return trials(path)


def kill_often(path: Path, begin: str, times: int, rng: random.Random, workers: int) -> None:
    """Each run keeps, to the last column, what the ones before it have finished."""
    kept: list[Trial] = []
    for again in range(times):
        call = f"resume({str(path)!r}, workers={workers})" if again else begin
        least = min(len(kept) + rng.randint(1, 8), SEARCHED + TRAINED_AGAIN - 2)
        found = kill_once(call, path, least, rng)
        assert found[: len(kept)] == kept
        kept = found
    resume(path, workers=workers)
    assert trials(path)[: len(kept)] == kept


def with_seed(seed: int | None) -> random.Random:
    """Random kill points; a failure says which."""
    seed = time.time_ns() if seed is None else seed
    print(f"kill points of seed {seed}")
    return random.Random(seed)


def check_one_worker(path: Path, times: int) -> None:
    evolve(
        ["LSTM", "GRU"],
        "stub_tasks:Instant",
        store=path.with_name("whole.db"),
        baselines=2,
        **SMALL,
    )
    kill_often(path, evolving(path, 0.02), times, with_seed(None), workers=1)
    assert trace(path) == trace(path.with_name("whole.db"))


def check_several_workers(path: Path, times: int) -> None:
    begin = evolving(path, 0.02).removesuffix(")") + ", workers=3)"
    kill_often(path, begin, times, with_seed(None), workers=3)
    for phase, total in ((SEARCH, SEARCHED), (FINAL, TRAINED_AGAIN)):
        assert sorted(trial.number for trial in trials(path, phase)) == list(range(total))


def test_several_workers_lose_nothing_that_is_finished_and_repeat_nothing(tmp_path: Path) -> None:
    check_several_workers(tmp_path / "run.db", 2)


@pytest.mark.slow
def test_one_worker_killed_ten_times(tmp_path: Path) -> None:
    check_one_worker(tmp_path / "run.db", 10)


@pytest.mark.slow
def test_several_workers_killed_ten_times(tmp_path: Path) -> None:
    check_several_workers(tmp_path / "run.db", 10)
