"""Stores of runs that nobody ran."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fenas_lang.search.settings import Settings
from fenas_lang.search.store import Store
from fenas_lang.search.study import _settings
from fenas_lang.search.trial import FAILED, SCORED, SEARCH, Measured, Rejection, Trial

SOURCE = """cell {name}(x, h_prev) -> h {{
    a = tanh(@x, @h_prev)
    h = a{edit}
}}
"""
EDITS = (" * h_prev", " + h_prev", " - h_prev", " * x", " + x", " - x")
TASK = {
    "task": "digits",
    "metric": "valid_accuracy",
    "higher_is_better": True,
    "checksum": "0123abcd",
    "settings": {"hidden": 16, "epochs": 3},
    "references": {"majority class": 0.3},
}


def settings(**options: Any) -> Settings:
    given = {"population": 5, "sample": 2, "cycles": 45, **options}
    return _settings(["LSTM", "GRU"], "digits", None, None, {}, given)


def trial(number: int, **changes: Any) -> Trial:
    score = 0.4 + 0.5 * number / (number + 10) + (number % 7) / 100
    measured = Measured(score, score, facts={"parameters": 1234}, started=1e9 + number, seconds=0.5)
    values: dict[str, Any] = {
        "number": number,
        "phase": SEARCH,
        "parents": (number - 2,) if number > 1 else (),
        "source": SOURCE.format(name=f"Cell_{number}", edit=EDITS[number % len(EDITS)]),
        "edit": f"operation of h: step {number}",
        "seed": number,
        "outcome": SCORED,
        "measured": measured,
        "key": f"fen1:{number % len(EDITS)}",
    }
    return Trial(**(values | changes))


def failed(number: int, reason: str = "not finite", log: str = "the loss is nan") -> Trial:
    measured = Measured(reason=reason, log=log, started=1e9 + number, seconds=0.5)
    return trial(number, outcome=FAILED, measured=measured)


def written(path: Path, trials: list[Trial], task: dict[str, Any] = TASK, **told: Any) -> Path:
    """A store of these trials; each second one refused something on the way."""
    meta = {"settings": settings(**told).as_json(), "task": task, "created": 1e9}
    with Store.create(path, meta) as store:
        for entry in trials:
            refused = Rejection(entry.number, 0, (), entry.source, "edit", "key", "ignores `x`")
            store.add(entry, [refused] if entry.number % 2 else [])
    return path
