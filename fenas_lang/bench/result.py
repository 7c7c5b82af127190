"""What a benchmark found: plain data, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from fenas_lang.bench.settings import Settings
from fenas_lang.bench.shapes import Shape
from fenas_lang.bench.statistics import Spread, geometric_mean, spread

ENGINE = "engine"
"""The candidate that all others are compared with."""
RANDOM = "random"
"""The group of all random cells."""


@dataclass(frozen=True)
class Timing:
    """One candidate for a cell at a shape, in one step.

    `seconds` are those of each round, `engine` those of the engine in the same rounds, `peak` the
    operations a second of a large product then.  `group` is the cell's name, or `random`.
    """

    cell: str
    group: str
    shape: Shape
    step: str
    candidate: str
    seconds: tuple[float, ...] = field(repr=False)
    engine: tuple[float, ...] = field(repr=False)
    peak: tuple[float, ...] = field(repr=False)
    operations: int
    same: bool = True
    prepared: float = 0.0
    note: str = ""

    @property
    def milliseconds(self) -> Spread:
        return spread([1000 * seconds for seconds in self.seconds])

    @property
    def ratio(self) -> Spread:
        """Of the engine's time to this one: below 1, the engine is faster."""
        return spread([a / b for a, b in zip(self.engine, self.seconds, strict=True)])

    @property
    def share(self) -> Spread:
        """Of the peak, by the operations of the cell's products."""
        pairs = zip(self.seconds, self.peak, strict=True)
        return spread([self.operations / seconds / peak for seconds, peak in pairs])

    def as_json(self) -> dict[str, Any]:
        gigaflops = self.operations / self.milliseconds.median / 1e6
        return {
            "cell": self.cell,
            "group": self.group,
            "shape": asdict(self.shape),
            "step": self.step,
            "candidate": self.candidate,
            "milliseconds": self.milliseconds.as_json(),
            "engine_ratio": self.ratio.as_json(),
            "gigaflops": gigaflops,
            "peak_share": self.share.as_json(),
            "same_cell": self.same,
            "prepared_seconds": self.prepared,
            "note": self.note,
        }


@dataclass(frozen=True)
class Mean:
    """Of the engine's ratios to a candidate, over cells of a group and shapes: geometric.

    `count` is the number of ratios, `same` false where some are to another cell.
    """

    group: str
    step: str
    candidate: str
    shapes: tuple[str, ...]
    count: int
    ratio: float
    same: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "step": self.step,
            "candidate": self.candidate,
            "shapes": list(self.shapes),
            "count": self.count,
            "engine_ratio": self.ratio,
            "same_cell": self.same,
        }


@dataclass(frozen=True)
class Peak:
    """Rates of torch's own product at a shape, in operations a second."""

    cell: str
    shape: Shape
    large: Spread
    matching: Spread

    def as_json(self) -> dict[str, Any]:
        rates = {"large": self.large, "matching": self.matching}
        billions = {k: {w: v / 1e9 for w, v in r.as_json().items()} for k, r in rates.items()}
        return {"cell": self.cell, "shape": self.shape.name, "gigaflops": billions}


@dataclass(frozen=True)
class Row:
    """A measurement of its own: figures by name, and a line that says them."""

    name: str
    text: str
    figures: dict[str, float]


@dataclass(frozen=True)
class LeftOut:
    """What was not timed, and why; `wrong` where a candidate computes something else."""

    candidate: str
    reason: str
    cell: str = ""
    shape: str = ""
    wrong: bool = False


@dataclass(frozen=True)
class Result:
    """All that was measured in one run."""

    settings: Settings
    machine: dict[str, str]
    timings: tuple[Timing, ...] = ()
    peaks: tuple[Peak, ...] = ()
    rows: tuple[Row, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    @property
    def means(self) -> tuple[Mean, ...]:
        """Of each group, step and candidate, over its shapes; the engine itself has none."""
        keys = dict.fromkeys(
            (t.group, t.step, t.candidate) for t in self.timings if t.candidate != ENGINE
        )
        return tuple(self._mean(*key) for key in keys)

    def select(self, group: str, step: str, candidate: str) -> Iterator[Timing]:
        key = (group, step, candidate)
        return (t for t in self.timings if (t.group, t.step, t.candidate) == key)

    def _mean(self, group: str, step: str, candidate: str) -> Mean:
        found = list(self.select(group, step, candidate))
        shapes = tuple(dict.fromkeys(timing.shape.name for timing in found))
        ratio = geometric_mean(timing.ratio.median for timing in found)
        same = all(timing.same for timing in found)
        return Mean(group, step, candidate, shapes, len(found), ratio, same)

    def as_json(self) -> dict[str, Any]:
        """Fields are only ever added."""
        return {
            "version": 1,
            "machine": self.machine,
            "settings": asdict(self.settings),
            "measurements": [timing.as_json() for timing in self.timings],
            "means": [mean.as_json() for mean in self.means],
            "peaks": [peak.as_json() for peak in self.peaks],
            "rows": [asdict(row) for row in self.rows],
            "left_out": [asdict(left) for left in self.left_out],
        }


def joined(results: Sequence[Result]) -> Result:
    """Several runs as one, with the settings of the first."""
    first = results[0]
    return replace(
        first,
        timings=tuple(t for result in results for t in result.timings),
        peaks=tuple(p for result in results for p in result.peaks),
        rows=tuple(r for result in results for r in result.rows),
        left_out=tuple(dict.fromkeys(o for result in results for o in result.left_out)),
    )
