"""How much training the keys and the pre-filter would save, in the paper's profile.

    python benchmarks/savings.py [--cycles 2000] [--seeds 3] [--nodes 9] [--surrogate NAME]

Aging evolution from the LSTM, in which nothing is trained.  What a cell is worth says one of three
surrogates, and 1 less for a useless one:

- neutral: a random number for each trial, so that nothing is selected but not to be useless;
- heritable: each live node has a random number for its function and what it reads, and a cell their
  mean, so that children resemble their parents;
- rugged: a random number for each cell, so that a better one than the best is seldom found.

Counted are trials that the `default` profile would not have trained: cells that an earlier trial
has had, by the key of the graph and by that of algebra, and cells that ignore the input, the state
or both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow, FlatNode
from fenas_lang.search.messages import Job
from fenas_lang.search.novelty import dataflow_of
from fenas_lang.search.phase import SearchPhase
from fenas_lang.search.seeds import read_seeds
from fenas_lang.search.settings import Settings
from fenas_lang.search.study import variation_of
from fenas_lang.search.trial import SCORED, Measured, Trial

OUTPUTS = {"last": "last node", "loose": "mean of loose ends"}
POPULATION, SAMPLE = 100, 25
PARTS = {
    "population": slice(POPULATION),
    "children 1-500": slice(POPULATION, POPULATION + 500),
    "all children": slice(POPULATION, None),
}
HEADS = ("known by graph", "known by algebra", "useless", "either")


@dataclass(frozen=True)
class Counted:
    """A trial, and whether its graph was known before."""

    trial: Trial
    known: bool


def main() -> None:
    asked = arguments()
    print(f"{'surrogate':11}{'output':20}{'part':16}" + "".join(f"{h:>18}" for h in HEADS))
    chosen = (
        SURROGATES if asked.surrogate is None else {asked.surrogate: SURROGATES[asked.surrogate]}
    )
    for surrogate, worth in chosen.items():
        for output, words in OUTPUTS.items():
            runs = [list(run(output, seed, worth, asked)) for seed in range(asked.seeds)]
            for part, where in PARTS.items():
                cells = spreads([counted[where] for counted in runs])
                print(f"{surrogate:11}{words:20}{part:16}" + "".join(cells), flush=True)


def spreads(runs: Sequence[Sequence[Counted]]) -> Iterator[str]:
    """Of each kind of saving, its share of the trials: mean over runs, least and greatest."""
    kinds: Sequence[Callable[[Counted], bool]] = (
        lambda one: one.known,
        lambda one: one.trial.copy_of is not None,
        lambda one: bool(one.trial.useless),
        lambda one: one.trial.copy_of is not None or bool(one.trial.useless),
    )
    for holds in kinds:
        shares = [100 * sum(map(holds, counted)) / len(counted) for counted in runs]
        mean = sum(shares) / len(shares)
        yield f"{f'{mean:.0f} % ({min(shares):.0f}-{max(shares):.0f})':>18}"


Worth = Callable[[Dataflow, Trial], float]


def neutral(dataflow: Dataflow, trial: Trial) -> float:
    """Nothing of the cell."""
    return chance(str(trial.seed))


def heritable(dataflow: Dataflow, trial: Trial) -> float:
    """The mean worth of the live nodes."""
    kinds = {
        dataflow.input: "x",
        **{state: f"state {k}" for k, state in enumerate(dataflow.states)},
    }
    kinds |= {node.name: node.function for node in dataflow.live}
    found = [chance(_feature(node, kinds)) for node in dataflow.live]
    return sum(found) / max(1, len(found))


def _feature(node: FlatNode, kinds: dict[str, str]) -> str:
    edges = sorted(f"{edge.kind} {kinds.get(str(edge.source), '0')}" for edge in node.edges)
    return f"{node.function}: {edges}"


def rugged(dataflow: Dataflow, trial: Trial) -> float:
    """A worth of the cell's own."""
    return chance(trial.key)


SURROGATES: dict[str, Worth] = {"neutral": neutral, "heritable": heritable, "rugged": rugged}


def chance(text: str) -> float:
    """A number from 0 to 1 that a text determines."""
    return int.from_bytes(sha256(text.encode()).digest()[:6], "big") / 2**48


def run(output: str, seed: int, worth: Worth, asked: argparse.Namespace) -> Iterator[Counted]:
    """All trials of one search."""
    told = settings(output, seed, asked)
    variation = variation_of(told)
    phase, graphs = SearchPhase(told, variation), set[str]()
    while isinstance(job := phase.next(), Job):
        dataflow = dataflow_of(job.cell, variation.space, output)
        trial = phase.ended(job, Measured()).trial
        assert trial is not None
        score = worth(dataflow, trial) - bool(trial.useless)
        trial = replace(trial, outcome=SCORED, measured=Measured(score, score))
        phase.tell(trial)
        graph = canonical_key(dataflow)
        yield Counted(trial, graph in graphs)
        graphs.add(graph)
        if sys.stderr.isatty():
            print(f"\r{output} {seed} {trial.number}", end="\r", file=sys.stderr)


def settings(output: str, seed: int, asked: argparse.Namespace) -> Settings:
    """Aging evolution from the LSTM in the paper's profile."""
    seeds = read_seeds(["LSTM"])
    assert seeds.space.source is not None
    return Settings(
        task="none",
        seeds=tuple(map(str, seeds.cells)),
        space=seeds.space.source.text,
        population=POPULATION,
        sample=SAMPLE,
        cycles=asked.cycles,
        nodes=asked.nodes,
        output=output,
        seed=seed,
        profile="paper",
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cycles", type=int, default=2000, help="children of each search")
    parser.add_argument("--seeds", type=int, default=3, help="searches of each kind")
    parser.add_argument("--surrogate", choices=SURROGATES, help="this one only")
    parser.add_argument("--nodes", type=int, default=9, help="nodes of random cells")
    return parser.parse_args()


if __name__ == "__main__":
    main()
