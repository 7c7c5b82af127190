"""Where a found cell comes from, as the comment above it."""

from __future__ import annotations

from dataclasses import replace

from fenas_lang.search.result import Result
from fenas_lang.syntax.ast import Cell, Comments


def figure(value: float | None) -> str:
    """A metric to four digits."""
    return "-" if value is None else f"{value:.4g}"


def documented(result: Result) -> Cell:
    """The cell, with what it reached and its ancestors in the comment above it."""
    lines = (_claim(result), "", "Lineage, each cell made from the one above it:", *_table(result))
    return replace(result.cell, comments=Comments(above=lines))


def _claim(result: Result) -> str:
    told = result.settings
    reached = f"{result.metric_name} {figure(result.metric)}, {result.basis}"
    return f"{result.cell.name}: {reached}; task {told.task}, {told.strategy} search."


def _table(result: Result) -> list[str]:
    line = result.lineage
    number = max(len(str(trial.number)) for trial in line)
    name = max(len(trial.name) for trial in line)
    return [
        f"  {trial.number:>{number}}  {trial.name:<{name}}  {figure(trial.metric):<8}{trial.edit}"
        for trial in line
    ]
