"""What a user sees while a search goes on."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from fenas_lang.cli.progress import Bar, Lines, Rate, watcher
from fenas_lang.search.trial import FINAL, SEARCH, Measured, Trial
from fenas_lang.search.watcher import Standing, Watcher


def trial(number: int, score: float) -> Trial:
    measured = Measured(score, score)
    return Trial(number, SEARCH, (), f"cell A_{number}(x)", "random cell", 0, "scored", measured)


FIRST, SECOND = trial(0, 0.5), trial(1, 0.75)


def told(listener: Watcher) -> None:
    listener.begin("accuracy", Standing(SEARCH, 0, 3, 0, None))
    listener.ended(FIRST, Standing(SEARCH, 1, 3, 0, FIRST))
    listener.ended(SECOND, Standing(SEARCH, 2, 3, 0, SECOND))
    listener.ended(trial(2, 0.5), Standing(SEARCH, 3, 3, 1, SECOND))
    listener.begin("accuracy", Standing(FINAL, 0, 1, 0, SECOND))
    listener.ended(SECOND, Standing(FINAL, 1, 1, 0, SECOND))
    listener.close()


def test_a_bar_shows_progress_and_a_line_each_new_best_cell() -> None:
    stream = io.StringIO()
    told(Bar(Console(file=stream, force_terminal=True, width=120)))
    text = stream.getvalue()
    assert text.count("A_0: accuracy 0.5, random cell") == 1
    assert text.count("A_1: accuracy 0.75, random cell") == 1
    assert "3/3" in text and "best accuracy 0.75 (A_1), 1 hits" in text
    assert "training the best again" in text


def test_lines_are_few(capsys: pytest.CaptureFixture[str]) -> None:
    told(Lines())
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("1/3  best accuracy 0.5 (A_0)")
    assert lines[1].startswith("3/3  best accuracy 0.75 (A_1), 1 hits")


def test_off_a_terminal_lines_and_quiet_nothing() -> None:
    assert isinstance(watcher(quiet=False), Lines)
    assert type(watcher(quiet=True)) is Watcher


def test_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    rate = Rate(10)
    assert rate.text(Standing(SEARCH, 10, 100, 0, None)) == ""
    clock += 60
    assert rate.text(Standing(SEARCH, 20, 100, 0, None)) == "10.0/min, 8:00 left"
    assert rate.text(Standing(SEARCH, 11, 100, 0, None)) == "1.0/min, 1:29:00 left"
