"""A step of a language model with the chunked head, beside one of torch's own parts.

The step is forward and backward through embedding, LSTM and softmax over the vocabulary.  Memory is
the most that a process held during steps, less what it held before the first, each model in a
process of its own; gradients count, and malloc is told to hand large blocks back at once, so that
what is held is what is in use.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fenas_lang.bench.result import Row
from fenas_lang.bench.runner import measure as interleaved
from fenas_lang.bench.settings import Settings
from fenas_lang.bench.statistics import geometric_mean
from fenas_lang.check.loader import load
from fenas_lang.engine.layer import compile
from fenas_lang.engine.linear_cross_entropy import LinearCrossEntropy
from fenas_lang.engine.threads import torch_threads

WORDS, SIZE = 10_000, 300
SHAPES = ((35, 20), (35, 64))
"""T, B."""

OURS, PEER = "ours", "torch"
Step = Callable[[], None]


def measure(settings: Settings) -> Row:
    """The times' geometric mean over the shapes, and the larger share of memory."""
    times = [_time_ratio(shape, settings) for shape in SHAPES]
    shares = [_memory_ratio(shape, settings) for shape in SHAPES]
    each = ", ".join(
        f"{taken:.2f} of the time and {share:.2f} of the memory at T = {time}, B = {batch}"
        for (time, batch), taken, share in zip(SHAPES, times, shares, strict=True)
    )
    text = (
        f"a step of a language model (LSTM, H = {SIZE}, {WORDS:,} words) with the chunked head, ÷"
        f" `nn.LSTM`, `nn.Linear` and `cross_entropy`: {each}"
    )
    figures = {"time_ratio": geometric_mean(times), "memory_ratio": max(shares)}
    return Row("head", text, figures)


def make_step(kind: str, time: int, batch: int) -> Step:
    """One step of training, without the optimiser: every gradient is made anew."""
    torch.manual_seed(0)
    embedding = nn.Embedding(WORDS, SIZE)
    ours = kind == OURS
    layer = compile(load("LSTM"), SIZE, SIZE) if ours else nn.LSTM(SIZE, SIZE)
    head = LinearCrossEntropy(SIZE, WORDS) if ours else nn.Linear(SIZE, WORDS)
    parts = nn.ModuleList([embedding, layer, head])
    text, target = torch.randint(WORDS, (2, time, batch)).unbind()

    def step() -> None:
        hidden, _ = layer(embedding(text))
        torch.autograd.backward(_loss(head, hidden, target))
        parts.zero_grad()

    return step


def _loss(head: nn.Linear, hidden: Tensor, target: Tensor) -> Tensor:
    if isinstance(head, LinearCrossEntropy):
        loss: Tensor = head(hidden, target)
        return loss
    return F.cross_entropy(head(hidden).flatten(0, 1), target.flatten())


def _time_ratio(shape: tuple[int, int], settings: Settings) -> float:
    steps = {kind: make_step(kind, *shape) for kind in (OURS, PEER)}
    with torch_threads(settings.threads):
        taken = interleaved(steps, settings.runs, settings.clock, settings.seed)
    return statistics.median(a / b for a, b in zip(taken[OURS], taken[PEER], strict=True))


def _memory_ratio(shape: tuple[int, int], settings: Settings) -> float:
    ours, peer = (_memory_in_own_process(kind, shape, settings) for kind in (OURS, PEER))
    return ours / peer


def _memory_in_own_process(kind: str, shape: tuple[int, int], settings: Settings) -> float:
    """KiB; the processes' own high-water mark, so none sees another's."""
    arguments = (kind, *map(str, shape), str(settings.threads))
    environment = os.environ | {"MALLOC_MMAP_THRESHOLD_": "262144"}
    command = [sys.executable, "-m", __name__, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(run.stdout)


def peak_memory(kind: str, time: int, batch: int) -> float:
    """KiB by which three steps raise the most that this process ever held."""
    make_step(kind, 2, 2)()
    step = make_step(kind, time, batch)
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark anew
    for _ in range(3):
        step()
    return _status("VmHWM") - before


def _status(field: str) -> float:
    """KiB, from what Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith(field)).split()[1])


if __name__ == "__main__":
    own, time_steps, rows, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    print(peak_memory(own, int(time_steps), int(rows)))
