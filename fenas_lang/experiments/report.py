"""An experiment for people and programs: text, Markdown, JSON, and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fenas_lang.bench.markdown import table as markdown_table
from fenas_lang.bench.report import Grid
from fenas_lang.experiments.data import Data
from fenas_lang.experiments.findings import Findings, tells_divergence
from fenas_lang.experiments.grids import clock, grid
from fenas_lang.experiments.statistics import METHOD, Estimate
from fenas_lang.experiments.summary import Line, Summary, Table
from fenas_lang.report.dots import Dot, Dots, Panel

MADE_UP = "The data are made up, so that the figures mean nothing beside the paper's."
VERSION = 1


@dataclass(frozen=True)
class Report:
    """All that is known at the end; `command` repeats it, `machine` is where it was summed up."""

    findings: Findings
    summary: Summary
    data: Data
    command: str
    machine: Mapping[str, str]
    date: str

    def as_json(self) -> dict[str, Any]:
        """The documented object of `fenasc experiment NAME --format json`."""
        plan, told = self.findings.plan, self.summary
        return {
            "version": VERSION,
            "experiment": plan.name,
            "scale": plan.scale,
            "seeds": plan.seeds,
            "data": self.data.shown,
            "made_up": self.data.made_up,
            "checksum": self.data.checksum,
            "statistics": METHOD,
            "machine": dict(self.machine),
            "date": self.date,
            "command": self.command,
            "tables": [table.as_json() for table in told.tables],
            "remarks": list(self.remarks()),
            "failures": self.findings.failures(),
            "left_out": list(plan.missing),
        }

    def text(self) -> str:
        """For a terminal."""
        parts = [self._head("\n")]
        for table in self.summary.tables:
            parts += [f"{table.title}\n{drawn(grid(table))}", *_asides(table)]
        return "\n\n".join([*parts, "\n".join(self.remarks())]) + "\n"

    def markdown(self, pictures: Mapping[str, str] | None = None) -> str:
        """A section of a page, with links to the pictures by title."""
        parts = [f"## {self.findings.plan.recipe.title}", self._head(), f"`{self.command}`"]
        for table in self.summary.tables:
            parts += [f"### {table.title}", markdown_table(grid(table)), *_asides(table)]
        parts += [f"![{title}]({path})" for title, path in (pictures or {}).items()]
        return "\n\n".join([*parts, "\n".join(f"- {r}" for r in self.remarks())]) + "\n"

    def _head(self, between: str = " ") -> str:
        plan = self.findings.plan
        about = f"{plan.name}, scale {plan.scale}, {plan.seeds} seed(s), data: {self.data.shown}."
        return between.join([about, f"Measured until {self.date}.", f"Figures: {METHOD}."])

    def remarks(self) -> Iterator[str]:
        """What a reader must know beside the tables."""
        if self.data.made_up:
            yield MADE_UP
        yield from self.findings.plan.recipe.notes
        yield from self.summary.remarks
        if self.findings.plan.missing:
            yield f"Left out for want of data: {', '.join(self.findings.plan.missing)}."
        where = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        yield f"Summed up on {where}."

    def pictures(self) -> dict[str, str]:
        """SVG texts by title: the charts, and a picture of each table that has figures."""
        charts = {chart.title: chart.svg() for chart in self.summary.charts}
        dots = {d.title: d.svg() for table in self.summary.tables if (d := dots_of(table))}
        return {**dots, **charts}


def _asides(table: Table) -> Iterator[str]:
    """Notes of lines, failures, and hardware."""
    lines = [*_notes(table), *_failures(table)]
    hardware = sorted({one for line in table.lines for one in line.hardware})
    if hardware:
        lines.append(f"Trained on: {'; '.join(hardware)}.")
    if lines:
        yield "\n".join(lines)


def _notes(table: Table) -> Iterator[str]:
    for line in table.lines:
        if line.note:
            yield f"{line.label}: {line.note}."


def _failures(table: Table) -> Iterator[str]:
    for line in table.lines:
        for reason in line.failures:
            how = "diverged" if tells_divergence(reason) else "failed"
            yield f"{line.label}: {how}: {reason}."


def drawn(told: Grid) -> str:
    """A grid as text; the first column is left-aligned, the others right."""
    head, lines = told
    widths = [max(map(len, column)) for column in zip(head, *lines, strict=True)]
    return "\n".join(_padded(row, widths) for row in (head, *lines))


def _padded(row: list[str], widths: list[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    words = [first[0].ljust(first[1]), *(word.rjust(width) for word, width in others)]
    return "  ".join(words).rstrip()


def dots_of(table: Table) -> Dots | None:
    """A picture of a table; None where it has no figures."""
    lines = [line for line in table.lines if _has_figures(line)]
    panels = tuple(_panel(table, lines, column) for column in table.columns)
    panels = tuple(panel for panel in panels if any(panel.own))
    return Dots(table.title, tuple(line.label for line in lines), panels) if panels else None


def _has_figures(line: Line) -> bool:
    return any(isinstance(value, Estimate) for value in line.own.values())


def _panel(table: Table, lines: list[Line], column: str) -> Panel:
    published = (line.paper.get(column) for line in lines)
    return Panel(
        column,
        tuple(_dot(line.own.get(column)) for line in lines),
        tuple(value if isinstance(value, float | int) else None for value in published),
    )


def _dot(value: Estimate | str | None) -> Dot | None:
    if not isinstance(value, Estimate):
        return None
    low = value.mean if value.low is None else value.low
    high = value.mean if value.high is None else value.high
    return Dot(value.mean, low, high)


def budget_clock(hours: float) -> str:
    """Hours in words."""
    return clock(hours * 3600) if hours < 48 else f"{hours:,.0f} h ({hours / 24:,.0f} days)"
