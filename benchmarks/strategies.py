"""Strategies compared without training: best so far against trials, over many seeds.

    python benchmarks/strategies.py [--data FOLDER] [--atlas FILE] [--nodes N] [--plots FOLDER]

FOLDER (or nas-bench-nlp in $FENAS_DATA) holds NAS-Bench-NLP's results, which are searched as a
pool; FILE is what `fenasc atlas make` or `export` wrote, `atlas.csv.gz` beside this script unless
told otherwise.  Every strategy runs in the profile `default`, which never trains a key twice and
rejects useless cells, and in `paper`, which does neither; the trials, not the trainings, are what
is counted.  A cell that the atlas was not trained for is a failed trial; useless ones `default`
never proposes.  Intervals are bootstrapped over seeds (percentiles, 95 %).  A quarter of an hour on
one core; `--seeds` and `--trials` make it shorter.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fenas_lang import registry, tasks
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.report.chart import Chart, Curve
from fenas_lang.search import strategy as strategies
from fenas_lang.search.messages import Job
from fenas_lang.search.novelty import dataflow_of
from fenas_lang.search.phase import SearchPhase
from fenas_lang.search.settings import Settings
from fenas_lang.search.study import variation_of
from fenas_lang.search.trial import Measured
from fenas_lang.search.variation import Variation
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.request import WORDS
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.atlas_file import AtlasCell, Contents
from fenas_lang.tasks.atlas_table import contents

NAMES = ("random", "aging", "elitist", "local")
PROFILES = {"default": "keys", "paper": "no keys"}
POPULATION, SAMPLE = 30, 8
MUTATIONS = {"operation": 1.0, "rewire": 1.0}
RESAMPLES, INTERVAL = 1000, (2.5, 97.5)
DATA = "nas-bench-nlp"
ATLAS = Path(__file__).with_name("atlas.csv.gz")

Curves = npt.NDArray[np.float64]
"""Best metric so far, seeds by trials; infinite before the first score."""


@dataclass(frozen=True)
class Table:
    """What is searched: a lookup task, its data, and the settings that fit its space."""

    title: str
    task: str
    data: Path
    space: str
    nodes: int
    neighbours: int | None = None

    def settings(self, strategy: str, profile: str, seed: int, trials: int) -> Settings:
        """`trials` are all trials, those of the first population included."""
        space = load_space(self.space)
        assert space.source is not None
        population = min(POPULATION, trials)
        return Settings(
            task=self.task,
            seeds=(),
            space=space.source.text,
            header=self.space,
            task_settings={"neighbours": self.neighbours} if self.neighbours else {},
            data=str(self.data),
            population=population,
            sample=SAMPLE,
            cycles=trials - population,
            nodes=self.nodes,
            output=WORDS[space.output[0]],
            seed=seed,
            strategy=strategy,
            mutations=MUTATIONS,
            profile=profile,
        )


@cache
def opened(table: Table) -> tuple[Any, Variation]:
    """The task and the ways to make cells, once a process."""
    task: Any = tasks.task(table.task, table.data)
    return task, variation_of(table.settings(NAMES[0], "default", 0, 1))


@cache
def key_of(cell: Cell, table: Table) -> str:
    """The canonical key, by which scores are looked up; a hundred searches meet the same cells."""
    _, variation = opened(table)
    return canonical_key(dataflow_of(cell, variation.space, variation.output))


def measured(task: Any, key: str) -> Measured:
    """What training would have given."""
    entry = task.entry(key)
    if entry is None or entry.failure:
        return Measured(reason=task.absent if entry is None else entry.failure)
    metric = entry.metrics[task.metric]
    return Measured(metric if task.higher_is_better else -metric, metric)


def best_so_far(table: Table, strategy: str, profile: str, trials: int, seed: int) -> list[float]:
    """After each trial of one search; one that ends early stays where it is."""
    task, variation = opened(table)
    phase = SearchPhase(table.settings(strategy, profile, seed, trials), variation)
    found, best = list[float](), float("inf")
    while (step := phase.next()) is not None:
        if isinstance(step, Job):
            key = key_of(replace(step.cell, name="Cell"), table)
            step = phase.ended(step, measured(task, key))
        if step.trial is None:
            continue
        phase.tell(step.trial)
        if step.trial.metric is not None:
            best = min(best, step.trial.metric)
        found.append(best)
    return found + [best] * (trials - len(found))


def curves(
    table: Table, strategy: str, profile: str, trials: int, seeds: int, pool: ProcessPoolExecutor
) -> Curves:
    one = partial(best_so_far, table, strategy, profile, trials)
    return np.array(list(pool.map(one, range(seeds), chunksize=max(1, seeds // 16))))


def interval(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Of the mean over seeds; the resamples are always the same."""
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[rows].mean(axis=1), INTERVAL)
    return float(low), float(high)


def tables(arguments: argparse.Namespace) -> Iterator[Table]:
    """Those that there are data for."""
    if arguments.data is not None:
        nodes = load_space("nas_bench_nlp").nodes[1]
        count = arguments.neighbours
        title = f"NAS-Bench-NLP as a pool, {count} neighbours (final test loss)"
        yield Table(title, "nas_bench_nlp", arguments.data, "nas_bench_nlp", nodes, count)
    if arguments.atlas is not None:
        yield atlas_table(arguments.atlas, arguments.nodes)


