"""How long a canonical key takes, and how many cells a networkx hash merges that it keeps apart.

    python benchmarks/canonical.py [CELLS]

The hash of networkx (Weisfeiler and Lehman, three rounds) is no canonical key: cells that differ
may have the same.  Both are computed for the same sampled cells, after lowering.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable

import networkx as nx

from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample


def weisfeiler_lehman(flow: Dataflow) -> str:
    """The peer: a graph with a label on each node and edge, hashed by networkx."""
    graph = nx.DiGraph()
    for place, name in enumerate((flow.input, *flow.states)):
        graph.add_node(name, label=f"leaf {place}")
    for node in flow.live:
        graph.add_node(node.name, label=f"{node.function} {node.name in flow.outputs}")
        for place, edge in enumerate(node.edges):
            if isinstance(edge.source, str):
                role = "" if node.definition.commutative else str(place)
                graph.add_edge(edge.source, node.name, kind=edge.kind + role)
    return str(nx.weisfeiler_lehman_graph_hash(graph, edge_attr="kind", node_attr="label"))


def times(key: Callable[[Dataflow], str], flows: list[Dataflow]) -> tuple[list[float], set[str]]:
    """Milliseconds for each cell, and the different keys."""
    taken, found = [], set()
    for flow in flows:
        start = time.perf_counter()
        found.add(key(flow))
        taken.append(1000 * (time.perf_counter() - start))
    return taken, found


def main(count: int = 2000) -> None:
    """Print the median and 99th percentile of both, and their ratio."""
    rng, space = random.Random(0), load_space("fenas")
    cells = [sample(space, rng=rng, nodes=rng.randint(9, 12), output="loose") for _ in range(count)]
    ours, keys = times(canonical_key, [lower(cell) for cell in cells])
    theirs, hashes = times(weisfeiler_lehman, [lower(cell) for cell in cells])
    print(f"{count} cells of 9 to 12 nodes, all live, from the space fenas")
    for name, taken, found in (("canonical key", ours, keys), ("networkx hash", theirs, hashes)):
        median, last = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
        rate = 1000 / statistics.mean(taken)
        print(
            f"{name}: median {median:.3f} ms, 99 % within {last:.3f} ms, {rate:,.0f} a second,"
            f" {len(found)} different"
        )
    print(f"ratio of medians: {statistics.median(theirs) / statistics.median(ours):.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
