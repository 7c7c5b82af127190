"""How many twins the prover proves, what it says of mutants, and how long it takes.

    python benchmarks/prover.py [PAIRS] [SEED]

Twins are sampled cells of all spaces with a dead node, rewritten (commuted, associated,
distributed, factored, with double negations, `+ 0`, terms that cancel) and renamed; of half of them
some parameters, or all of a node, are negated, which swaps z for 1 - z.  Mutants are single edits
by the search's seven mutations.  Every positive verdict is evaluated at random points, so a false
proof would be seen; one in 20 also with fifty digits, and by SymPy with explicit 2 by 2 matrices.
PAIRS is the number of twins and of mutants, 200 unless given.  Times are processor times.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "proof"))

from confirmation import confirmed, refuted
from corpus import holds, mutants, originals, twin

from fenas_lang.ir.graph import Graph
from fenas_lang.proof.relate import relate
from fenas_lang.proof.verdicts import Finding, Kind

POSITIVE = frozenset(Kind) - {Kind.DIFFERENT, Kind.UNKNOWN}
SAMPLED = 20
"""One in so many positive verdicts is confirmed by other means."""
Pair = tuple[str, Graph, Graph]


@dataclass
class Record:
    """Verdicts on pairs of one sort."""

    kinds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    invariants: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    false: int = 0
    positive: int = 0
    confirmed: list[bool] = field(default_factory=list)
    refuted: int = 0

    def add(self, label: str, one: Graph, two: Graph) -> None:
        start = time.process_time()
        finding = relate(one, two)
        self.times.append(1000 * (time.process_time() - start))
        self.kinds[label][str(finding.kind)] += 1
        if finding.kind in POSITIVE:
            self._check(one, two, finding)
        elif finding.kind is Kind.DIFFERENT:
            found = finding.not_in or finding.not_holding
            self.invariants[found.violated.kind if found else "states"] += 1

    def _check(self, one: Graph, two: Graph, finding: Finding) -> None:
        self.positive += 1
        self.false += not holds(one, two, finding)
        if self.positive % SAMPLED == 0:
            directions = ((one, two, finding.values), (two, one, finding.back))
            given = [(a, b, values) for a, b, values in directions if values is not None]
            self.refuted += any(refuted(*each) for each in given)
            self.confirmed.append(all(confirmed(*each) for each in given))

    def report(self, title: str) -> None:
        """Print the shares of verdicts, the times, and how many proofs were false."""
        total = sum(self.kinds.values(), Counter[str]())
        print(f"{title}: {_shares(total)}")
        if len(self.kinds) > 1:
            for label, counts in sorted(self.kinds.items()):
                print(f"  {label:<10} {_shares(counts)}")
        if self.invariants:
            print(f"  different by: {_shares(self.invariants)}")
        print(f"  false proofs: {self.false} of {self.positive}")
        print(f"  confirmed by SymPy: {sum(self.confirmed)} of {len(self.confirmed)}", end="")
        print(f"; refuted with fifty digits: {self.refuted}")
        last = statistics.quantiles(self.times, n=100)[98]
        print(f"  time: median {statistics.median(self.times):.1f} ms, 99 % within {last:.0f} ms")
        print(f"  slowest {max(self.times):.0f} ms", flush=True)


def _shares(counts: Counter[str]) -> str:
    shown = (f"{name} {100 * n / counts.total():.1f} %" for name, n in counts.most_common())
    return f"{counts.total()} pairs: {', '.join(shown)}"


def twins(seed: int, count: int, flips: bool) -> Iterator[Pair]:
    rng = random.Random(seed)
    for original in originals(seed, count):
        yield "twin", original.graph, twin(original, rng, flips)


def measure(title: str, pairs: Iterable[Pair]) -> None:
    record = Record()
    for pair in pairs:
        record.add(*pair)
    record.report(title)


def main(count: int = 200, seed: int = 0) -> None:
    """Twins, twins with negated parameters, and mutants."""
    half = count // 2
    measure("renamed twins", twins(seed, half, flips=False))
    measure("negated twins", twins(seed + 1, count - half, flips=True))
    measure("mutants", ((kind, o.graph, mutant) for kind, o, mutant in mutants(seed + 2, count)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
