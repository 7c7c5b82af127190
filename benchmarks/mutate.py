"""How fast the search itself is: children a second, each mutated, keyed and printed.

The peer is the engine's part of a trial: nothing here may be noticed beside a training.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from fenas_lang.check.check import checked
from fenas_lang.check.loader import load
from fenas_lang.search.mutation import Mutation, mutate
from fenas_lang.search.novelty import examine
from fenas_lang.spaces.outputs import RULES

CHILDREN = 2000
SEEDS = {"LSTM": "last", "GRU": "last", "ENAS": "loose", "NASCell": "any"}


def main() -> None:
    """Print a line a seed cell."""
    print(f"{'seed':10}{'space':8}{'nodes':>6}{'mutate/s':>12}{'key/s':>12}{'both/s':>12}")
    for name, output in SEEDS.items():
        source = checked(load(name))
        cell, space, rng = source.in_space, source.space, random.Random(0)

        def child() -> Mutation:
            mutation = mutate(cell, space, rng, RULES[output], {"operation": 1.0})
            assert mutation is not None
            return mutation

        children = [child() for _ in range(CHILDREN)]
        mutating = rate(child)
        keys = iter(children)
        keying = rate(lambda: examine(next(keys).cell, space, output))
        both = 1 / (1 / mutating + 1 / keying)
        figures = "".join(f"{figure:>12,.0f}" for figure in (mutating, keying, both))
        print(f"{name:10}{space.name:8}{len(cell.nodes):>6}{figures}")


def rate(step: Callable[[], object]) -> float:
    """Calls a second."""
    begun = time.perf_counter()
    for _ in range(CHILDREN):
        step()
    return CHILDREN / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
