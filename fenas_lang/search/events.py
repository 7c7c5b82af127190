"""The curves of a run for TensorBoard, written while it goes on.

The step of every scalar counts the trials of its phase that have ended, so that a resumed run goes
on where it was.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fenas_lang.runs.events import writer_of
from fenas_lang.search.trial import SEARCH, Trial
from fenas_lang.search.watcher import Standing, Watcher


class Events(Watcher):
    """Writes event files into a folder; raises FEN538 where the package is missing."""

    def __init__(self, folder: Path):
        self._open = writer_of(folder)
        self._writer: Any = None
        self._metric, self._since, self._first = "", 0.0, 0

    def begin(self, metric: str, standing: Standing) -> None:
        """Open the folder, as the run has truly begun."""
        self._writer = self._writer or self._open()
        self._metric, self._since, self._first = metric, time.monotonic(), standing.done

    def ended(self, trial: Trial, standing: Standing) -> None:
        for name, value in self._scalars(trial, standing).items():
            if value is not None:
                self._writer.add_scalar(f"{standing.phase}/{name}", value, standing.done)
        self._writer.flush()

    def _scalars(self, trial: Trial, standing: Standing) -> dict[str, float | None]:
        passed = max(time.monotonic() - self._since, 1e-9)
        best = standing.best if standing.phase == SEARCH else None
        parameters = trial.measured.facts.get("parameters")
        return {
            self._metric: trial.metric,
            f"best_{self._metric}": best.metric if best else None,
            "hits": standing.hits,
            "failures": standing.failures,
            "trials_a_minute": (standing.done - self._first) / passed * 60,
            "seconds": trial.measured.seconds or None,
            "parameters": parameters if isinstance(parameters, int | float) else None,
        }

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
