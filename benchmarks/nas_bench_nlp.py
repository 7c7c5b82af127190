"""NAS-Bench-NLP under the lens: which of its cells are the same, and do they score the same?

    python benchmarks/nas_bench_nlp.py [--data FOLDER]

FOLDER (or $FENAS_DATA) holds `nas-bench-nlp/architectures.jsonl.gz` and `ptb_runs.csv.gz`: recipes
and final test losses of Klyuchnikov et al. 2022 (arXiv:2006.07116).  Every recipe becomes a cell,
is written as .fen, read again, built as a layer, and run for one step against the interpreter.
Then cells are grouped, by text, by canonical key and by ring key, and the published losses of
cells that are the same are set against those of all.  About a minute on one core.
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
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch

import fenas_lang as fen
from fenas_lang.importers.nas_bench_nlp import from_recipe
from fenas_lang.proof.ring_key import NO_RING_KEY
from fenas_lang.syntax.ast import Cell

SIZE, BATCH = 4, 2
LEVELS = ("text", "canonical key", "ring key")


@dataclass(frozen=True)
class Architecture:
    """One recipe: its number, what it is under each key, and the losses of its finished runs."""

    number: int
    name: str
    cell: Cell
    keys: Mapping[str, str]
    losses: tuple[float, ...]
    failed: int


def lines(path: Path) -> Iterator[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        yield from file


def runs(folder: Path) -> Mapping[int, list[float]]:
    """Final test losses by architecture, in nats a word; not a number where a run diverged."""
    found: dict[int, list[float]] = defaultdict(list)
    for row in csv.DictReader(lines(folder / "ptb_runs.csv.gz")):
        found[int(row["arch"])].append(float(row["final_test_loss"] or "nan"))
    return found


def read(folder: Path) -> list[Architecture]:
    """All recipes, as cells with their keys; checks that each comes back from its text."""
    trained = runs(folder)
    made = []
    for line in lines(folder / "architectures.jsonl.gz"):
        recipe = json.loads(line)
        name = recipe["name"] or f"Recipe{recipe['arch']}"
        cell = from_recipe(recipe, name)
        again = fen.loads(str(cell))
        text = fen.canonical_key(cell)
        ring = fen.ring_key(cell)
        assert again == cell and fen.canonical_key(again) == text, recipe["arch"]
        keys = {
            "text": json.dumps(recipe["recipe"]),
            "canonical key": text,
            "ring key": text if ring == NO_RING_KEY else ring,
        }
        losses = trained.get(recipe["arch"], [])
        finite = tuple(loss for loss in losses if math.isfinite(loss))
        made.append(
            Architecture(recipe["arch"], name, cell, keys, finite, len(losses) - len(finite))
        )
        progress(len(made), "read")
    clear()
    return made


def progress(done: int, what: str) -> None:
    if sys.stderr.isatty() and done % 50 == 0:
        print(f"\r{done} {what}", end="", file=sys.stderr, flush=True)


def clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def worst_error(cells: Iterable[Cell]) -> float:
    """The greatest difference between one step of each layer and the interpreter, in doubles."""
    rng, worst = np.random.default_rng(0), 0.0
    torch.manual_seed(0)
    for number, cell in enumerate(cells):
        layer = fen.compile(cell, input_size=SIZE, hidden_size=SIZE, dtype=torch.float64)
        x = rng.standard_normal((BATCH, SIZE))
        with torch.no_grad():
            output, _ = layer(torch.from_numpy(x)[None])
        parameters = {name: edge.detach().numpy() for name, edge in layer.edges().items()}
        states = [np.zeros((BATCH, SIZE))] * len(cell.states)
        wanted = fen.interpret(cell, x=x, states=states, parameters=parameters)[0]
        worst = max(worst, float(np.abs(output[0].numpy() - wanted).max()))
        progress(number, "built and run")
    clear()
    return worst


@dataclass(frozen=True)
class Agreement:
    """How closely values agree in groups of two or more, by one-way analysis of variance.

    `within` is the standard deviation inside groups (pooled), `overall` that of all these values;
    `correlation` the intraclass correlation ICC(1) for groups of unequal sizes (Searle 1971).
    """

    groups: int
    values: int
    within: float
    overall: float
    correlation: float
    difference: float


def agreement(groups: Iterable[Sequence[float]]) -> Agreement | None:
    several = [group for group in groups if len(group) > 1]
    values = [value for group in several for value in group]
    count, total = len(several), len(values)
    if count < 2:
        return None
    mean = statistics.fmean(values)
    means = [statistics.fmean(group) for group in several]
    inside = sum((v - m) ** 2 for group, m in zip(several, means, strict=True) for v in group)
    between = sum(len(g) * (m - mean) ** 2 for g, m in zip(several, means, strict=True))
    msw, msb = inside / (total - count), between / (count - 1)
    size = (total - sum(len(g) ** 2 for g in several) / total) / (count - 1)
    gaps = [abs(a - b) for group in several for a, b in combinations(group, 2)]
    return Agreement(
        count,
        total,
        math.sqrt(msw),
        statistics.stdev(values),
        (msb - msw) / (msb + (size - 1) * msw),
        statistics.median(gaps),
    )


def grouped(architectures: Iterable[Architecture], key: str) -> dict[Hashable, list[Architecture]]:
    groups: dict[Hashable, list[Architecture]] = defaultdict(list)
    for architecture in architectures:
        groups[architecture.keys[key]].append(architecture)
    return groups


def mean_losses(architectures: Iterable[Architecture], key: str, finer: str) -> list[list[float]]:
    """Of each class by `key`, the mean loss of each of its classes by `finer` that trained."""
    found = []
    for members in grouped(architectures, key).values():
        inner = [
            [loss for a in same for loss in a.losses] for same in grouped(members, finer).values()
        ]
        found.append([statistics.fmean(losses) for losses in inner if losses])
    return found


def show_counts(architectures: Sequence[Architecture]) -> None:
    print(f"\n{len(architectures)} architectures")
    for key in LEVELS:
        groups = grouped(architectures, key)
        sizes = sorted(map(len, groups.values()), reverse=True)
        print(f"  different by {key:14} {len(groups):5}; largest classes {sizes[:6]}")
    print("largest classes by ring key:")
    largest = sorted(grouped(architectures, "ring key").values(), key=len, reverse=True)
    for members in largest[:3]:
        texts = len({a.keys["text"] for a in members})
        losses = [loss for a in members for loss in a.losses]
        trained = f"{len(losses)} finished runs"
        if len(losses) > 1:
            mean, deviation = statistics.fmean(losses), statistics.stdev(losses)
            trained += f", loss {mean:.3f} ± {deviation:.3f} nats a word"
        print(f"  {len(members)} architectures of {texts} texts, {trained}; the first is")
        print("    " + str(members[0].cell).replace("\n", "\n    ").rstrip())


def show_agreement(architectures: Sequence[Architecture]) -> None:
    print("\nfinal test loss (nats a word) inside groups and overall:")
    print("  groups                          groups values  within overall  ICC   median gap")
    rows = {
        "runs of one text": [
            [loss for a in same for loss in a.losses]
            for same in grouped(architectures, "text").values()
        ],
        "texts of one canonical key": mean_losses(architectures, "canonical key", "text"),
        "texts of one ring key": mean_losses(architectures, "ring key", "text"),
        "canonical keys of one ring key": mean_losses(architectures, "ring key", "canonical key"),
    }
    for title, groups in rows.items():
        found = agreement(groups)
        if found is None:
            print(f"  {title:31} none of two or more")
            continue
        print(
            f"  {title:31} {found.groups:6} {found.values:6}  {found.within:6.4f} "
            f"{found.overall:6.4f} {found.correlation:6.3f}   {found.difference:.4f}"
        )
    means = [statistics.fmean(a.losses) for a in architectures if a.losses]
    print(
        f"  all architectures that trained  {'':6} {len(means):6}  {statistics.stdev(means):14.4f}"
    )


def show_failures(architectures: Sequence[Architecture]) -> None:
    finished = sum(len(a.losses) for a in architectures)
    failed = sum(a.failed for a in architectures)
    print(f"\nruns: {finished} finished, {failed} diverged")
    for key in ("text", "canonical key"):
        kinds: Counter[str] = Counter()
        for members in grouped(architectures, key).values():
            outcomes = [*(True for a in members for _ in a.losses)]
            outcomes += [False] * sum(a.failed for a in members)
            if len(outcomes) > 1:
                kinds["mixed" if len(set(outcomes)) > 1 else str(outcomes[0])] += 1
        print(
            f"  classes by {key} with two or more runs: {kinds['True']} all finished,"
            f" {kinds['False']} all diverged, {kinds['mixed']} some of each"
        )


def show_lstm(architectures: Sequence[Architecture]) -> None:
    """What the benchmark calls lstm, against the LSTM."""
    named = {a.name: a.cell for a in architectures}
    for name, other in (
        ("rnn", "torch.nn.RNN"),
        ("gru", "torch.nn.GRU"),
        ("lstm", "torch.nn.LSTM"),
    ):
        verdict = fen.prove(named[name], other)
        print(f"\nits {name}: {verdict.sentence}")
        refutation = verdict.finding.not_in
        if refutation is not None:
            show_witness(named[name], refutation.witness)


def show_witness(cell: Cell, witness: Any) -> None:
    """The states after one step at a witness, from the interpreter."""
    found = fen.interpret(
        cell, x=witness.x, states=list(witness.states), parameters=witness.parameters
    )
    print(f"  witness, D = H = {witness.x.shape[-1]}:")
    print(f"    x = {witness.x[0].tolist()}")
    for state, value in zip(cell.states, witness.states, strict=True):
        print(f"    {state} = {value[0].tolist()}")
    for name, value in witness.parameters.items():
        print(f"    {name} = {value.tolist()}")
    for output, value in zip(cell.output_names, found, strict=True):
        print(f"    new {output} = {value[0].round(4).tolist()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("FENAS_DATA"))
    data = parser.parse_args().data
    if data is None:  # as in `make bench`, where nothing is measured then
        print("no data: give --data FOLDER or set FENAS_DATA")
        return
    folder = Path(data) / "nas-bench-nlp"
    if not (folder / "architectures.jsonl.gz").exists():
        sys.exit(f"there is no {folder}/architectures.jsonl.gz")
    torch.set_num_threads(1)
    architectures = read(folder)
    print(f"{len(architectures)} recipes became cells, each the same again from its text")
    error = worst_error(a.cell for a in architectures)
    print(f"all built as layers and run for a step; greatest error {error:.1e} in doubles")
    show_counts(architectures)
    show_failures(architectures)
    show_agreement(architectures)
    show_lstm(architectures)


if __name__ == "__main__":
    main()
