"""What the units of an experiment found, read from their products alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.experiments.plan import Place, Plan
from fenas_lang.experiments.process import Ended
from fenas_lang.experiments.recipe import PARAMETERS, Column, Row
from fenas_lang.experiments.units import RESULT, SEARCH, TRAIN, Unit, finished, sessions
from fenas_lang.runs.result import Result
from fenas_lang.tasks.outcome import NOT_FINITE

CLASSES = "valid_classes_predicted"
NOT_RUN = "not run yet"


@dataclass(frozen=True)
class Findings:
    """The plan, where its products lie, and how its units ended just now (those that ran)."""

    plan: Plan
    folder: Path
    ended: Mapping[str, Ended]

    @cached_property
    def units(self) -> Mapping[str, Unit]:
        return {unit.name: unit for unit in self.plan.units}

    @cached_property
    def results(self) -> Mapping[str, Result]:
        """Of all trainings that came to an end, by unit."""
        found = {}
        for unit in self.plan.units:
            path = self.folder / unit.product
            if unit.kind == TRAIN and path.is_file():
                found[unit.name] = Result.of(json.loads(path.read_text("utf-8")))
        return found

    def reason(self, name: str) -> str:
        """Why a unit has no figures; empty where it has."""
        if name in self.results:
            return self.results[name].failure or ""
        ended = self.ended.get(name)
        if ended is not None and ended.reason:
            return ended.reason
        return "" if finished(self.units[name], self.folder) else NOT_RUN

    def failures(self) -> dict[str, str]:
        """By unit, in order; those that failed because another did are left out, and trainings that
        diverged, which says something of the cell, not of the experiment."""
        names = (unit.name for unit in self.plan.units)
        found = {name: self.reason(name) for name in names if not self.diverged([name])}
        return {name: why for name, why in found.items() if why and not why.startswith("needs ")}

    def diverged(self, names: Sequence[str]) -> bool:
        """Whether there are such trainings, and all have diverged."""
        return bool(names) and all(tells_divergence(self.reason(name)) for name in names)

    def units_on(self, row: Row, column: Column) -> list[str]:
        """Of a row, those that a column speaks of."""
        return [self.plan.places[place] for place in self.places(row, self.task_of(column))]

    def places(self, row: Row, task: str) -> list[Place]:
        """Of a row on a task: its cells one after another, each with its seeds in order."""
        return [p for p in self.plan.places if p.row == row.label and p.task == task]

    def units_of(self, row: Row) -> list[str]:
        """All of a row, in order, each once."""
        names = (name for place, name in self.plan.places.items() if place.row == row.label)
        return list(dict.fromkeys(names))

    def values(self, row: Row, column: Column) -> list[float]:
        """A figure of a row: one value for each seed, or, of several cells, for each cell the mean
        over its seeds."""
        by_cell: dict[int, list[float]] = {}
        for place in self.places(row, self.task_of(column)):
            value = self._value(self.plan.places[place], column)
            if value is not None:
                by_cell.setdefault(place.cell, []).append(value)
        if len(row.cells) > 1:
            return [sum(values) / len(values) for values in by_cell.values()]
        return [value for values in by_cell.values() for value in values]

    def task_of(self, column: Column) -> str:
        return column.task or self.plan.recipe.tasks[0]

    def _value(self, name: str, column: Column) -> float | None:
        result = self.results.get(name)
        if result is None:
            return None
        measured = {} if result.failure else {**result.valid, **(result.test or {})}
        told = {**measured, PARAMETERS: float(result.parameters)}
        value = told.get(column.metric or result.metric)
        return None if value is None else value * column.factor

    def reference(self, names: Sequence[str], column: Column) -> float | None:
        """Of a simple predictor, for a column that shows the task's own metric."""
        for place, unit in self.plan.places.items():
            result = self.results.get(unit)
            if place.task != self.task_of(column) or result is None:
                continue
            known = [result.references[name] for name in names if name in result.references]
            if known and (column.metric or result.metric) == result.metric:
                return known[0] * column.factor
        return None

    def one_class(self, row: Row) -> dict[str, int]:
        """Of each task, how many of a row's models answer with one class whatever they read."""
        found: dict[str, int] = {}
        for place, name in self.plan.places.items():
            result = self.results.get(name)
            if place.row == row.label and result and result.valid.get(CLASSES) == 1:
                found[place.task] = found.get(place.task, 0) + 1
        return found

    def seconds(self, names: Sequence[str]) -> float:
        """That trainings took, or the processes of searches."""
        trained = sum(self.results[name].seconds for name in names if name in self.results)
        others = [name for name in names if self.units[name].kind == SEARCH]
        return trained + sum(sessions(name, self.folder).seconds for name in others)

    def store(self, name: str) -> Path:
        """Of a search."""
        return self.folder / self.units[name].product

    def search(self, name: str) -> Any:
        """The result of a search (`fenas_lang.search.result.Result`); None where it has none."""
        from fenas_lang.search.study import result_of

        if not self.store(name).is_file():
            return None
        try:
            return result_of(self.store(name))
        except FenError:
            return None


def tells_divergence(reason: str) -> bool:
    """Whether a training without figures diverged, as cells may, rather than failed."""
    return reason.startswith(NOT_FINITE)


def run_folder(folder: Path, unit: Unit) -> Path:
    """Of a training."""
    return (folder / unit.product).parent if unit.product.endswith(RESULT) else folder
