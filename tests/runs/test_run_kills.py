"""Killed at any moment and gone on with: the same epochs and weights, to the last bit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from test_training_runs import rows, same_weights

from fenas_lang import runs

pytest.importorskip("sklearn")
ROOT = Path(__file__).parents[2]
EPOCHS = 12
RUN = f"""
import sys
from pathlib import Path
from fenas_lang import runs
place = Path(sys.argv[1])
if place.exists():
    runs.resume(place)
else:
    runs.train("LSTM", "digits", place, settings={{"epochs": {EPOCHS}, "hidden": 24, "batch": 50}})
"""


def start(place: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", RUN, str(place)], env=environment)


def epochs(place: Path) -> int:
    return len(rows(place)) if (place / "epochs.csv").exists() else 0


def kill_after(place: Path, more: int, rng: random.Random) -> None:
    """Let it run for so many epochs and a moment, then kill it."""
    before, process = epochs(place), start(place)
    while process.poll() is None and epochs(place) < before + more:
        time.sleep(0.002)
    time.sleep(rng.random() * 0.08)
    process.send_signal(signal.SIGKILL)
    process.wait()


def check(place: Path, kills: int) -> None:
    seed = time.time_ns()
    print(f"kill points of seed {seed}")
    rng = random.Random(seed)
    settings = {"epochs": EPOCHS, "hidden": 24, "batch": 50}
    whole = place.with_name("whole")
    expected = runs.train("LSTM", "digits", whole, settings=settings)
    for _ in range(kills):
        kill_after(place, rng.randint(0, 2 * EPOCHS // kills), rng)
    found = runs.resume(place)
    assert rows(place) == rows(whole)
    assert same_weights(place, whole)
    assert (found.valid, found.test) == (expected.valid, expected.test)
    assert sorted(f.name for f in place.iterdir()) == sorted(f.name for f in whole.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_twice(tmp_path: Path) -> None:
    check(tmp_path / "run", 2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_ten_times(tmp_path: Path) -> None:
    check(tmp_path / "run", 10)
