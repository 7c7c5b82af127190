"""How fast this machine trains, from a few timed steps."""

from __future__ import annotations

import statistics
import time

import torch

from fenas_lang.check.loader import one_cell, shipped
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.engine.threads import torch_threads
from fenas_lang.language_model.model import Shape, WordLanguageModel

HIDDEN, WORDS, TIME, BATCH = 300, 10_000, 35, 20
RUNS = 3
FORWARD_AND_BACK = 3
"""A training step is counted as three times its forward pass."""


def lstm_operations(hidden: int) -> int:
    """Of the matrix products of an LSTM for one word: two for each of 8·H² weights."""
    return 16 * hidden * hidden


def operations_a_second(threads: int) -> float:
    """Floating-point operations of a training step of a language model (LSTM, hidden size 300,
    10,000 words, 35 steps of 20 streams), divided by its time: the median of three, after one."""
    operations = (lstm_operations(HIDDEN) + 2 * HIDDEN * WORDS) * TIME * BATCH * FORWARD_AND_BACK
    with torch.random.fork_rng(devices=[]), torch_threads(threads):
        torch.manual_seed(0)
        cell = one_cell(shipped("LSTM"))
        model = WordLanguageModel(cell, compile_layer, Shape(WORDS, HIDDEN))
        words = torch.randint(WORDS, (TIME, BATCH))
        times = [_step(model, words) for _ in range(RUNS + 1)]
    return operations / statistics.median(times[1:])


def _step(model: WordLanguageModel, words: torch.Tensor) -> float:
    begun = time.perf_counter()
    loss, _ = model.loss(words, words)
    loss.backward()  # type: ignore[no-untyped-call]
    return time.perf_counter() - begun
