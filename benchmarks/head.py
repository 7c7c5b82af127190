"""A step of a language model with `linear_cross_entropy` beside one of torch's own parts.

The step is forward and backward through embedding, recurrent layer and softmax over the vocabulary.
Time is the median of ratios of paired runs.  Memory is the most that the process held during steps,
less what it held before the first, each model in a process of its own; gradients count, and malloc
is told to hand large blocks back at once, so that what is held is what is in use.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import fenas_lang as fen
from fenas_lang.engine.linear_cross_entropy import LinearCrossEntropy

SHAPES = ((35, 20, 300), (35, 64, 300))
"""T, B, H."""

OURS, PEER, HEAD_ALONE = "engine + head", "nn.LSTM + Linear + cross_entropy", "nn.LSTM + head"
Step = Callable[[], None]


def main() -> None:
    """Print a line for each shape and model."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--words", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=9)
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--clock", choices=["wall", "processor"], default="wall")
    options.add_argument("--tied", action="store_true", help="one weight for words in and out")
    options.add_argument("--memory-of", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    torch.set_num_threads(given.threads)
    if given.memory_of:
        kind, *shape = given.memory_of
        print(peak_memory(kind, tuple(map(int, shape)), given.words, given.tied))
        return
    clock = time.perf_counter if given.clock == "wall" else time.process_time
    print(f"{'T, B, H':14}{'model':36}{'ms':>9}{'÷ peer':>9}{'MiB':>9}{'÷ peer':>9}")
    for shape in SHAPES:
        report(shape, given, clock)


def report(
    shape: tuple[int, int, int], given: argparse.Namespace, clock: Callable[[], float]
) -> None:
    kinds = (OURS, HEAD_ALONE, PEER)
    steps = {kind: make_step(kind, shape, given.words, given.tied) for kind in kinds}
    times = interleaved(steps, given.runs, clock)
    memory = {kind: memory_in_own_process(kind, shape, given) for kind in kinds}
    for kind in kinds:
        ratio = statistics.median(a / b for a, b in zip(times[kind], times[PEER], strict=True))
        milliseconds = 1000 * statistics.median(times[kind])
        share = memory[kind] / memory[PEER]
        print(
            f"{', '.join(map(str, shape)):14}{kind:36}{milliseconds:9.1f}{ratio:9.2f}"
            f"{memory[kind] / 1024:9.1f}{share:9.2f}"
        )


def make_step(kind: str, shape: tuple[int, int, int], words: int, tied: bool) -> Step:
    """One step of training, without the optimiser: every gradient is made anew."""
    time_steps, batch, size = shape
    torch.manual_seed(0)
    embedding = nn.Embedding(words, size)
    layer = fen.compile("LSTM", size, size) if kind == OURS else nn.LSTM(size, size)
    head = nn.Linear(size, words) if kind == PEER else LinearCrossEntropy(size, words)
    nn.init.uniform_(head.weight, -0.1, 0.1)
    if tied:
        embedding.weight = head.weight
    parts = nn.ModuleList([embedding, layer, head])
    text, target = torch.randint(words, (2, time_steps, batch)).unbind()

    def step() -> None:
        hidden, _ = layer(embedding(text))
        loss_of(head, hidden, target).backward()
        parts.zero_grad()

    return step


def loss_of(head: nn.Linear, hidden: Tensor, target: Tensor) -> Tensor:
    if isinstance(head, LinearCrossEntropy):
        return head(hidden, target)
    return F.cross_entropy(head(hidden).flatten(0, 1), target.flatten())


def interleaved(
    steps: dict[str, Step], runs: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of each step, all in turn, after one round that does not count."""
    taken: dict[str, list[float]] = {kind: [] for kind in steps}
    for _ in range(runs + 1):
        for kind, step in steps.items():
            begun = clock()
            step()
            taken[kind].append(clock() - begun)
    return {kind: found[1:] for kind, found in taken.items()}


def memory_in_own_process(
    kind: str, shape: tuple[int, int, int], given: argparse.Namespace
) -> float:
    """KiB; the processes' own high-water mark, so none sees another's."""
    command = [sys.executable, __file__, "--words", str(given.words), "--threads"]
    command += [str(given.threads), *(["--tied"] if given.tied else [])]
    command += ["--memory-of", kind, *map(str, shape)]
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "262144"}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(run.stdout)


def peak_memory(kind: str, shape: tuple[int, int, int], words: int, tied: bool) -> float:
    """KiB by which three steps raise the most that this process ever held."""
    warm = (2, 2, shape[2])
    make_step(kind, warm, 64, tied)()
    step = make_step(kind, shape, words, tied)
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark anew
    for _ in range(3):
        step()
    return status("VmHWM") - before


def status(field: str) -> float:
    """KiB, from what Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(field)).split()[1])


if __name__ == "__main__":
    main()
