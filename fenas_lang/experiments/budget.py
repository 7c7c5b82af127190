"""What an experiment will take before it is begun: trainings, operations, hours, room on the disk.

A training step counts as three forward passes.  Validation is left out (on the Penn Treebank less
than three parts of a hundred).  Cells that a search has still to find are counted as a known one.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenas_lang.experiments import models
from fenas_lang.experiments.plan import Plan
from fenas_lang.experiments.speed import FORWARD_AND_BACK
from fenas_lang.experiments.units import SEARCH, TRAIN, Unit, filled, finished

BYTES_A_PARAMETER = 16
"""Of a training's directory: weights, two averages of the optimiser, and the best weights."""
HOUR = 3600


@dataclass(frozen=True)
class Part:
    """One search or training that is not finished."""

    unit: Unit
    trainings: int
    operations: int
    parameters: int

    @property
    def is_search(self) -> bool:
        return self.unit.kind == SEARCH

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.unit.name,
            "trainings": self.trainings,
            "operations": self.operations,
            "parameters": self.parameters,
        }


@dataclass(frozen=True)
class Budget:
    """Of all parts, on `workers` at a time that each do so many operations a second."""

    parts: tuple[Part, ...]
    commands: tuple[str, ...]
    done: int
    workers: int
    rate: float

    @property
    def trainings(self) -> int:
        return sum(part.trainings for part in self.parts)

    @property
    def operations(self) -> int:
        return sum(part.operations for part in self.parts)

    @property
    def hours(self) -> float:
        """If all workers are always busy."""
        return self.operations / self.rate / self.workers / HOUR

    @property
    def room(self) -> int:
        """Bytes of the directories of trainings."""
        kept = [part.parameters for part in self.parts if part.unit.kind == TRAIN]
        return BYTES_A_PARAMETER * sum(kept)

    def as_json(self) -> dict[str, Any]:
        return {
            "trainings": self.trainings,
            "operations": self.operations,
            "operations_a_second": self.rate,
            "workers": self.workers,
            "hours": self.hours,
            "bytes": self.room,
            "done": self.done,
            "searches": sum(part.is_search for part in self.parts),
            "parts": [part.as_json() for part in self.parts],
            "commands": list(self.commands),
        }


def budget(plan: Plan, folder: Path, workers: int, rate: float, data: Mapping[str, str]) -> Budget:
    """Of what is not finished in a directory, which need not exist."""
    left = [unit for unit in plan.units if not finished(unit, folder)]
    parts = tuple(part for unit in left if (part := _part(unit)) is not None)
    commands = tuple(_command(unit, data, workers) for unit in left)
    return Budget(parts, commands, len(plan.units) - len(left), workers, rate)


def _command(unit: Unit, data: Mapping[str, str], workers: int) -> str:
    words = filled(unit.begin, data, workers if unit.wide else 1)
    return shlex.join(["fenasc", *words])


def _part(unit: Unit) -> Part | None:
    work = unit.work
    if work is None:
        return None
    told = models.settings_of(work.task, work.preset, work.settings)
    hidden = int(told.hidden)
    if work.matched is not None:
        hidden = models.hidden_for(work.task, told, work.cell, work.matched)
    once = FORWARD_AND_BACK * models.forward(work.task, told, work.cell, hidden)
    parameters = models.parameters(work.task, told, work.cell, hidden)
    return Part(unit, work.trainings, work.trainings * once, parameters)
