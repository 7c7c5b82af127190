"""A search on a real task, with two workers, from the seeds to the found cell's files."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from fenas_lang.search.publish import documents
from fenas_lang.search.study import evolve
from fenas_lang.search.trial import SCORED


def test_evolving_on_digits(tmp_path: Path) -> None:
    result = evolve(
        ["LSTM", "GRU"],
        "digits",
        settings={"epochs": 1, "hidden": 16},
        population=4,
        sample=2,
        cycles=3,
        nodes=6,
        repeats=1,
        baselines=1,
        workers=2,
        seed=0,
        store=tmp_path / "run.db",
    )
    assert result.metric_name == "valid_accuracy" and 0.1 < result.metric <= 1
    assert len(result.trials) == 7
    scored = [trial for trial in result.trials.values() if trial.outcome == SCORED]
    assert all(trial.measured.facts["parameters"] > 0 for trial in scored)
    assert [final.entrant.name for final in result.finals if final.entrant.role == "seed"] == [
        "LSTM",
        "GRU",
    ]
    assert all(0 < (final.on_test("valid_accuracy") or 0) <= 1 for final in result.finals)
    assert f"class {result.cell.name}" in documents(result)[0]["best.py"]
