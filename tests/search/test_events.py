"""What TensorBoard reads of a run."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fenas_lang.diagnostics import FenError
from fenas_lang.search.events import Events
from fenas_lang.search.study import evolve, resume
from fenas_lang.search.trial import FINAL, SEARCH, Measured, Trial
from fenas_lang.search.watcher import Standing, Watcher, Watchers

pytest.importorskip("tensorboard")


def trial(number: int, score: float | None) -> Trial:
    facts = {"parameters": 100 + number}
    measured = Measured(score, score, seconds=2.0, facts=facts) if score else Measured(reason="bad")
    return Trial(number, SEARCH, (), "cell A(x)", "", 0, measured.outcome, measured)


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Every curve as steps and values."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events: Any = EventAccumulator(str(folder)).Reload()
    tags = events.Tags()["scalars"]
    return {tag: [(e.step, round(e.value, 4)) for e in events.Scalars(tag)] for tag in tags}


def test_curves(tmp_path: Path) -> None:
    listener, first, second = Events(tmp_path), trial(0, 0.5), trial(2, 0.75)
    listener.begin("accuracy", Standing(SEARCH, 0, 3, 0, None))
    listener.ended(first, Standing(SEARCH, 1, 3, 0, first))
    listener.ended(trial(1, None), Standing(SEARCH, 2, 3, 0, first, 1))
    listener.ended(second, Standing(SEARCH, 3, 3, 1, second, 1))
    listener.begin("accuracy", Standing(FINAL, 0, 1, 0, second))
    listener.ended(replace(second, phase=FINAL), Standing(FINAL, 1, 1, 0, second))
    listener.close()
    curves = read(tmp_path)
    assert curves["search/accuracy"] == [(1, 0.5), (3, 0.75)]
    assert curves["search/best_accuracy"] == [(1, 0.5), (2, 0.5), (3, 0.75)]
    assert curves["search/hits"][-1] == (3, 1) and curves["search/failures"][-1] == (3, 1)
    assert curves["search/parameters"] == [(1, 100), (3, 102)]
    assert curves["search/seconds"] == [(1, 2), (3, 2)]
    assert all(value > 0 for _, value in curves["search/trials_a_minute"])
    assert curves["final/accuracy"] == [(1, 0.75)]


class Impatient(Watcher):
    """Ends the run as Ctrl-C would."""

    def ended(self, trial: Trial, standing: Standing) -> None:
        if standing.done == 4:
            raise KeyboardInterrupt


def test_a_resumed_run_goes_on_with_its_curves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
    store, folder = tmp_path / "run.db", tmp_path / "events"
    options: dict[str, Any] = {"population": 3, "sample": 2, "cycles": 5, "nodes": 4, "repeats": 1}
    with pytest.raises(KeyboardInterrupt):
        listeners = Watchers(Events(folder), Impatient())
        evolve(["LSTM"], "stub_tasks:Instant", store=store, watcher=listeners, **options)
    resume(store, watcher=Events(folder))
    steps = [step for step, _ in read(folder)["search/best_skips"]]
    assert steps == list(range(1, 9))


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(FenError, match="FEN538"):
        Events(tmp_path)
