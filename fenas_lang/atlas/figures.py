"""How far an atlas is and what is in it."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fenas_lang import tasks
from fenas_lang.tasks.atlas_file import AtlasCell, Contents, Trained
from fenas_lang.tasks.atlas_table import contents

BEST = 5
HEADS = ("live nodes", "cells", "useless", "to train", "trained", "shared")


@dataclass(frozen=True)
class Count:
    """Cells with so many live nodes: all, and those whose structure or algebra shows them useless.

    `to_train` are those that are trained, one of each function; `trained` were, and `shared` are
    further cells that have the figures of these.
    """

    live_nodes: int
    cells: int
    useless: int
    to_train: int
    trained: int
    shared: int


@dataclass(frozen=True)
class Left:
    """Cells that are still to be trained, from some seed at least, and how many trainings."""

    useful: int
    useless: int
    trainings: int


@dataclass(frozen=True)
class Figures:
    """`seconds` are those of one training, medians: by the clock, and of the processor.

    `failed` cells could not be trained; `best` are names of the cells' numbers with their relative
    losses, as the task `atlas` has them, best first, one of each function.
    """

    counts: tuple[Count, ...]
    tasks: Mapping[str, Mapping[str, float]]
    seeds: int
    left: Left
    trainings: int
    diverged: int
    failed: int
    seconds: float | None
    processor_seconds: float | None
    best: tuple[tuple[int, float, str], ...]

    def total(self, name: str) -> int:
        """Of a field of `Count`, over all numbers of live nodes."""
        return sum(getattr(count, name) for count in self.counts)

    @property
    def hours_left(self) -> float | None:
        """Of one processor, at the median rate."""
        each = self.processor_seconds
        return None if each is None else self.left.trainings * each / 3600

    def as_json(self) -> dict[str, Any]:
        names = ("cells", "useless", "to_train", "trained", "shared")
        totals = {name: self.total(name) for name in names}
        return {"version": 1, **totals, "hours_left": self.hours_left, **asdict(self)}


def figures(path: Path) -> Figures:
    """The figures of an atlas or of its table, finished or not.  Raises FEN433."""
    found = contents(path)
    alone = [cell for cell in found.cells if cell.trained_as == cell.number]
    trained = found.trained.values()
    metrics = [metric for one in trained for of_task in one.metrics.values() for metric in of_task]
    return Figures(
        _counts(found),
        found.plan.tasks,
        found.plan.seeds,
        _left(found, alone),
        len(metrics),
        sum(metric is None for metric in metrics),
        sum(bool(one.failure) for one in trained),
        _median([t.seconds / _number(t) for t in trained if t.seconds and t.metrics]),
        _median(
            [t.processor_seconds / _number(t) for t in trained if t.processor_seconds and t.metrics]
        ),
        _best(path, alone),
    )


def _number(trained: Trained) -> int:
    """Of trainings."""
    return sum(map(len, trained.metrics.values()))


def _left(found: Contents, alone: list[AtlasCell]) -> Left:
    planned = found.plan.seeds * len(found.plan.tasks)
    missing = {cell: planned - _ended(found.trained.get(cell.number), planned) for cell in alone}
    missing = {cell: number for cell, number in missing.items() if number}
    useless = sum(bool(cell.useless) for cell in missing)
    return Left(len(missing) - useless, useless, sum(missing.values()))


def _ended(trained: Trained | None, planned: int) -> int:
    """Trainings that need not be made any more; a cell that failed is not tried again."""
    if trained is None:
        return 0
    return planned if trained.failure else _number(trained)


def _counts(found: Contents) -> tuple[Count, ...]:
    """By live nodes."""
    groups: dict[int, list[AtlasCell]] = {}
    for cell in found.cells:
        groups.setdefault(cell.live_nodes, []).append(cell)
    return tuple(_count(nodes, cells, found.trained) for nodes, cells in sorted(groups.items()))


def _count(nodes: int, cells: list[AtlasCell], trained: Mapping[int, Trained]) -> Count:
    alone = [cell.number for cell in cells if cell.trained_as == cell.number]
    known = sum(cell.trained_as in trained for cell in cells)
    done = sum(number in trained for number in alone)
    useless = sum(bool(cell.useless) for cell in cells)
    return Count(nodes, len(cells), useless, len(alone), done, known - done)


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def _best(path: Path, cells: list[AtlasCell]) -> tuple[tuple[int, float, str], ...]:
    """Numbers, relative losses and sources, best first."""
    task: Any = tasks.task("atlas", path)
    pairs = ((task.entry(cell.key), cell) for cell in cells)
    scored = ((e.metrics[task.metric], c.number, c.source) for e, c in pairs if e and not e.failure)
    return tuple((number, loss, source) for loss, number, source in sorted(scored)[:BEST])


def text(found: Figures, path: Path) -> str:
    """The figures for people."""
    trained, to_train = found.total("trained"), found.total("to_train")
    seeds = f"{found.seeds} {'seed' if found.seeds == 1 else 'seeds'} each"
    lines = [f"{path}: {trained} of {to_train} cells trained, {seeds}"]
    for task, settings in found.tasks.items():
        lines.append(f"  {task}: " + ", ".join(f"{n} {v:g}" for n, v in settings.items()))
    lines += ["", "".join(f"  {head:>10}" for head in HEADS)]
    lines += ["".join(f"  {n:>10}" for n in asdict(count).values()) for count in found.counts]
    if found.trainings:
        lines += ["", *_rates(found), "", "best (relative loss, number, cell)"]
    for number, loss, source in found.best:
        body = "; ".join(line.strip() for line in source.strip().splitlines()[1:-1])
        lines.append(f"  {loss:.4f}  {number:>5}  {body}")
    return "\n".join(lines)


def _rates(found: Figures) -> list[str]:
    failed = f", {found.failed} cells failed" if found.failed else ""
    lines = [f"  {found.trainings} trainings, {found.diverged} of them diverged{failed}"]
    if found.seconds is not None and found.processor_seconds is not None:
        processor = f"{found.processor_seconds:.2f} s of processor"
        lines.append(
            f"  a training takes {processor}, {found.seconds:.2f} s by the clock (medians)"
        )
    left = f"  left: {found.left.useful} useful cells and {found.left.useless} useless ones"
    if found.hours_left:
        lines.append(f"{left}, {found.hours_left:.1f} hours of one processor")
    return lines
