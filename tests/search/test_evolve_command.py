"""The commands of the search, as a user types them."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fenas_lang.check.loader import load
from fenas_lang.search.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}
SHORT = "--population 5 --sample 2 --cycles 10 --nodes 4 --seed 1"


def command(text: str) -> list[str]:
    return [sys.executable, "-m", "fenas_lang", *text.split()]


def fenasc(text: str, folder: Path, status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        command(text), cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("runs")
    task = "--task stub_tasks:Instant --set mode=calm"
    fenasc(f"evolve LSTM GRU {task} --store run.db {SHORT} --baselines 1 --out best", found)
    return found


def test_evolve_leaves_the_cell_its_module_and_its_picture(folder: Path) -> None:
    assert {"best.fen", "best.py"} <= {file.name for file in (folder / "best").iterdir()}
    cell = load(folder / "best" / "best.fen")
    assert f"class {cell.name}" in (folder / "best" / "best.py").read_text()
    assert "Lineage" in cell.documentation


def test_shorter_trainings_are_asked_for_in_words(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    task = "--task digits --set epochs=2 --set hidden=4 --fidelity 1,2 --eta 2 --patience 2"
    more = "--inherit --proxy hidden_covariance --candidates 2 --repeats 1"
    fenasc(f"evolve LSTM {task} {SHORT} {more}", tmp_path)
    output, _ = fenasc("status run.db", tmp_path)
    assert "rungs     15 to 1, " in output
    found = json.loads(fenasc("status run.db --format json", tmp_path)[0])
    assert found["rungs"]["1"] == 15 and found["hits"] == 0
    output, _ = fenasc("export run.db", tmp_path)
    assert all(word in output for word in ("hidden_covariance", "rungs", "inherited"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--fidelity 1,x", "`1,x` is no list of epochs, such as 1,3,9"),
        ("--fidelity 3,1", "fidelity is 3,1, and must be rising numbers of epochs"),
        ("--proxy covariance", "there is no proxy `covariance`"),
        ("--inherit --profile paper", "inherit is on, in the profile paper, and must be off"),
    ],
)
def test_what_does_not_fit_is_said(options: str, message: str, tmp_path: Path) -> None:
    _, errors = fenasc(f"evolve LSTM --task digits {options}", tmp_path, status=2)
    assert message in " ".join(errors.split())


def test_best_prints_source_figures_and_baselines(folder: Path) -> None:
    output, _ = fenasc("best run.db", folder)
    assert "mean of 3 trainings on fresh seeds" in output
    for row in ("LSTM ", "GRU ", "Random_baseline_1"):
        assert f"\n  {row}" in output
    assert "sampled by `uniform`, 4 nodes, output last" in output
    assert "canonical key  fen1:" in output


def test_status_as_text_and_as_json(folder: Path) -> None:
    output, _ = fenasc("status run.db", folder)
    assert "15 of 15" in output
    value = json.loads(fenasc("status run.db --format json", folder)[0])
    assert (value["version"], value["trials"], value["total"]) == (1, 15, 15)
    assert value["ended"] == "finished" and value["inexact"] is None
    assert value["best"]["source"].startswith("cell ")


def test_export_as_csv(folder: Path) -> None:
    fenasc("export run.db -o trials.csv", folder)
    rows = list(csv.DictReader(io.StringIO((folder / "trials.csv").read_text())))
    assert [row["name"] for row in rows[:2]] == ["LSTM", "GRU"]
    assert float.fromhex(rows[0]["metric_hex"]) == float(rows[0]["metric"])


def test_export_as_parquet(folder: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    fenasc("export run.db -o trials.parquet", folder)
    table = pq.read_table(folder / "trials.parquet")
    assert table["name"].to_pylist()[:2] == ["LSTM", "GRU"]


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_files_are_written_though_nobody_reads_on(folder: Path) -> None:
    call = " ".join([sys.executable, "-m fenas_lang best run.db -o piped | true"])
    subprocess.run(call, shell=True, cwd=folder, env=ENVIRONMENT, check=True)
    assert (folder / "piped" / "best.fen").is_file()


def test_progress_off_a_terminal_is_lines_and_quiet_is_quiet(tmp_path: Path) -> None:
    call = f"evolve GRU --task stub_tasks:Instant {SHORT}"
    _, errors = fenasc(f"{call} --store a.db", tmp_path)
    assert "15/15  best skips" in errors and "next:" in errors
    _, errors = fenasc(f"-q {call} --store b.db", tmp_path)
    assert errors == ""


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("evolve LSTM --task stub_tasks:Instant --store run.db", 5, "fenasc resume run.db"),
        ("resume nowhere.db", 5, "FEN501"),
        ("status best/best.fen", 5, "FEN502"),
        ("evolve LSTM --task digits --store no/run.db", 5, "FEN505"),
        ("evolve LSTM --task stub_tasks:None --store new.db", 2, "FEN523"),
        ("evolve LSTM --task digits --strategy ageing --store new.db", 2, "did you mean `aging`"),
        ("evolve ENAS GRU --task digits --store new.db", 2, "FEN521"),
        ("evolve LSTM --task digits --mutation rewire=x --store new.db", 2, "is no weight"),
        ("evolve LSTM --task digits --population 0 --store new.db", 2, "population"),
    ],
)
def test_bad_input_is_a_message_and_a_status(
    text: str, status: int, said: str, folder: Path
) -> None:
    _, errors = fenasc(text, folder, status)
    assert said in errors and "Traceback" not in errors
    assert not (folder / "new.db").exists()


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['sqlalchemy'] = None")
    path = f"{tmp_path}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"
    done = subprocess.run(
        command("status run.db"),
        env={**ENVIRONMENT, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 5 and "pip install 'fenas-lang[search]'" in done.stderr


def test_a_newer_store_is_a_message(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run.db").write_bytes((folder / "run.db").read_bytes())
    with Store.open(tmp_path / "run.db", write=True) as store:
        store.note("format", 99)
    for name in ("status", "resume", "best"):
        _, errors = fenasc(f"{name} run.db", tmp_path, 5)
        assert "FEN503" in errors and "update fenas-lang" in errors


def test_ctrl_c_prints_the_command_that_goes_on(tmp_path: Path) -> None:
    call = f"evolve GRU --task stub_tasks:Instant --set pause=0.1 --store run.db {SHORT}"
    process = subprocess.Popen(
        command(call),
        cwd=tmp_path,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "run.db").exists() or not _trials(tmp_path / "run.db"):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Go on with: fenasc resume run.db" in errors and "Traceback" not in errors
    output, _ = fenasc("status run.db", tmp_path)
    assert "go on with: fenasc resume run.db" in output
    fenasc("resume run.db", tmp_path)
    assert _trials(tmp_path / "run.db") == 15


def _trials(path: Path) -> int:
    from fenas_lang.diagnostics import FenError

    try:
        with Store.open(path) as store:
            return len(store.trials("search"))
    except FenError:
        return 0
