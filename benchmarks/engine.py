"""The native engine beside `nn.LSTM`, `nn.GRU` and the same cells as torch operations.

All are run in turn, many times over; a ratio is the median of the ratios of paired runs, so what
else the machine does falls on both.  Below 1, the engine is faster.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

import fenas_lang as fen
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

SHAPES = {
    "A": (35, 64, 64),
    "B": (35, 64, 300),
    "C": (35, 20, 900),
    "D": (50, 64, 300),
    "E": (200, 16, 128),
    "F": (35, 1, 300),
}
"""T, B, D = H."""

FIXED = {"LSTM": nn.LSTM, "GRU": nn.GRU}
RANDOM = 3
Run = Callable[[], None]


def main() -> None:
    """Print a line for each cell and shape."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--shapes", default="ABCDE")
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--clock", choices=["wall", "processor"], default="wall")
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    clock = time.perf_counter if given.clock == "wall" else time.process_time
    space = load_space("fenas")
    cells = [fen.load(name) for name in FIXED]
    cells += [sample(space, rng=random.Random(k), nodes=9) for k in range(RANDOM)]
    print(f"{'shape':6}{'cell':8}{'step':10}{'ms':>9}{'÷ torch':>9}{'÷ nn':>9}")
    for shape in given.shapes:
        for cell in cells:
            for step in ("train", "inference"):
                runs = candidates(cell, SHAPES[shape], step)
                print(f"{shape:6}{cell.name:8}{step:10}{figures(runs, given.runs, clock)}")


def candidates(cell: fen.Cell, shape: tuple[int, int, int], step: str) -> dict[str, Run]:
    """The engine, torch operations, and torch's own layer where there is one."""
    time_steps, batch, size = shape
    layer = fen.compile(cell, size, size)
    x = torch.randn(time_steps, batch, size, requires_grad=True)
    run = train if step == "train" else infer

    def through(backend: str) -> Run:
        def chosen() -> None:
            os.environ["FENAS_BACKEND"] = backend
            run(layer, x)

        return chosen

    found = {"engine": through(""), "torch": through("torch")}
    if cell.name in FIXED:
        theirs = FIXED[cell.name](size, size)
        found["nn"] = lambda: run(theirs, x)
    return found


def train(layer: nn.Module, x: Tensor) -> None:
    """Forward and backward, gradients of x included."""
    output, _ = layer(x)
    output.backward(torch.ones_like(output))
    layer.zero_grad()
    x.grad = None


def infer(layer: nn.Module, x: Tensor) -> None:
    with torch.no_grad():
        layer(x)


def figures(runs: dict[str, Run], count: int, clock: Callable[[], float]) -> str:
    """The engine's median in milliseconds, and its ratios to the others."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(count + 1):
        for name, run in runs.items():
            begun = clock()
            run()
            taken[name].append(clock() - begun)
    engine = taken.pop("engine")[1:]
    ratios = [
        statistics.median(a / b for a, b in zip(engine, other[1:], strict=True))
        for other in taken.values()
    ]
    milliseconds = 1000 * statistics.median(engine)
    return f"{milliseconds:9.2f}" + "".join(f"{ratio:9.2f}" for ratio in ratios)


if __name__ == "__main__":
    main()
