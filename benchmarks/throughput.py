"""Children an hour: a search with the native engine, with torch operations, with a loop by hand.

    python benchmarks/throughput.py [--children 6] [--hidden 200] [--delay 5] [--steps 30]

Random search, so that all train the same cells, on one worker with one thread, round by round in
turn; a figure is the number of trainings over the seconds that these took, the median over rounds;
a ratio is of one round, and the median over rounds with the least and the greatest.
`naive` is the cell as one writes it in eager torch: a product an edge and time step, nothing fused.
Says something only on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from fenas_lang.bench.naive import naive_loop
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.ir.lower import lower
from fenas_lang.search.status import status
from fenas_lang.search.study import evolve
from fenas_lang.tasks.copy import Copy
from fenas_lang.tasks.outcome import Outcome

BACKEND = "FENAS_BACKEND"
CANDIDATES = {
    "engine": ("copy", None),
    "torch operations": ("copy", "torch"),
    "naive": ("throughput:NaiveCopy", None),
}
"""Task, and the value of FENAS_BACKEND."""


class NaiveLayer(nn.Module):
    """A layer's parameters, and the loop by hand that uses them; it gives no final state."""

    def __init__(self, cell: Any, input_size: int, hidden_size: int):
        super().__init__()
        self.layer = compile_layer(cell, input_size=input_size, hidden_size=hidden_size)
        dataflow = lower(self.layer.cell)
        self.loop, self.states = naive_loop(dataflow), len(dataflow.states)
        self.hidden_size = hidden_size

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        zeros = x.new_zeros(x.shape[1], self.hidden_size)
        return self.loop(x, [zeros] * self.states, self.layer.edges()), None


class NaiveCopy(Copy):
    """The copy task with naive layers."""

    name = "naive copy"

    def evaluate(self, cell: Any, **options: Any) -> Outcome:
        return super().evaluate(cell, build=NaiveLayer, **options)


def main() -> None:
    asked = arguments()
    rates: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    for number in range(asked.rounds):
        for name in CANDIDATES:
            rates[name].append(children_an_hour(name, number, asked))
    print(f"{'':20}{'children/h':>12}  engine is")
    for name, found in rates.items():
        ratios = [ours / rate for ours, rate in zip(rates["engine"], found, strict=True)]
        spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
        print(
            f"{name:20}{statistics.median(found):>12,.0f}"
            f"  {statistics.median(ratios):.2f} times as fast {spread}"
        )


def children_an_hour(name: str, seed: int, asked: argparse.Namespace) -> float:
    task, backend = CANDIDATES[name]
    settings = {"hidden": asked.hidden, "delay": asked.delay, "steps": asked.steps, "examples": 32}
    with tempfile.TemporaryDirectory() as folder, environment(backend):
        store = Path(folder) / "run.db"
        options = {"population": asked.children, "cycles": 0, "seed": seed, "profile": "paper"}
        evolve(["LSTM"], task, store=store, strategy="random", settings=settings, **options)
        found = status(store)
    return 3600 * found.trials / found.seconds


@contextmanager
def environment(backend: str | None) -> Iterator[None]:
    """With FENAS_BACKEND set for the workers, or as it was."""
    before = os.environ.get(BACKEND)
    if backend is not None:
        os.environ[BACKEND] = backend
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(BACKEND, None)
        else:
            os.environ[BACKEND] = before


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--children", type=int, default=6, help="trainings a round")
    parser.add_argument("--hidden", type=int, default=200, help="H")
    parser.add_argument("--delay", type=int, default=5, help="T = delay + 10 time steps")
    parser.add_argument("--steps", type=int, default=30, help="optimiser steps of a training")
    parser.add_argument(
        "--rounds", type=int, default=3, help="searches of each, other cells in each"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
