"""The paper's ablation at small scale: aging evolution with and without the LSTM as a seed.

    python benchmarks/seeds.py [--seeds 5] [--cycles 60] [--workers 2]

Pasunuru & Bansal 2020 find the search slower without the LSTM in the first population, by 24 %.
Here both searches run on `digits` in the profile `paper` (no keys, no filter, nothing retrained),
from the same random seeds; without the LSTM, cells have one state, since random cells have as many
states as the seeds.  Reported are the best validation accuracy so far, and how many trials it took
to reach a level that both reach: the lower of the two mean final accuracies.  A search that does
not reach it counts with all of its trials.  Intervals are bootstrapped over seeds (95 %).  Under
eight minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fenas_lang.search import study
from fenas_lang.search.trial import Trial

ARMS = {"with LSTM": ["LSTM"], "without": []}
RESAMPLES, INTERVAL = 2000, (2.5, 97.5)

Curves = npt.NDArray[np.float64]
"""Best accuracy so far, seeds by trials."""


def best_so_far(trials: Sequence[Trial], total: int) -> list[float]:
    """After each trial; what failed leaves it where it is."""
    metrics = [0.0 if trial.metric is None else trial.metric for trial in trials]
    found = list(np.maximum.accumulate(metrics))
    return found + [found[-1]] * (total - len(found))


def search(cells: list[str], seed: int, arguments: argparse.Namespace) -> list[float]:
    """One search, in a store that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        result = study.evolve(
            cells,
            "digits",
            store=Path(folder) / "run.db",
            space="fenas",
            settings={"epochs": arguments.epochs},
            population=arguments.population,
            sample=arguments.sample,
            cycles=arguments.cycles,
            nodes=9,
            profile="paper",
            seed=seed,
            workers=arguments.workers,
        )
    trials = [result.trials[number] for number in sorted(result.trials)]
    return best_so_far(trials, arguments.population + arguments.cycles)


def resampled(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means of resamples over seeds, always the same ones."""
    rows = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    means: npt.NDArray[np.float64] = values[rows].mean(axis=1)
    return means


def shown(values: npt.NDArray[np.float64], digits: int) -> str:
    low, high = np.percentile(resampled(values), INTERVAL)
    return f"{values.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def trials_until(found: Curves, level: float) -> npt.NDArray[np.float64]:
    """Of each search, the trial with which it reached a level; all of its trials where none did."""
    reached = found >= level
    first = reached.argmax(axis=1) + 1
    return np.where(reached.any(axis=1), first, found.shape[1]).astype(float)


def report(curves: dict[str, Curves], population: int) -> None:
    total = next(iter(curves.values())).shape[1]
    marks = sorted({min(population, total), (population + total) // 2, total})
    print("best validation accuracy so far, mean over seeds [95 %]")
    for name, found in curves.items():
        cells = "   ".join(f"after {m}: {shown(found[:, m - 1], 4)}" for m in marks)
        print(f"  {name:10} {cells}")
    level = min(float(found[:, -1].mean()) for found in curves.values())
    counts = {name: trials_until(found, level) for name, found in curves.items()}
    print(f"trials until accuracy {level:.4f}")
    for name, values in counts.items():
        missed = int((curves[name][:, -1] < level).sum())
        print(f"  {name:10} {shown(values, 1)}; {missed} of {len(values)} never")
    one, other = (resampled(values) for values in counts.values())
    low, high = np.percentile(other / one, INTERVAL)
    first, second = (values.mean() for values in counts.values())
    print(f"without ÷ with: {second / first:.2f} [{low:.2f}, {high:.2f}]; the paper says 1.24")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    defaults = {"seeds": 5, "population": 20, "sample": 5, "cycles": 60, "epochs": 8, "workers": 2}
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    arguments = parser.parse_args()
    started = time.perf_counter()
    curves = {}
    for name, cells in ARMS.items():
        rows = []
        for seed in range(arguments.seeds):
            rows.append(search(cells, seed, arguments))
            print(f"{name}, seed {seed}: {rows[-1][-1]:.4f}", file=sys.stderr)
        curves[name] = np.array(rows)
    total = arguments.population + arguments.cycles
    print(f"digits, {arguments.seeds} seeds, {total} trials, {arguments.epochs} epochs each")
    report(curves, arguments.population)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
