"""Tasks timed in turn, so that what else the machine does falls on all of them."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

CLOCKS: dict[str, Callable[[], float]] = {
    "wall": time.perf_counter,
    "processor": time.process_time,
}
"""Time that passes, or time that all threads of this process together compute."""

SHORTEST = 0.01
"""Seconds that a measurement lasts at least, if MOST_CALLS allow."""
MOST_CALLS = 50
PAUSE = 0.002
"""Seconds before each measurement: idle threads of one library spin for a while after its work."""

Key = TypeVar("Key", bound=Hashable)


def measure(
    tasks: Mapping[Key, Callable[[], object]], runs: int, clock: str, seed: int
) -> dict[Key, tuple[float, ...]]:
    """Seconds a call of each task, round by round.

    A round runs all tasks in an order of its own, a short one several times over; two calls of each
    before the first round are not counted.  Values at the same place are of the same round, so
    their ratio is a paired one.
    """
    read, rng = CLOCKS[clock], random.Random(seed)
    calls = {key: _calls(task) for key, task in tasks.items()}
    taken: dict[Key, list[float]] = {key: [] for key in tasks}
    order = list(tasks)
    for _ in range(runs):
        rng.shuffle(order)
        for key in order:
            taken[key].append(_seconds(tasks[key], calls[key], read))
    return {key: tuple(seconds) for key, seconds in taken.items()}


def _seconds(task: Callable[[], object], calls: int, read: Callable[[], float]) -> float:
    time.sleep(PAUSE)
    begun = read()
    for _ in range(calls):
        task()
    return (read() - begun) / calls


def _calls(task: Callable[[], object]) -> int:
    task()
    estimate = _seconds(task, 1, time.perf_counter)
    return min(MOST_CALLS, math.ceil(SHORTEST / max(estimate, 1e-9)))