def atlas_table(path: Path, nodes: int | None) -> Table:
    """Its title says how much of the atlas is trained."""
    found = contents(path)
    nodes = nodes or found.plan.nodes
    cells = [cell for cell in found.cells if cell.live_nodes <= nodes]
    shares = (share([c for c in cells if bool(c.useless) is flag], found) for flag in (False, True))
    useful, useless = shares
    title = f"atlas to {nodes} nodes: {useful} useful, {useless} useless cells trained"
    return Table(f"{title} (relative loss)", "atlas", path, "atlas", nodes)


def share(cells: Sequence[AtlasCell], found: Contents) -> str:
    """`all 152`, or `17 of 152`: those that the atlas has figures of."""
    known = sum(found.of(cell) is not None for cell in cells)
    return f"all {len(cells)}" if known == len(cells) else f"{known} of {len(cells)}"


def compare(table: Table, arguments: argparse.Namespace, pool: ProcessPoolExecutor) -> Chart:
    """Run everything on one table; print the figures, and return the picture."""
    known = registry.discover(strategies.FOLDER)
    marks = [n for n in (POPULATION, 100, 300, 1000, 3000) if n <= arguments.trials]
    print(f"\n{table.title}; {arguments.seeds} seeds, population {POPULATION}, sample {SAMPLE}")
    heads = "".join(f"{f'after {mark} trials':>26}" for mark in marks)
    print(f"  {'strategy':18}{heads}   seconds")
    every: dict[tuple[str, str], Curves] = {}
    for name in NAMES:
        if name not in known:
            print(f"  {name:18}skipped: this checkout has no strategy of the name")
            continue
        for profile, words in PROFILES.items():
            before = time.perf_counter()
            found = curves(table, name, profile, arguments.trials, arguments.seeds, pool)
            seconds = time.perf_counter() - before
            cells = "".join(f"{shown(found[:, mark - 1]):>26}" for mark in marks)
            print(f"  {f'{name}, {words}':18}{cells}   {seconds:7.1f}", flush=True)
            every[name, profile] = found
    print_comparisons(every)
    drawn = (
        curve(f"{name}, {PROFILES[profile]}", found, dashed=profile == "paper")
        for (name, profile), found in every.items()
    )
    return Chart(table.title, "trials", "best so far", tuple(drawn))


def print_comparisons(every: Mapping[tuple[str, str], Curves]) -> None:
    """Differences at the end, paired over seeds, and how many seeds found the best of all."""
    ends = {arm: found[:, -1] for arm, found in every.items()}
    least = min(float(values.min()) for values in ends.values())
    print("  no keys minus keys, at the end:")
    for name in dict.fromkeys(name for name, _ in every):
        print(f"    {name:18}{shown(ends[name, 'paper'] - ends[name, 'default'])}")
    print("  random minus others, at the end:")
    for (name, profile), values in ends.items():
        if name != "random" and ("random", profile) in ends:
            gap = ends["random", profile] - values
            print(f"    {f'{name}, {PROFILES[profile]}':18}{shown(gap)}")
    print(f"  seeds that found the best of all, {least:.4f}:")
    for (name, profile), values in ends.items():
        print(f"    {f'{name}, {PROFILES[profile]}':18}{int((values <= least).sum())}")


def shown(values: npt.NDArray[np.float64]) -> str:
    """`1.234 [1.230, 1.240]`."""
    low, high = interval(values)
    return f"{values.mean():.4f} [{low:.4f}, {high:.4f}]"


def curve(name: str, found: Curves, dashed: bool) -> Curve:
    """Means with their intervals, from a full first population on and where each seed has a score.

    Before, strategies with a population do not differ, and the fall would dwarf all that follows.
    """
    scored = np.flatnonzero(np.isfinite(found).all(axis=0))
    scored = scored[scored >= min(POPULATION, found.shape[1]) - 1]
    points: list[tuple[float, float, float, float]] = [
        (float(trial + 1), float(found[:, trial].mean()), *interval(found[:, trial]))
        for trial in scored[:: max(1, len(scored) // 60)]
    ]
    return Curve(name, tuple(points), dashed)


def parsed(words: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    folder = environment.get("FENAS_DATA")
    default = Path(folder) / DATA if folder else None
    parser.add_argument("--data", type=Path, default=default, help="NAS-Bench-NLP's results")
    shipped = ATLAS if ATLAS.is_file() else None
    parser.add_argument("--atlas", type=Path, default=shipped, help="an atlas, or its table")
    parser.add_argument("--nodes", type=int, help="live nodes of the largest cells of the atlas")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--neighbours", type=int, default=10, help="of a cell in the pool")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--plots", type=Path, help="write a picture of each table here")
    return parser.parse_args(words)


def main() -> None:
    arguments = parsed()
    found = list(tables(arguments))
    if not found:  # as in `make bench`, where nothing is measured then
        print("no data: give --data FOLDER or --atlas FILE, or set FENAS_DATA")
        return
    with ProcessPoolExecutor(arguments.workers) as pool:
        for table in found:
            chart = compare(table, arguments, pool)
            if arguments.plots is not None:
                path = arguments.plots / f"strategies-{table.task}.svg"
                path.write_text(chart.svg(), encoding="utf-8")
                print(f"  drawn in {path}")


if __name__ == "__main__":
    main()
