"""An experiment's tables: own figures with intervals, and the paper's beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fenas_lang.experiments.findings import Findings
from fenas_lang.experiments.recipe import PARAMETERS, TASKS_MEAN, Column, Row
from fenas_lang.experiments.statistics import Estimate, estimate
from fenas_lang.report.chart import Chart

DIVERGES = "diverges"
"""In place of a figure, where no training of a cell stayed finite."""


@dataclass(frozen=True)
class Line:
    """A row of a table.

    `own` and `paper` are by column; where one has no entry, there is none.  `trainings` that ended
    well of `planned`, their `seconds`, and `failures`: reasons, each once.
    """

    label: str
    own: Mapping[str, Estimate | str]
    paper: Mapping[str, float | str] = field(default_factory=dict)
    parameters: tuple[int, int] | None = None
    trainings: int = 0
    planned: int = 0
    seconds: float = 0.0
    hardware: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        own = {n: v.as_json() if isinstance(v, Estimate) else v for n, v in self.own.items()}
        return {**asdict(self), "own": own, "paper": dict(self.paper)}


@dataclass(frozen=True)
class Table:
    """Lines over columns; `digits` of their figures behind the point."""

    title: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    digits: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [line.as_json() for line in self.lines],
        }


@dataclass(frozen=True)
class Summary:
    """All that an experiment has to show."""

    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()
    remarks: tuple[str, ...] = ()


def summarise(findings: Findings) -> Summary:
    """As the recipe says; by default one table with a line for each row."""
    own = findings.plan.recipe.summarise
    return Summary((comparison(findings),)) if own is None else own(findings)


def comparison(findings: Findings) -> Table:
    """A line for each row of the recipe, over its columns."""
    plan = findings.plan
    columns = [c for c in plan.recipe.columns if c.task is None or c.task in plan.tasks]
    lines = tuple(line(findings, row, columns) for row in plan.recipe.rows)
    digits = {column.name: column.digits for column in columns}
    return Table(plan.recipe.title, tuple(c.name for c in columns), lines, digits)


def line(findings: Findings, row: Row, columns: list[Column]) -> Line:
    """A row's figures."""
    if row.reference:
        return Line(row.label, dict(_references(findings, row.reference, columns)), note=row.note)
    names = findings.units_of(row)
    results = [findings.results[name] for name in names if name in findings.results]
    good = [result for result in results if not result.failure]
    sizes = [result.parameters for result in results]
    return Line(
        row.label,
        dict(_estimates(findings, row, columns)),
        {c.name: row.paper[c.name] for c in columns if c.name in row.paper},
        (min(sizes), max(sizes)) if sizes else None,
        len(good),
        len(names),
        findings.seconds(names),
        tuple(sorted({result.hardware for result in good})),
        tuple(dict.fromkeys(filter(None, map(findings.reason, names)))),
        "; ".join(filter(None, (row.note, _one_class(findings, row)))),
    )


def _one_class(findings: Findings, row: Row) -> str:
    found = findings.one_class(row)
    shown = (f"{task} ({count} of {findings.plan.seeds})" for task, count in found.items())
    return f"models that answer with one class only: {', '.join(shown)}" if found else ""


def _estimates(
    findings: Findings, row: Row, columns: list[Column]
) -> Iterator[tuple[str, Estimate | str]]:
    for column in columns:
        mean = column.metric == TASKS_MEAN
        values = tasks_mean(findings, row, columns) if mean else findings.values(row, column)
        if values:
            yield column.name, estimate(values)
        elif not mean and findings.diverged(findings.units_on(row, column)):
            yield column.name, DIVERGES


def tasks_mean(findings: Findings, row: Row, columns: list[Column]) -> list[float]:
    """For each seed the mean over all tasks' columns; none where a task has no figure."""
    figures = [findings.values(row, c) for c in columns if c.metric not in (TASKS_MEAN, PARAMETERS)]
    return [sum(values) / len(values) for values in zip(*figures, strict=False)]


def _references(
    findings: Findings, names: Sequence[str], columns: list[Column]
) -> Iterator[tuple[str, Estimate]]:
    for column in columns:
        value = findings.reference(names, column)
        if value is not None:
            yield column.name, Estimate((value,), value)
