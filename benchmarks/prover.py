"""How many twins the prover proves, what it says of mutants, and how long it takes.

    python benchmarks/prover.py [PAIRS] [SEED]

Twins are sampled cells of all spaces, rewritten (commuted, associated, distributed, factored, with
double negations and `+ 0`) and renamed; half of them also with parameters negated.  Mutants
have one operation replaced.  Every positive verdict is evaluated at random points, so a false proof
would be seen.  PAIRS is the number of each, 200 unless given; 5000 takes hours on one core.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "proof"))

from corpus import holds, mutants, originals, twin

from fenas_lang.ir.graph import Graph
from fenas_lang.proof.relate import relate
from fenas_lang.proof.verdicts import Kind

POSITIVE = frozenset(Kind) - {Kind.DIFFERENT, Kind.UNKNOWN}


def measure(title: str, pairs: Iterable[tuple[Graph, Graph]]) -> None:
    """Print the shares of verdicts, the times, and how many proofs were false."""
    kinds: Counter[str] = Counter()
    times, false = [], 0
    for one, two in pairs:
        start = time.perf_counter()
        finding = relate(one, two)
        times.append(1000 * (time.perf_counter() - start))
        kinds[str(finding.kind)] += 1
        false += finding.kind in POSITIVE and not holds(one, two, finding)
    total = len(times)
    shares = ", ".join(f"{kind} {100 * n / total:.1f} %" for kind, n in kinds.most_common())
    last = statistics.quantiles(times, n=100)[98]
    print(f"{title}: {total} pairs: {shares}")
    print(f"  false proofs: {false}")
    print(
        f"  time: median {statistics.median(times):.1f} ms, 99 % within {last:.0f} ms", flush=True
    )


def main(count: int = 200, seed: int = 0) -> None:
    """Twins, twins with negated parameters, and mutants."""
    rng = random.Random(seed)
    half = count // 2
    measure("renamed twins", ((g, twin(g, rng, flips=False)) for g in originals(seed, half)))
    measure("negated twins", ((g, twin(g, rng, flips=True)) for g in originals(seed + 1, half)))
    measure("mutants", mutants(seed + 2, count))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
