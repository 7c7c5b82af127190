"""What `train` and `eval` print: metrics, with what simple predictors reach beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fenas_lang.search.lineage import figure

if TYPE_CHECKING:
    from fenas_lang.runs import Evaluation, Result


def result_text(result: Result) -> str:
    """A run in a few lines: what was trained, and its metrics on both splits."""
    size = f"hidden {result.settings['hidden']}, {result.parameters:,} parameters"
    lines = [
        f"{result.cell['name']} ({result.layer}) on {result.task}: {size}",
        f"best epoch {result.best_epoch} of {result.epochs}, {result.steps:,} steps,"
        f" {result.seconds:.1f} s, {result.items_per_second:,.0f} items/s",
    ]
    rows = dict(result.valid) | dict(result.test or {})
    table = _table(rows, result.metric, result.references)
    return "\n".join([*lines, "", *table, *_warning(result.one_class)])


def evaluation_text(found: Evaluation) -> str:
    """The metrics of a split; the references are of the validation data."""
    head = (
        f"{found.cell['name']} ({found.layer}) on {found.task}, {found.split}: epoch"
        f" {found.best_epoch}, {found.parameters:,} parameters"
    )
    table = _table(found.metrics, found.metric, found.references)
    return "\n".join([head, "", *table, *_warning(found.one_class)])


def _warning(one_class: bool | None) -> list[str]:
    return ["", "the model predicts one class, whatever it reads"] if one_class else []


def _table(metrics: Mapping[str, float], metric: str, references: Mapping[str, float]) -> list[str]:
    rows = [(name, figure(value)) for name, value in metrics.items()]
    rows += [(f"{metric}, {name}", figure(value)) for name, value in references.items()]
    width = max(len(name) for name, _ in rows)
    return [f"  {name:{width}}  {value}" for name, value in rows]
