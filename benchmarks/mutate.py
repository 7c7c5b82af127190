"""How fast the search itself is: children a second, mutated and keyed.

Beside a training, which takes seconds, nothing of this may be noticed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from fenas_lang.check.check import Checked, checked
from fenas_lang.check.loader import load
from fenas_lang.search.mutation import mutate
from fenas_lang.search.novelty import examine
from fenas_lang.spaces.request import WORDS
from fenas_lang.syntax.ast import Cell

CHILDREN = 2000
SEEDS = ("LSTM", "GRU", "ENAS", "DARTS_V2")


def main() -> None:
    """Print a line a seed cell."""
    print(f"{'seed':10}{'space':8}{'nodes':>6}{'mutate/s':>12}{'key/s':>12}{'both/s':>12}")
    for name in SEEDS:
        source = checked(load(name))
        mutating, keying = rates(source)
        both = 1 / (1 / mutating + 1 / keying)
        figures = "".join(f"{figure:>12,.0f}" for figure in (mutating, keying, both))
        print(f"{name:10}{source.space.name:8}{len(source.in_space.nodes):>6}{figures}")


def rates(source: Checked) -> tuple[float, float]:
    """Mutations a second, and keys a second of the children."""
    rng, children = random.Random(0), list[Cell]()

    def mutation() -> None:
        made = mutate(source.in_space, source.space, rng, source.rule, {"operation": 1.0})
        assert made is not None
        children.append(made.cell)

    output = WORDS[source.rule]
    mutating = rate(mutation)
    return mutating, rate(lambda: examine(children.pop(), source.space, output))


def rate(step: Callable[[], object]) -> float:
    """Calls a second."""
    begun = time.perf_counter()
    for _ in range(CHILDREN):
        step()
    return CHILDREN / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
