"""How well a training-free proxy ranks the cells of NAS-Bench-NLP by their published losses.

    python benchmarks/proxy.py [--data FOLDER] [--count 300] [--hidden 32] [--proxy NAME]

FOLDER (or $FENAS_DATA) holds `nas-bench-nlp/architectures.jsonl.gz` and `ptb_runs.csv.gz` of
Klyuchnikov et al. 2022.  A random sample of architectures, one a canonical key, of which a run
finished; of each the proxy's score over some seeds, averaged by rank, against its mean final test
loss on the Penn Treebank.  Beside it, the number of parameters as a proxy.  Coefficients are those
of the score with minus the loss, so that 1 is best, with 95 % bootstrap intervals.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import math
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata, spearmanr

import fenas_lang as fen
from fenas_lang.importers.nas_bench_nlp import from_recipe
from fenas_lang.ir.lower import lower
from fenas_lang.search.proxy import named
from fenas_lang.syntax.ast import Cell

RESAMPLES = 1000
Figures = NDArray[np.float64]


@dataclass(frozen=True)
class Architecture:
    """A cell, and the mean of its finished runs' losses in nats a word."""

    cell: Cell
    loss: float


def main() -> None:
    asked = arguments()
    folder = data_folder(asked.data)
    if folder is None:
        print("no data of NAS-Bench-NLP: name a folder with --data or FENAS_DATA")
        return
    sample = list(drawn(folder, asked.count, asked.seed))
    losses = np.array([one.loss for one in sample])
    seeds = range(asked.repeats)
    each = np.array([[score(one, asked, seed) for one in sample] for seed in seeds])
    rows: Mapping[str, Figures] = {
        f"{asked.proxy}, one seed": each[0],
        f"{asked.proxy}, mean rank of {asked.repeats}": np.mean(
            [rankdata(s) for s in each], axis=0
        ),
        "number of parameters": np.array([parameters(one, asked.hidden) for one in sample]),
    }
    print(f"{len(sample)} architectures, H = {asked.hidden}\n")
    print(f"{'proxy':40}{'Spearman':>24}{'Kendall':>24}")
    for name, scores in rows.items():
        print(f"{name:40}" + "".join(f"{text:>24}" for text in coefficients(scores, -losses)))


def data_folder(given: Path | None) -> Path | None:
    root = given or Path(os.environ.get("FENAS_DATA", "."))
    folders = (root, root / "nas-bench-nlp")
    return next((f for f in folders if (f / "architectures.jsonl.gz").is_file()), None)


def drawn(folder: Path, count: int, seed: int) -> Iterator[Architecture]:
    """A sample of those with a finished run, all of different canonical keys."""
    losses = finished(folder)
    recipes = [r for line in lines(folder / "architectures.jsonl.gz") if (r := json.loads(line))]
    order = np.random.default_rng(seed).permutation(len(recipes))
    keys: set[str] = set()
    for recipe in (recipes[place] for place in order):
        cell = from_recipe(recipe, "Recipe")
        key = fen.canonical_key(cell)
        if len(keys) < count and key not in keys and losses.get(recipe["arch"]):
            keys.add(key)
            yield Architecture(cell, statistics.fmean(losses[recipe["arch"]]))


def finished(folder: Path) -> Mapping[int, Sequence[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for row in csv.DictReader(lines(folder / "ptb_runs.csv.gz")):
        loss = float(row["final_test_loss"] or "nan")
        if math.isfinite(loss):
            found[int(row["arch"])].append(loss)
    return found


def lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        yield from file


def score(one: Architecture, asked: argparse.Namespace, seed: int) -> float:
    if sys.stderr.isatty():
        print(".", end="", file=sys.stderr, flush=True)
    options = {"hidden": asked.hidden} if asked.hidden else {}
    return named(asked.proxy)(one.cell, lower(one.cell), seed, **options)


def parameters(one: Architecture, hidden: int) -> int:
    layer = fen.compile(one.cell, input_size=hidden, hidden_size=hidden)
    return sum(parameter.numel() for parameter in layer.parameters())


def coefficients(scores: Figures, values: Figures) -> Iterator[str]:
    """Both rank correlations, each with its bootstrap interval."""
    ranks = rankdata(scores), rankdata(values)
    rng = np.random.default_rng(0)
    picks = [rng.integers(len(scores), size=len(scores)) for _ in range(RESAMPLES)]
    for correlation in (spearmanr, kendalltau):
        spread = [correlation(ranks[0][p], ranks[1][p]).statistic for p in picks]
        low, high = np.quantile(spread, [0.025, 0.975])
        yield f"{correlation(*ranks).statistic:.2f} ({low:.2f} to {high:.2f})"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="the folder of the benchmark")
    parser.add_argument("--proxy", default="hidden_covariance", help="a file of search/proxies")
    parser.add_argument("--count", type=int, default=300, help="architectures in the sample")
    parser.add_argument("--hidden", type=int, default=32, help="H of the untrained layers")
    parser.add_argument("--repeats", type=int, default=5, help="initialisations of each")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    return parser.parse_args()


if __name__ == "__main__":
    main()
