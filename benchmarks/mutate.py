"""How fast the search itself is: children a second, mutated and keyed.

Beside a training, which takes seconds, nothing of this may be noticed.  `key` is `fen1:`; `examine`
is what a search does with each child: `ring1:`, and whether the cell is useless by algebra.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from fenas_lang.check.check import Checked, checked
from fenas_lang.check.loader import load
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.search.mutation import mutate
from fenas_lang.search.novelty import dataflow_of, examine
from fenas_lang.spaces.request import WORDS
from fenas_lang.syntax.ast import Cell

CHILDREN, EXAMINED = 2000, 200
SEEDS = ("LSTM", "GRU", "ENAS", "DARTS_V2")


def main() -> None:
    """Print a line a seed cell."""
    print(
        f"{'seed':10}{'space':8}{'nodes':>6}{'mutate/s':>12}{'key/s':>12}{'both/s':>12}{'examine/s':>12}"
    )
    for name in SEEDS:
        source = checked(load(name))
        mutating, keying, examining = rates(source)
        both = 1 / (1 / mutating + 1 / keying)
        figures = "".join(f"{figure:>12,.0f}" for figure in (mutating, keying, both, examining))
        print(f"{name:10}{source.space.name:8}{len(source.in_space.nodes):>6}{figures}")


def rates(source: Checked) -> tuple[float, float, float]:
    """Mutations a second, and of the children keys a second and examinations a second."""
    rng, children = random.Random(0), list[Cell]()

    def mutation() -> None:
        made = mutate(source.in_space, source.space, rng, source.rule, {"operation": 1.0})
        assert made is not None
        children.append(made.cell)

    output = WORDS[source.rule]
    mutating = rate(mutation)
    several = children[:EXAMINED]
    keying = rate(lambda: canonical_key(dataflow_of(children.pop(), source.space, output)))
    examining = rate(lambda: examine(several.pop(), source.space, output), EXAMINED)
    return mutating, keying, examining


def rate(step: Callable[[], object], times: int = CHILDREN) -> float:
    """Calls a second."""
    begun = time.perf_counter()
    for _ in range(times):
        step()
    return times / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
