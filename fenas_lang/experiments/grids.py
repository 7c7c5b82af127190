"""Tables of an experiment as grids of words, for text and Markdown alike."""

from __future__ import annotations

from collections.abc import Iterator

from fenas_lang.bench.report import Grid
from fenas_lang.experiments.recipe import PARAMETERS
from fenas_lang.experiments.statistics import Estimate
from fenas_lang.experiments.summary import Line, Table

WIDE = 4
"""Tables of more columns have the paper's figures below their own, others beside them."""


def grid(table: Table) -> Grid:
    """The head of a table and its lines."""
    return _wide(table) if len(table.columns) > WIDE else _narrow(table)


def _narrow(table: Table) -> Grid:
    papers = {c for line in table.lines for c in line.paper}
    head = [""]
    for column in table.columns:
        head += [column, "paper"] if column in papers else [column]
    lines = []
    for line in table.lines:
        words = [line.label]
        for column in table.columns:
            words.append(" ".join(_own(table, line, column)))
            words += [_paper(table, line, column)] if column in papers else []
        lines.append([*words, *_facts(table, line)])
    return [*head, *_fact_names(table)], lines


def _wide(table: Table) -> Grid:
    lines = []
    for line in table.lines:
        own = [_own(table, line, column) for column in table.columns]
        lines.append([line.label, *(words[0] for words in own), *_facts(table, line)])
        empty = [""] * len(_fact_names(table))
        if any(len(words) > 1 for words in own):
            intervals = (" ".join(words[1:]) for words in own)
            lines.append(["  95 % interval", *intervals, *empty])
        if line.paper:
            lines.append(["  paper", *(_paper(table, line, c) for c in table.columns), *empty])
    return ["", *table.columns, *_fact_names(table)], lines


def _own(table: Table, line: Line, column: str) -> list[str]:
    """The mean with its deviation, and the interval where there is one."""
    value = line.own.get(column)
    if value is None:
        return ["–"]
    if isinstance(value, str):
        return [value]
    digits = table.digits.get(column, 1)
    return list(_estimate(value, digits))


def _estimate(value: Estimate, digits: int) -> Iterator[str]:
    mean = f"{value.mean:.{digits}f}"
    if value.deviation is None:
        yield mean
        return
    yield f"{mean} ± {value.deviation:.{digits}f}"
    yield f"[{value.low:.{digits}f}, {value.high:.{digits}f}]"


def _paper(table: Table, line: Line, column: str) -> str:
    value = line.paper.get(column)
    if value is None:
        return "N/A" if line.paper else ""
    if isinstance(value, str):
        return value
    digits = table.digits.get(column, 1)
    return f"{value:.{digits}f}" if round(value, digits) == value else f"{value:g}"


def _fact_names(table: Table) -> list[str]:
    """Parameters where something was trained, then how many runs ended well, and their time."""
    if not any(line.planned for line in table.lines):
        return []
    shown = any(column.startswith(PARAMETERS) for column in table.columns)
    trained = any(line.parameters for line in table.lines) and not shown
    return [*([PARAMETERS] if trained else []), "runs", "time"]


def _facts(table: Table, line: Line) -> list[str]:
    told = {
        PARAMETERS: sizes(line),
        "runs": f"{line.trainings} of {line.planned}",
        "time": clock(line.seconds),
    }
    return [told[name] if line.planned else "" for name in _fact_names(table)]


def sizes(line: Line) -> str:
    """Parameters: the one number, or the smallest and the largest."""
    if line.parameters is None:
        return "–"
    low, high = line.parameters
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def clock(seconds: float) -> str:
    """Seconds, or minutes, or hours."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
