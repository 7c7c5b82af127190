"""Whatever a task does to its process, the pool goes on; and it never runs the caller's script."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from fenas_lang.check.loader import load
from fenas_lang.diagnostics import FenError
from fenas_lang.search.messages import Job, Setup
from fenas_lang.search.workers import Done, Pool

HERE = Path(__file__).parent
CELL = load("RNN")


def job(number: int, limit: float | None = None) -> Job:
    """Jobs whose cells differ, so that the stub treats them differently."""
    return Job("search", number, replace(CELL, name=f"A_{number}"), seed=number, seconds=limit)


def all_done(pool: Pool, jobs: Iterator[Job], total: int) -> list[Done]:
    done: list[Done] = []
    while len(done) < total:
        while pool.idle and (one := next(jobs, None)):
            pool.submit(one)
        done += pool.collect()
    return sorted(done, key=lambda d: d.job.number)


def run(mode: str, count: int = 8, limit: float | None = None, workers: int = 2) -> list[Done]:
    setup = Setup("stub_tasks:Troubled", {"mode": mode, "every": 3})
    with closing(Pool(setup, workers)) as pool:
        ready = pool.open()
        assert ready is not None and ready.metric == "skips"
        return all_done(pool, (job(number, limit) for number in range(count)), count)


REASONS = {
    "raise": "RuntimeError: this cell is cursed",
    "memory": "out of memory",
    "nan": "not finite",
    "failure": "not finite",
    "die": "the worker process ended with status 3",
    "killed": "the worker process was killed by SIGKILL",
    "exit": "SystemExit: enough",
    "surrogate": r"RuntimeError: half a pair: \ud800, and \0",
    "input": "read all of its input",
}


@pytest.mark.parametrize("mode", REASONS)
def test_a_cell_that_goes_wrong_costs_only_itself(mode: str) -> None:
    done = run(mode)
    failed = [d.measured for d in done if d.measured.outcome == "failed"]
    scored = [d.measured for d in done if d.measured.outcome == "scored"]
    assert failed and scored and len(done) == 8
    assert {measured.reason for measured in failed} == {REASONS[mode]}
    assert all(m.host and m.process and m.started > 0 for m in (*failed, *scored))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not count all data")
@pytest.mark.parametrize("mode", ["torch", "bytes"])
def test_a_cell_that_takes_too_much_memory_costs_only_itself(mode: str) -> None:
    setup = Setup("stub_tasks:Hungry", {"mode": mode, "every": 3}, memory=1.0)
    with closing(Pool(setup, 2)) as pool:
        pool.open()
        done = all_done(pool, (job(number) for number in range(6)), 6)
    failed = [d.measured for d in done if d.measured.outcome == "failed"]
    assert 0 < len(failed) < 6
    assert {measured.reason for measured in failed} == {"out of memory"}
    assert all("Traceback" in measured.log for measured in failed)


def test_the_log_says_what_happened() -> None:
    logs = {mode: _failed_log(mode) for mode in ("raise", "die")}
    assert "Traceback" in logs["raise"] and "cursed" in logs["raise"]
    assert "about to die" in logs["die"]


def _failed_log(mode: str) -> str:
    return next(d.measured.log for d in run(mode) if d.measured.outcome == "failed")


def test_a_cell_that_hangs_is_killed_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenas_lang.search.workers.GRACE", 0.2)
    begun = time.monotonic()
    done = run("hang", count=4, limit=0.5)
    late = [d for d in done if d.killed]
    assert late and all(d.measured.reason == "time limit" for d in late)
    assert any(d.measured.outcome == "scored" for d in done)
    assert time.monotonic() - begun < 30


def test_figures_of_any_kind_are_kept_as_numbers_or_text() -> None:
    facts = [d.measured.facts.get("metrics") for d in run("unpicklable")]
    odd = next(metrics for metrics in facts if metrics)
    assert odd["more"] == 0.5 and "chance" in odd["test_skips"]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_what_a_task_started_ends_with_its_worker() -> None:
    reasons = {d.measured.reason for d in run("orphan")} - {""}
    assert reasons
    for reason in reasons:
        _wait_until_gone(int(reason.removeprefix("process ")))


def _wait_until_gone(process: int) -> None:
    """A process whose parent is dead may stay as a zombie for a moment."""
    state = Path(f"/proc/{process}/stat")
    for _ in range(50):
        if not state.exists() or ") Z " in state.read_text():
            return
        time.sleep(0.1)
    raise AssertionError(f"{process} lives on")


def test_the_mistake_of_a_task_that_cannot_be_made_is_told() -> None:
    with closing(Pool(Setup("stub_tasks:Raising", {}), 1)) as pool, pytest.raises(FenError) as lost:
        pool.open()
    assert lost.value.diagnostics[0].code == "FEN509"
    assert "column" in lost.value.diagnostics[0].message


def test_a_slow_cell_holds_nobody_up() -> None:
    with closing(Pool(Setup("stub_tasks:Troubled", {"mode": "hang", "every": 3}), 2)) as pool:
        pool.open()
        hanging = next(n for n in range(100) if _hangs(n))
        pool.submit(job(hanging))
        others = [job(n) for n in range(100) if not _hangs(n)][:5]
        for other in others:
            pool.submit(other)
            (done,) = pool.collect()
            assert done.job.number == other.number
        assert [one.number for one in pool.jobs] == [hanging]


def _hangs(number: int) -> bool:
    from stub_tasks import chance

    return chance(str(job(number).cell), 0) * 3 < 1


def test_a_process_that_dies_while_it_loads_ends_the_run() -> None:
    pool = Pool(Setup("stub_tasks:Unloadable", {}), 2)
    with closing(pool), pytest.raises(FenError, match=r"FEN509.*status 7"):
        pool.open()


@pytest.mark.parametrize(
    ("task", "settings", "code"),
    [
        ("digit", {}, "FEN400"),
        ("digits", {"epoch": 1}, "FEN401"),
        ("nowhere:Task", {}, "FEN523"),
        ("stub_tasks:Nothing", {}, "FEN523"),
    ],
)
def test_a_task_that_cannot_be_loaded(task: str, settings: dict[str, int], code: str) -> None:
    with closing(Pool(Setup(task, settings), 1)) as pool, pytest.raises(FenError, match=code):
        pool.open()


def test_closing_leaves_no_process() -> None:
    pool = Pool(Setup("stub_tasks:Instant", {}), 2)
    pool.open()
    processes = [worker.process for worker in pool._workers]
    pool.close()
    assert all(process.poll() is not None for process in processes)


SCRIPT = """
print("the script runs")
import sys
sys.path.insert(0, sys.argv[1])
from fenas_lang.search.study import evolve
result = evolve(["RNN"], "stub_tasks:Instant", store=sys.argv[2], population=3, cycles=3, sample=2)
print(result.metric_name)
"""


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(HERE), str(tmp_path / "run.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    assert done.stdout.splitlines() == ["the script runs", "skips"]
