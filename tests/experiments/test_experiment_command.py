"""`fenasc experiment`: its words, and real runs of a toy, killed and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_experiment import Instant

from fenas_lang.cli import main
from fenas_lang.experiments import experiment

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from fenas_lang.experiments import recipes
recipes.__path__.append(sys.argv.pop(1))
from fenas_lang.cli import main
main()
"""
LONG = 280.0

Fenasc = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fenasc(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Fenasc:
    """The command in this process, in an empty folder: its status and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fenasc", *words])
        capfd.readouterr()
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        printed = capfd.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return status, printed.out, printed.err

    return run


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Units end at once; what is put in here is told to their place."""
    options: dict[str, Any] = {}

    def place(asked: Any, folder: Path, data: Any) -> Instant:
        return Instant(folder, **options)

    monkeypatch.setattr(experiment, "_place", place)
    return options


def test_without_a_name_all_are_listed(fenasc: Fenasc) -> None:
    status, out, _ = fenasc("experiment")
    names = ["table1", "table2", "table3", "random-baseline", "lstm-init", "found-cell"]
    names.append("search-cost")
    assert status == 0 and {line.split()[0] for line in out.splitlines()} == set(names)
    told = json.loads(fenasc("experiment", "--format", "json")[1])
    assert told["version"] == 1 and set(told["experiments"]) == set(names)


def test_a_run_leaves_its_report(toy: Path, instant: Any, fenasc: Fenasc, tmp_path: Path) -> None:
    status, out, _ = fenasc("experiment", "random-baseline", "-o", "run")
    assert status == 0 and "mean of the five" in out and "made up" in out
    told = json.loads((tmp_path / "run" / "result.json").read_text())
    assert told["version"] == 1 and told["experiment"] == "random-baseline"
    assert (tmp_path / "run" / "result.md").read_text().startswith("## Random search baseline")
    again = fenasc("experiment", "random-baseline", "-o", "run", "--format", "json")
    assert json.loads(again[1]) == told
    page = fenasc("experiment", "random-baseline", "-o", "run", "--format", "markdown")[1]
    assert page.startswith("## Random search baseline")


def test_a_failed_unit_is_a_row_and_the_exit_status(
    toy: Path, instant: Any, fenasc: Fenasc
) -> None:
    instant["fails"] = {"lstm-lm-0": "the training loss is nan"}
    status, out, _ = fenasc("experiment", "random-baseline", "-o", "run")
    assert status == 5 and "LSTM: failed: the training loss is nan." in out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["tabel1"], 2, "did you mean `table1`?"),
        (["table1", "--scale", "smal"], 2, "did you mean `small`?"),
        (["table1", "--scale", "small"], 2, "give it with `--data DIRECTORY`"),
        (["table1", "--data", "nowhere"], 5, "there is no directory `nowhere`"),
        (["table1", "--store", "x.db"], 2, "has no use for `--store`"),
        (["table1", "-o", "/dev/null/x"], 5, "cannot write"),
    ],
)
def test_mistakes(fenasc: Fenasc, words: list[str], status: int, said: str) -> None:
    found, out, err = fenasc("experiment", *words)
    assert (found, out) == (status, "") and said in err


def test_a_dry_run_writes_nothing(
    fenasc: Fenasc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "operations_a_second", lambda threads: 1e12)
    status, out, _ = fenasc("experiment", "table1", "--scale", "paper", "--dry-run")
    assert status == 0 and list(tmp_path.iterdir()) == []
    assert "fenasc evolve LSTM --task lm --data DIR --population 100 --sample 25" in out
    assert "5,160 trainings, 5,118 of them in 3 search(es)" in out
    words = ("experiment", "table1", "--scale", "paper", "--dry-run", "--format", "json")
    told = json.loads(fenasc(*words)[1])
    assert told["version"] == 1 and told["trainings"] == 5160
    assert told["hours"] == pytest.approx(told["operations"] / 1e12 / 3600)


def started(recipes: Path, folder: Path, *words: str) -> subprocess.Popen[str]:
    """`fenasc experiment toy` in a process of its own."""
    command = [sys.executable, "-c", RUN, str(recipes), "experiment", "toy", *words]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def figures(folder: Path) -> dict[str, Any]:
    """All that does not tell time."""
    told = json.loads((folder / "result.json").read_text())
    return {
        row["label"]: {name: own["values"] for name, own in row["own"].items()}
        for row in told["tables"][0]["rows"]
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_gone_on_with_it_finds_the_same(
    toy: Path, tmp_path: Path, number: signal.Signals
) -> None:
    whole = started(toy, tmp_path, "-o", "whole", "--seeds", "1")
    killed = started(toy, tmp_path, "-o", "killed", "--seeds", "1")
    until(lambda: (tmp_path / "killed" / "found-digits-0" / "last.pt").exists())
    killed.send_signal(number)
    _, said = killed.communicate(timeout=LONG)
    assert killed.returncode == (130 if number == signal.SIGINT else -number)
    assert number != signal.SIGINT or "nothing that ended is lost" in said
    whole.communicate(timeout=LONG)
    assert whole.returncode == 0
    again = started(toy, tmp_path, "-o", "killed", "--seeds", "1")
    out, said = again.communicate(timeout=LONG)
    assert again.returncode == 0, said
    assert figures(tmp_path / "killed") == figures(tmp_path / "whole")
    logs = (tmp_path / "killed" / "logs" / "search-toy-digits-0.txt").read_text()
    assert logs.count("$ fenasc") == 1
    assert "found" in out and "majority class" in out


@pytest.mark.slow
def test_nothing_trains_on_behind_its_back(toy: Path, tmp_path: Path) -> None:
    run = started(toy, tmp_path, "-o", "run", "--workers", "2")
    log = tmp_path / "run" / "logs" / "search-toy-digits-0.txt"
    until(lambda: log.exists())
    run.kill()
    run.communicate()
    until(lambda: not _holds(str(tmp_path / "run")))


def _holds(folder: str) -> bool:
    """Whether any process runs in a folder."""
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if os.readlink(path) == folder:
                return True
        except OSError:
            continue
    return False


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_on_a_ray_cluster(toy: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 80_000_000}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("PYTHONPATH", str(ROOT))
        made = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        try:
            made.add_node(**node)
            there = started(toy, tmp_path, "-o", "there", "--ray", made.address, "--seeds", "1")
            out, said = there.communicate(timeout=LONG)
        finally:
            made.shutdown()
    assert there.returncode == 0, said
    assert "majority class" in out
    rows = json.loads((tmp_path / "there" / "result.json").read_text())["tables"][0]["rows"]
    assert [row["trainings"] for row in rows] == [1, 1, 1, 0]
