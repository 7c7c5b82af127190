"""How far an atlas is and what is in it: figures, and a table of all that was trained."""

from __future__ import annotations

import csv
import io
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fenas_lang import tasks
from fenas_lang.tasks.atlas_file import AtlasFile

BEST = 5


@dataclass(frozen=True)
class Count:
    """Cells with so many live nodes: all, trained, and those whose structure shows them useless."""

    live_nodes: int
    cells: int
    trained: int
    useless: int


@dataclass(frozen=True)
class Figures:
    """`seconds` are those of one training, medians: by the clock, and of the processor.

    `failed` cells could not be trained; `best` are names of the cells' numbers with their relative
    losses, as the task `atlas` has them, best first.
    """

    counts: tuple[Count, ...]
    tasks: Mapping[str, Mapping[str, float]]
    seeds: int
    trainings: int
    diverged: int
    failed: int
    seconds: float | None
    processor_seconds: float | None
    best: tuple[tuple[int, float, str], ...]

    @property
    def cells(self) -> int:
        return sum(count.cells for count in self.counts)

    @property
    def trained(self) -> int:
        return sum(count.trained for count in self.counts)

    @property
    def hours_left(self) -> float | None:
        """Of one processor, at the median rate."""
        each = self.processor_seconds
        left = (self.cells - self.trained) * self.seeds * len(self.tasks)
        return None if each is None else left * each / 3600

    def as_json(self) -> dict[str, Any]:
        totals = {"cells": self.cells, "trained": self.trained, "hours_left": self.hours_left}
        return {"version": 1, **totals, **asdict(self)}


def figures(path: Path) -> Figures:
    """The figures of an atlas, finished or not.  Raises FEN433."""
    with AtlasFile.open(path) as atlas:
        plan, cells, trained = atlas.plan, atlas.cells(), atlas.trained()
    all_, done = (
        Counter(c.live_nodes for c in cells if c.number in group)
        for group in (range(len(cells)), trained)
    )
    useless = Counter(cell.live_nodes for cell in cells if cell.useless)
    each = plan.seeds * len(plan.tasks)
    metrics = [m for found in trained.values() for values in found.metrics.values() for m in values]
    sources = {cell.number: cell.source for cell in cells}
    return Figures(
        tuple(Count(n, all_[n], done[n], useless[n]) for n in sorted(all_)),
        plan.tasks,
        plan.seeds,
        len(metrics),
        sum(metric is None for metric in metrics),
        sum(bool(found.failure) for found in trained.values()),
        _median([found.seconds / each for found in trained.values()]),
        _median([f.processor_seconds / each for f in trained.values() if f.processor_seconds]),
        tuple((n, loss, sources[n]) for loss, n in _ranked(path)[:BEST]),
    )


def _median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None


def _ranked(path: Path) -> list[tuple[float, int]]:
    """Relative losses with the cells' numbers, best first."""
    with AtlasFile.open(path) as atlas:
        cells = atlas.cells(done=True)
    table: Any = tasks.task("atlas", path)
    entries = ((table.entry(cell.key), cell.number) for cell in cells)
    return sorted((e.metrics[table.metric], n) for e, n in entries if not e.failure)


def text(found: Figures, path: Path) -> str:
    """The figures for people."""
    lines = [f"{path}: {found.trained} of {found.cells} cells trained, {found.seeds} seeds each"]
    for task, settings in found.tasks.items():
        lines.append(f"  {task}: " + ", ".join(f"{n} {v:g}" for n, v in settings.items()))
    lines += ["", "  live nodes  cells  trained  useless"]
    for count in found.counts:
        row = f"  {count.live_nodes:>10}  {count.cells:>5}  {count.trained:>7}  {count.useless:>7}"
        lines.append(row)
    if found.trained:
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
    if found.hours_left:
        lines.append(f"  left: {found.hours_left:.1f} hours of one processor")
    return lines


def csv_text(path: Path) -> str:
    """One line a trained cell: its number, key, nodes, text, and the metric of each training."""
    with AtlasFile.open(path) as atlas:
        plan, cells, trained = atlas.plan, atlas.cells(done=True), atlas.trained()
    pairs = [(task, seed) for task in plan.tasks for seed in range(plan.seeds)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = ["number", "key", "live_nodes", "useless", "failure", "source"]
    writer.writerow(names + [f"{task}_{seed}" for task, seed in pairs])
    for cell in cells:
        found = trained[cell.number]
        metrics = [found.metrics[task][seed] if found.metrics else None for task, seed in pairs]
        about = [cell.number, cell.key, cell.live_nodes, cell.useless, found.failure, cell.source]
        writer.writerow(about + ["" if m is None else repr(m) for m in metrics])
    return file.getvalue()
