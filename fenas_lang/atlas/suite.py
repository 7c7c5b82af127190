"""What a worker of `fenasc atlas` does with a cell: all of its trainings, one after another."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fenas_lang import tasks
from fenas_lang.tasks.base import checksum_of
from fenas_lang.tasks.outcome import NOT_FINITE, Outcome

PROCESSOR = "processor seconds"


@dataclass(frozen=True)
class SuiteSettings:
    """As in the plan of an atlas."""

    seeds: int
    tasks: Mapping[str, Mapping[str, float]]

    @classmethod
    def read(cls, values: Mapping[str, Any], task: str) -> Self:
        return cls(**values)


def label(task: str, seed: int) -> str:
    """Under which a training's metric is among those of a cell."""
    return f"{task}/{seed}"


class Suite:
    """A task, to the workers of the search; its metric counts the trainings that ended."""

    name, metric, higher_is_better = "atlas", "ended", True
    settings_type = SuiteSettings

    def __init__(self, settings: SuiteSettings, data: Path | None = None):
        self.settings = settings
        self.parts = {name: tasks.task(name, None, **told) for name, told in settings.tasks.items()}
        self.checksum = checksum_of(*(part.checksum for part in self.parts.values()))

    def reference_scores(self) -> dict[str, float]:
        """Of each task, the loss of its simplest predictor."""
        return {name: min(p.reference_scores().values()) for name, p in self.parts.items()}

    def evaluate(self, cell: Any, *, seed: int, **_: Any) -> Outcome:
        """All trainings from this seed on; one that diverged has no metric, and any other failure
        is the cell's."""
        before, found = time.process_time(), dict[str, float]()
        for name, part in self.parts.items():
            for number in range(seed, self.settings.seeds):
                outcome = part.evaluate(cell, seed=number)
                if outcome.metric is not None:
                    found[label(name, number)] = outcome.metric
                elif outcome.failure != NOT_FINITE:
                    return outcome
        ended = float(len(found))
        found[PROCESSOR] = time.process_time() - before
        return Outcome(self.name, seed, ended, ended, found)
