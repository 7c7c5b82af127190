"""How long both keys of a cell take in each space, next to a hash of networkx.

    python benchmarks/canonical.py [CELLS]

The hash of networkx (Weisfeiler and Lehman, three rounds) is no canonical key: cells that differ
may have the same.  All are computed for the same sampled cells of 9 to 12 nodes, after lowering.
The ring key is that of the normal form, whose expansion is part of its time.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import networkx as nx

from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.ring_key import ring_key
from fenas_lang.spaces.reader import load_space, shipped_spaces
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


def times(key: Callable[[Any], str], cells: list[Any]) -> tuple[list[float], set[str]]:
    """Milliseconds of processor time for each cell, and the different keys."""
    taken, found = [], set()
    for cell in cells:
        start = time.process_time()
        found.add(key(cell))
        taken.append(1000 * (time.process_time() - start))
    return taken, found


def report(name: str, count: int) -> None:
    """Print median and 99th percentile of each key for one space."""
    rng, space = random.Random(0), load_space(name)
    flows = [lower(sample(space, rng=rng, nodes=rng.randint(9, 12))) for _ in range(count)]
    graphs = [expand(flow) for flow in flows]
    print(name)
    for title, key, cells in (
        ("fen1", canonical_key, flows),
        ("ring1", ring_key, graphs),
        ("networkx", weisfeiler_lehman, flows),
    ):
        taken, keys = times(key, cells)
        median, last = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
        print(
            f"  {title:9} median {median:6.3f} ms, 99 % within {last:7.3f} ms,"
            f" {len(keys)} different, {sum(k.endswith(':none') for k in keys)} past the budget",
            flush=True,
        )


def main(count: int = 1000) -> None:
    """All shipped spaces."""
    warnings.filterwarnings("ignore", "The hashes produced", UserWarning)  # by networkx, once
    print(f"{count} cells of 9 to 12 nodes of each space")
    for name in shipped_spaces():
        report(name, count)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
