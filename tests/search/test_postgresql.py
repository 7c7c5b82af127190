"""Whole runs on a PostgreSQL server: the trace of a file's, killed, cut off and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from postgresql_server import Server

from fenas_lang.diagnostics import FenError
from fenas_lang.search.export import csv_text
from fenas_lang.search.status import status
from fenas_lang.search.store import Store
from fenas_lang.search.study import evolve, resume

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{HERE.parents[1]}{os.pathsep}{HERE}"}
SMALL: dict[str, Any] = {"population": 5, "sample": 2, "cycles": 15, "nodes": 4, "repeats": 1}
OPTIONS = "--population 5 --sample 2 --cycles 15 --nodes 4 --repeats 1 --set pause=0.05"


def trace(place: str) -> list[Any]:
    with Store.open(place) as store:
        return [trial.trace for trial in store.trials()]


def count(place: str) -> int:
    try:
        return len(trace(place))
    except FenError:
        return 0


def start(place: str) -> subprocess.Popen[str]:
    """A run, as a user starts it, that has stored some trials."""
    text = f"evolve LSTM GRU --task stub_tasks:Instant {OPTIONS} --store {place}"
    command = [sys.executable, "-m", "fenas_lang", *text.split()]
    process = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and count(place) < 3:
        time.sleep(0.02)
    return process


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    path = tmp_path_factory.mktemp("whole") / "run.db"
    evolve(["LSTM", "GRU"], "stub_tasks:Instant", store=path, **SMALL)
    return trace(str(path))


def test_killed_and_resumed_it_has_the_trace_of_a_file(
    postgresql: Server, whole: list[Any]
) -> None:
    place = postgresql.new()
    process = start(place)
    process.kill()
    process.communicate()
    assert 3 <= count(place) < len(whole)
    resume(place)
    assert trace(place) == whole
    assert status(place).ended == "finished"
    assert len(csv_text(place).splitlines()) > len(whole)


def test_a_second_search_is_refused_while_the_first_goes_on(postgresql: Server) -> None:
    place = postgresql.new()
    process = start(place)
    with pytest.raises(FenError, match=rf"FEN504.*process {process.pid} on "):
        Store.open(place, write=True)
    process.kill()
    process.communicate()


def test_a_lost_server_is_a_message_and_loses_nothing(postgresql: Server, whole: list[Any]) -> None:
    place = postgresql.new()
    process = start(place)
    postgresql.stop(signal.SIGQUIT)
    _, errors = process.communicate(timeout=30)
    try:
        assert process.returncode == 5, errors
        assert "FEN516" in errors and "Traceback" not in errors and "fenasc resume" in errors
        with pytest.raises(FenError, match=r"FEN516.*does not answer"):
            Store.open(place)
    finally:
        postgresql.start()
    kept = trace(place)
    assert kept == whole[: len(kept)] and len(kept) >= 3
    resume(place)
    assert trace(place) == whole


def test_schemas_hold_runs_of_their_own(postgresql: Server) -> None:
    place = postgresql.new()
    other = f"{place}&options=-csearch_path=other"
    Store.create(place, {"settings": 1}).close()
    with Store.open(place, write=True) as store:
        with store._transaction() as connection:
            connection.exec_driver_sql("CREATE SCHEMA other")
        with Store.create(other, {"settings": 2}) as second:
            assert (store.meta()["settings"], second.meta()["settings"]) == (1, 2)


def test_passwords_are_not_printed(postgresql: Server) -> None:
    place = postgresql.new().replace("fenas@", "fenas:secret@")
    with pytest.raises(FenError) as missing:
        Store.open(place)
    assert "FEN501" in str(missing.value) and "secret" not in str(missing.value)
