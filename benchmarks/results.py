"""All targets of the engine in one run, written to benchmarks/RESULTS.md.

    python benchmarks/results.py [--runs N] [--threads N] [-o FILE]

It takes about a quarter of an hour on two cores, most of it in compilers of peers, and says
something only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

import fenas_lang as fen
from fenas_lang.bench.bench import bench
from fenas_lang.bench.markdown import page
from fenas_lang.bench.result import Result, joined
from fenas_lang.bench.settings import INFERENCE, STEPS, TRAIN, Settings
from fenas_lang.bench.shapes import shapes
from fenas_lang.bench.subjects import Subject, random_subjects, subjects
from fenas_lang.registry import discover
from fenas_lang.spaces.reader import load_space

HERE = Path(__file__).parent
NODES, RANDOM_CELLS, SEED = 9, 3, 0
COMPILED, UNCOMPILED = "ABE", "CD"
"""Where torch.compile is measured, which takes longer than all the rest."""


@dataclass(frozen=True)
class Part:
    """Cells and shapes with the same peers."""

    cells: Sequence[Subject]
    shapes: str
    steps: tuple[str, ...]
    peers: str


def parts() -> Iterator[Part]:
    """What is measured, in order; only the first random cell is compiled by torch."""
    lstm, gru = (subjects([fen.load(name)]) for name in ("LSTM", "GRU"))
    first, *others = random_subjects(load_space("fenas"), RANDOM_CELLS, NODES, SEED)
    every = "".join(sorted(COMPILED + UNCOMPILED))
    yield Part(lstm, every + "F", (INFERENCE,), "lstm torch eager jax onnxruntime")
    yield Part(gru, every, STEPS, "gru torch eager")
    yield Part(lstm, UNCOMPILED, (TRAIN,), "lstm torch eager jax")
    yield Part([first], UNCOMPILED, (TRAIN,), "torch eager jax")
    yield Part(others, every, (TRAIN,), "torch eager jax")
    yield Part(lstm, COMPILED, (TRAIN,), "lstm torch eager jax compile")
    yield Part([first], COMPILED, (TRAIN,), "torch eager jax compile")


def measured(runs: int, threads: int) -> Result:
    """All parts, then all rows, with a line on standard error for each step."""
    begun = time.monotonic()

    def watch(text: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - begun), 60)
        print(f"{minutes:3}:{seconds:02}  {text}", file=sys.stderr, flush=True)

    found = []
    for part in parts():
        settings = Settings(part.steps, runs, threads, seed=SEED)
        found.append(
            bench(part.cells, shapes(part.shapes), settings, part.peers.split(), (), watch)
        )
    rows = tuple(discover("fenas_lang.bench.rows"))
    found.append(bench([], [], Settings(STEPS, runs, threads, seed=SEED), (), rows, watch))
    return joined(found)


def main() -> None:
    """Measure, write the page, and print it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=15)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("-o", "--output", type=Path, default=HERE / "RESULTS.md")
    given = options.parse_args()
    result = measured(given.runs, given.threads)
    today = datetime.date.today().isoformat()
    command = f"python benchmarks/results.py --runs {given.runs} --threads {given.threads}"
    text = page(result, "Results of the engine", today, command)
    given.output.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
