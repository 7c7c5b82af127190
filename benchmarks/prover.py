"""How many twins the prover proves, what it says of mutants and shipped cells, and how fast.

    python benchmarks/prover.py [PAIRS] [SEED] [WORKERS]

Twins are sampled cells of all spaces with a dead node, rewritten (commuted, associated,
distributed, factored, with double negations, `+ 0`, terms that cancel) and renamed; of half of them
some parameters, or all of a node, are negated, which swaps z for 1 - z.  Mutants are single edits
by the search's seven mutations.  Every positive verdict is evaluated at random points, so a false
proof would be seen; one in 50 also with fifty digits, and by SymPy with explicit 2 by 2 matrices.
PAIRS is the number of twins and of mutants, 200 unless given.  The pairs do not depend on WORKERS,
the number of processes, 1 unless given.  Times are processor times.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations
from multiprocessing import Pool
from operator import add
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "proof"))

from confirmation import confirmed, refuted
from corpus import holds, mutants, originals, twin

from fenas_lang.check.loader import load, shipped_cells
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.relate import relate
from fenas_lang.proof.verdicts import Finding, Kind

POSITIVE = frozenset(Kind) - {Kind.DIFFERENT, Kind.UNKNOWN}
SAMPLED = 50
"""One in so many positive verdicts is confirmed by other means."""
PORTION = 100
"""Pairs that a process does at once."""
SHIPPED, RENAMED, NEGATED, MUTANTS = "shipped cells", "renamed twins", "negated twins", "mutants"
Pair = tuple[str, Graph, Graph]


@dataclass
class Record:
    """Verdicts on pairs of one sort: how often each, by the pair's label."""

    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    invariants: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    false: int = 0
    positive: int = 0
    confirmed: list[bool] = field(default_factory=list)
    refuted: int = 0

    def __add__(self, other: Record) -> Record:
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Record(*(one + two for one, two in pairs))

    def add(self, label: str, one: Graph, two: Graph) -> None:
        start = time.process_time()
        finding = relate(one, two)
        self.times.append(1000 * (time.process_time() - start))
        self.kinds[label, str(finding.kind)] += 1
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
        labels: dict[str, Counter[str]] = defaultdict(Counter)
        for (label, kind), number in self.kinds.items():
            labels[label][kind] += number
        print(f"{title}: {_shares(sum(labels.values(), Counter()))}")
        for label, counts in sorted(labels.items()) if len(labels) > 1 else ():
            print(f"  {label:<10} {_shares(counts)}")
        if self.invariants:
            print(f"  different by: {_shares(self.invariants)}")
        print(f"  false proofs: {self.false} of {self.positive}")
        print(
            f"  confirmed by SymPy in 2 s: {sum(self.confirmed)} of {len(self.confirmed)}", end=""
        )
        print(f"; refuted with fifty digits: {self.refuted}")
        last = statistics.quantiles(self.times, n=100)[98]
        print(f"  time: median {statistics.median(self.times):.1f} ms, 99 % within {last:.0f} ms")
        print(f"  slowest {max(self.times):.0f} ms", flush=True)


def _shares(counts: Counter[str]) -> str:
    shown = (f"{name} {100 * n / counts.total():.1f} %" for name, n in counts.most_common())
    return f"{counts.total()} pairs: {', '.join(shown)}"


def pairs(sort: str, seed: int, count: int) -> Iterator[Pair]:
    """Two cells, and what was done to the first."""
    rng = random.Random(seed)
    if sort == SHIPPED:
        graphs = [expand(lower(load(name))) for name in shipped_cells()]
        yield from ((sort, one, two) for one, two in combinations(graphs, 2))
        return
    if sort == MUTANTS:
        yield from ((kind, one.graph, mutant) for kind, one, mutant in mutants(seed, count))
        return
    for original in originals(seed, count):
        yield sort, original.graph, twin(original, rng, flips=sort == NEGATED)


def record(task: tuple[str, int, int]) -> Record:
    """The verdicts on some pairs."""
    result = Record()
    for pair in pairs(*task):
        result.add(*pair)
    return result


def tasks(sort: str, seed: int, count: int) -> list[tuple[str, int, int]]:
    """The pairs of one sort in portions, each with a seed of its own."""
    sizes = [min(PORTION, count - start) for start in range(0, count, PORTION)]
    return [(sort, 1000 * seed + k, size) for k, size in enumerate(sizes)]


def main(count: int = 200, seed: int = 0, workers: int = 1) -> None:
    """All pairs of shipped cells, twins, twins with negated parameters, and mutants."""
    record((SHIPPED, seed, 0)).report(SHIPPED)
    sorts = {RENAMED: count // 2, NEGATED: count - count // 2, MUTANTS: count}
    with Pool(workers) as pool:
        given = {
            sort: pool.map_async(record, tasks(sort, 3 * seed + number, size), chunksize=1)
            for number, (sort, size) in enumerate(sorts.items())
        }
        for sort, portions in given.items():
            reduce(add, portions.get()).report(sort)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
