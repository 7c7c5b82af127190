"""Children on a Ray cluster of two nodes: the same trace, and what is lost holds nobody up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from test_workers import all_done, job

from fenas_lang.diagnostics import FenError
from fenas_lang.search.cluster import RayPool
from fenas_lang.search.messages import Setup
from fenas_lang.search.store import Store
from fenas_lang.search.study import evolve, resume
from fenas_lang.search.workers import Done

HERE = Path(__file__).parent
SMALL: dict[str, Any] = {"population": 5, "sample": 2, "cycles": 8, "nodes": 4, "repeats": 1}
NODE = {"num_cpus": 1, "object_store_memory": 80_000_000}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with one processor each, without dashboard and telemetry."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    said = {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": f"{HERE.parents[1]}{os.pathsep}{HERE}"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in said.items():
            patch.setenv(name, value)
        made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        try:
            made.add_node(**NODE)
            yield made
        finally:
            made.shutdown()


def run(cluster: Any, mode: str, count: int, workers: int = 2, **setup: Any) -> list[Done]:
    limit = setup.pop("limit", None)
    told = Setup("stub_tasks:Troubled", {"mode": mode, "every": 3, "pause": 0.05}, **setup)
    with closing(RayPool(told, workers, cluster.address)) as pool:
        ready = pool.open()
        assert ready is not None and ready.metric == "skips"
        return all_done(pool, (job(number, limit) for number in range(count)), count)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("raise", "RuntimeError: this cell is cursed"), ("killed", "the worker process died")],
)
def test_a_cell_that_goes_wrong_costs_only_itself(cluster: Any, mode: str, reason: str) -> None:
    done = run(cluster, mode, 6)
    failed = [d.measured for d in done if d.measured.outcome == "failed"]
    assert [d.job.number for d in done] == list(range(6))
    assert 0 < len(failed) < 6
    assert {measured.reason for measured in failed} == {reason}
    assert all(measured.log for measured in failed)


def test_a_cell_that_hangs_is_killed_at_its_limit(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fenas_lang.search.cluster.GRACE", 0.2)
    late = [d for d in run(cluster, "hang", 4, limit=0.5) if d.killed]
    assert late and all(d.measured.reason == "time limit" for d in late)


def test_what_a_lost_machine_trained_is_trained_elsewhere(cluster: Any) -> None:
    lost = cluster.add_node(**NODE)
    setup = Setup("stub_tasks:Instant", {"pause": 1.0})
    with closing(RayPool(setup, 3, cluster.address)) as pool:
        pool.open()
        while sum(worker.ready for worker in pool._workers) < 3:
            pool.drain()
        for number in range(3):
            pool.submit(job(number))
        cluster.remove_node(lost, allow_graceful=False)
        done: list[Done] = []
        while len(done) < 3:
            done += pool.collect()
    assert sorted(d.job.number for d in done) == [0, 1, 2]
    assert all(d.measured.outcome == "scored" for d in done)


def test_a_search_on_the_cluster_has_the_trace_of_one_here(cluster: Any, tmp_path: Path) -> None:
    space = tmp_path / "own.space"
    space.write_text(
        "space own { states 1; output last node; sample 4 nodes\nnode add, mul, tanh }"
    )
    options = {**SMALL, "space": str(space), "seed": 5}
    evolve([], "stub_tasks:Compiling", store=tmp_path / "here.db", **options)
    evolve([], "stub_tasks:Compiling", store=tmp_path / "there.db", ray=cluster.address, **options)
    assert trace(tmp_path / "there.db") == trace(tmp_path / "here.db")
    resume(tmp_path / "there.db", ray="")


def trace(path: Path) -> list[Any]:
    with Store.open(path) as store:
        return [trial.trace for trial in store.trials()]


def test_the_command_and_its_interruption(cluster: Any, tmp_path: Path) -> None:
    import signal

    task = f"--task stub_tasks:Instant --set pause=0.1 --ray {cluster.address} --workers 2"
    text = f"evolve GRU {task} --population 5 --sample 2 --cycles 60 --nodes 4 --store run.db"
    command = [sys.executable, "-m", "fenas_lang", *text.split()]
    path = f"{HERE.parents[1]}{os.pathsep}{HERE}"
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and _count(tmp_path / "run.db") < 12:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "fenasc resume run.db" in errors and "Traceback" not in errors
    with Store.open(tmp_path / "run.db") as store:
        found = store.trials()
    assert len({trial.measured.process for trial in found}) == 2


def _count(path: Path) -> int:
    try:
        with Store.open(path) as store:
            return len(store.trials())
    except FenError:
        return 0


def test_auto_is_the_cluster_that_this_machine_knows(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    with closing(RayPool(Setup("stub_tasks:Instant", {}), 1, "auto")) as pool:
        assert pool.open() is not None


def test_a_worker_that_fits_nowhere_is_a_message(cluster: Any) -> None:
    pool = RayPool(Setup("stub_tasks:Instant", {}, threads=64), 1, cluster.address)
    with closing(pool), pytest.raises(FenError, match=r"FEN518.*64 processors"):
        pool.open()


@pytest.mark.parametrize(
    ("task", "code"), [("stub_tasks:Unloadable", "FEN509"), ("nowhere:Task", "FEN523")]
)
def test_a_task_that_cannot_be_loaded(cluster: Any, task: str, code: str) -> None:
    pool = RayPool(Setup(task, {}), 1, cluster.address)
    with closing(pool), pytest.raises(FenError, match=code):
        pool.open()


def test_without_a_cluster_or_without_ray_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    for address in ("nonsense", "localhost:1"):
        with pytest.raises(FenError, match="FEN518"):
            RayPool(Setup("stub_tasks:Instant", {}), 1, address).open()
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(FenError, match=r"FEN517.*fenas-lang\[ray\]"):
        RayPool(Setup("stub_tasks:Instant", {}), 1, "auto").open()
