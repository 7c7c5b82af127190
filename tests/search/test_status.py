"""How far a run is, and how fast, from its store alone."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from fenas_lang.search.pace import clock, pace
from fenas_lang.search.settings import Settings
from fenas_lang.search.status import FINISHED, INTERRUPTED, RUNNING, UNFINISHED, status
from fenas_lang.search.store import Store
from fenas_lang.search.summary import status_text
from fenas_lang.search.trial import FAILED, FINAL, HIT, SCORED, SEARCH, Measured, Trial


def trial(number: int, started: float = 0.0, seconds: float = 0.0, outcome: str = SCORED) -> Trial:
    score = None if outcome == FAILED else number / 100
    reason = "not finite" if outcome == FAILED else ""
    measured = Measured(score, score, reason, started=started, seconds=seconds)
    source = f"cell A_{number}(x, h_prev) -> h {{\n    h = tanh(@x, @h_prev)\n}}\n"
    return Trial(number, SEARCH, (), source, "random cell", 0, outcome, measured, str(number))


def test_a_pause_is_no_part_of_the_pace() -> None:
    day = 86_400.0
    found = pace(4, [(10, 3), (13, 3), (day, 3), (day + 3, 3)])
    assert (found.trials, found.busy) == (4, 12)
    assert found.per_minute == 20 and found.seconds_for(5) == 15


def test_trainings_side_by_side_count_once_and_hits_take_no_time() -> None:
    found = pace(4, [(10, 4), (11, 4), (12, 2)])
    assert (found.trials, found.busy) == (4, 5)
    assert pace(0, []).per_minute is None and pace(1, []).seconds_for(1) is None


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (59.9, "0:59"), (3 * 3600 + 62, "3:01:02")])
def test_the_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


TASK = {"task": "digits", "metric": "accuracy"}


def store(path: Path | str) -> Store:
    told = Settings("digits", (), "space s", population=4, sample=2, cycles=6)
    found = Store.create(path, {"settings": told.as_json(), "task": TASK})
    for entry in (trial(0, 10, 2), trial(1, 12, 2, FAILED), trial(2, 14, 2), trial(3, outcome=HIT)):
        found.add(entry)
    return found


def test_states(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with store(path) as opened:
        assert status(path).state == RUNNING
    assert status(path).state == INTERRUPTED
    (tmp_path / "run.db.lock").write_text("1")  # as a killed process leaves it
    assert status(path).state == INTERRUPTED
    with Store.open(path, write=True) as opened:
        opened.note("ended", "finished")
        assert status(path).state == FINISHED
    url = f"sqlite:///{tmp_path / 'other.db'}?timeout=5"
    store(url).close()
    assert status(url).state == UNFINISHED


def test_what_is_said(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with store(path):
        running = status_text(status(path))
    stopped = status_text(status(path))
    assert "profile default, running" in running and "resume" not in running
    assert "40.0 trials a minute, 0:09 left" in running
    assert "1 known cells" in running and "1 × not finite" in running
    assert "interrupted" in stopped and stopped.endswith(f"go on with: fenasc resume {path}")


def test_as_json(tmp_path: Path) -> None:
    store(tmp_path / "run.db").close()
    value = json.loads(json.dumps(status(tmp_path / "run.db").as_json()))
    assert value["version"] == 1 and value["state"] == INTERRUPTED
    assert (value["trials_a_minute"], value["seconds_left"]) == (40, 9)
    assert (value["hits"], value["failures"]) == (1, {"not finite": 1})


def test_a_finished_search_has_no_time_left(tmp_path: Path) -> None:
    with store(tmp_path / "run.db") as opened:
        opened.note("exhausted", "no new cell was found")
        assert status(tmp_path / "run.db").left is None


def test_counts_are_those_of_the_trials(tmp_path: Path) -> None:
    rng = random.Random(1)
    entries = [
        replace(
            trial(number, 10.0 * number, rng.choice([0.0, 2.5]), rng.choice([SCORED, FAILED, HIT])),
            phase=SEARCH if number < 60 else FINAL,
            copy_of=rng.choice([None, 0]),
            useless=rng.choice(["", "ignores x"]),
        )
        for number in range(80)
    ]
    told = Settings("digits", (), "space s", population=40, sample=2, cycles=20)
    path = tmp_path / "run.db"
    with Store.create(path, {"settings": told.as_json(), "task": TASK}) as opened:
        for entry in entries:
            opened.add(entry)
    found, searched = status(path), entries[:60]
    assert (found.trials, found.finals) == (60, 20)
    assert found.hits == sum(entry.outcome == HIT for entry in searched)
    assert found.copies == sum(e.copy_of == 0 and e.outcome != HIT for e in searched)
    assert found.useless == sum(bool(entry.useless) for entry in searched)
    assert found.failures == {"not finite": sum(e.outcome == FAILED for e in entries)}
    assert found.seconds == sum(entry.measured.seconds for entry in entries)
    scored = [entry for entry in searched if entry.score is not None]
    assert found.best == max(scored, key=lambda entry: (entry.score, -entry.number))


def test_a_store_without_trials(tmp_path: Path) -> None:
    told = Settings("digits", (), "space s", population=4, sample=2, cycles=6)
    Store.create(tmp_path / "run.db", {"settings": told.as_json(), "task": TASK}).close()
    found = status(tmp_path / "run.db")
    assert (found.trials, found.seconds, found.best, found.failures) == (0, 0.0, None, {})
    assert found.left is None
