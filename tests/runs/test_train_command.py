"""The commands train, eval and predict, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_up_tasks import SMALL
from typer.testing import CliRunner

from fenas_lang.cli import app, exit_code
from fenas_lang.diagnostics import FenError

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{HERE.parents[1]}{os.pathsep}{HERE}"}
ADDING = " ".join(f"--set {name}={value}" for name, value in SMALL["adding"].items())


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def fenasc(text: str, status: int = 0) -> str:
    """What a command prints on standard output; what else it says goes before an error."""
    done = CliRunner().invoke(app, text.split())
    found = done.exception
    code = exit_code(found) if isinstance(found, FenError) else done.exit_code
    assert code == status, done.output
    said = f"{done.stderr} {found}" if status else done.stdout
    return " ".join(said.split()) if status else said


def test_train_eval_and_on(tmp_path: Path) -> None:
    output = fenasc(f"-q train lstm.fen --task adding {ADDING} -o lstm --match-parameters GRU:6")
    assert "best epoch" in output and "always 1" in output
    trained = json.loads((tmp_path / "lstm" / "result.json").read_text())
    found = json.loads(fenasc("eval lstm --format json"))
    assert found["metrics"] == trained["valid"] and found["version"] == 1
    assert found["parameters"] == trained["parameters"]
    assert json.loads((tmp_path / "lstm" / "run.json").read_text())["matched"]["asked"] == "GRU:6"
    assert "test_mse" in fenasc("eval lstm --split test")
    assert json.loads(fenasc("-q train --resume lstm --format json")) == trained


def test_progress_is_a_line_an_epoch() -> None:
    done = CliRunner().invoke(app, f"train rnn --task adding {ADDING} -o rnn".split())
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == [f"epoch {n}/4" for n in range(1, 5)]
    assert "items/s" in lines[0] and "left" in lines[0] and "fenasc eval rnn" in lines[-1]


def test_predictions(tmp_path: Path) -> None:
    task = "made_up_tasks:Answering"
    output = fenasc(f"-q train rnn --task {task} {ADDING} -o run --no-test")
    assert "the model predicts one class" in output and "test_mse" not in output
    fenasc("-q predict run -o F.tsv")
    lines = (tmp_path / "F.tsv").read_text().splitlines()
    assert len(lines) == 61 and lines[0] == "index\tprediction"


def test_the_best_cell_of_a_search_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    small = f"{ADDING} --population 2 --sample 1 --cycles 1 --nodes 4 --repeats 1 --store run.db"
    done = subprocess.run(
        [sys.executable, *f"-m fenas_lang -q evolve GRU --task adding {small}".split()],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    fenasc("-q train run.db --task copy --set steps=2 --set examples=40 -o found")
    assert "Lineage" in (tmp_path / "found" / "cell.fen").read_text()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("train", 2, "a run needs CELL, --task TASK and -o DIR, or --resume DIR"),
        ("train --resume run --seed 3", 2, "without `seed`"),
        ("train --resume run LSTM", 2, "without `cell`"),
        ("train --resume nowhere", 5, "FEN461"),
        ("train LSTM --task nonsense -o run", 2, "FEN400"),
        ("train LSTM --task adding --preset paper -o run", 2, "FEN471"),
        ("train LSTM --task adding --match-parameters x -o run", 2, "FEN472"),
        ("train nonsense --task adding -o run", 2, "FEN260"),
        ("train LSTM --task lm -o run", 5, "FEN404"),
        ("eval nowhere", 5, "FEN461"),
        ("predict nowhere -o F.tsv", 5, "FEN461"),
    ],
)
def test_what_does_not_fit_is_said(words: str, status: int, said: str, tmp_path: Path) -> None:
    assert said in fenasc(words, status)
    assert not list(tmp_path.iterdir())


def test_failures_have_a_status() -> None:
    pytest.importorskip("sklearn")
    words = "-q train rnn --task made_up_tasks:Faulty --set epochs=4 -o run"
    assert "FEN465" in fenasc(words, 5)
    assert json.loads(Path("run/result.json").read_text())["failure"].startswith("not finite")
    assert "FEN460" in fenasc(words, 5)
    assert "FEN470" in fenasc("predict run -o F.tsv", 2)
    assert "FEN478" in fenasc("eval run --split dev", 2)


def test_the_curves_for_tensorboard() -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    fenasc(f"-q train rnn --task adding {ADDING} -o rnn --tensorboard events")
    events = accumulator.EventAccumulator("events").Reload()
    assert [e.step for e in events.Scalars("valid_mse")] == [1, 2, 3, 4]
    assert "train_loss" in events.Tags()["scalars"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_says_how_to_go_on(tmp_path: Path) -> None:
    command = "-m fenas_lang train rnn --task adding --set steps=100000 -o rnn"
    process = subprocess.Popen(
        [sys.executable, *command.split()],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
        # As in a terminal: a program that runs in the background may have been told to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not (tmp_path / "rnn" / "last.pt").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in errors
    assert "Go on with: fenasc train --resume rnn" in errors
