"""The shape of a cell: its counts (LANGUAGE section 7), and measures of its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from fenas_lang.functions import SKIP
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, Dataflow


@dataclass(frozen=True)
class Structure:
    """Counts of a lowered cell.

    `nodes` counts dead nodes too, all else is of live ones; the mean that an output rule makes is
    no node, and its edges are plain.  `weighted_edges` includes the `elementwise_edges`.  `depth`
    is the number of nodes on the longest path from an input to an output.  `loose_ends` are nodes
    that no live node reads, `articulation_nodes` those without which the undirected graph of the
    input, the states and the nodes falls apart.
    """

    nodes: int
    live_nodes: int
    skips: int
    weighted_edges: int
    elementwise_edges: int
    plain_edges: int
    depth: int
    functions: Mapping[str, int]
    dead: tuple[str, ...]
    loose_ends: tuple[str, ...]
    articulation_nodes: tuple[str, ...]


def structure(dataflow: Dataflow) -> Structure:
    """Count and measure."""
    counted = [node for node in dataflow.live if node.name != dataflow.rule_mean]
    names = [node.name for node in counted]
    edges = [edge for node in dataflow.live for edge in node.edges if isinstance(edge.source, str)]
    plain = sum(edge.kind == PLAIN for edge in edges)
    graph = _digraph(dataflow)
    read = {source for node in counted for source in node.sources}
    joints = set(nx.articulation_points(graph.to_undirected()))
    return Structure(
        nodes=len(dataflow.nodes) - (dataflow.rule_mean is not None),
        live_nodes=len(counted),
        skips=sum(node.definition.kind == SKIP for node in counted),
        weighted_edges=len(edges) - plain,
        elementwise_edges=sum(edge.kind == ELEMENTWISE for edge in edges),
        plain_edges=plain,
        depth=_depth(dataflow, graph),
        functions=dict(sorted(Counter(node.function for node in counted).items())),
        dead=tuple(node.name for node in dataflow.dead),
        loose_ends=tuple(name for name in names if name not in read),
        articulation_nodes=tuple(name for name in names if name in joints),
    )


def _digraph(dataflow: Dataflow) -> nx.DiGraph:
    """Input, states and live nodes, with an arrow to each reader."""
    graph = nx.DiGraph()
    graph.add_nodes_from((dataflow.input, *dataflow.states))
    for node in dataflow.live:
        graph.add_node(node.name)
        graph.add_edges_from((source, node.name) for source in node.sources)
    return graph


def _depth(dataflow: Dataflow, graph: nx.DiGraph) -> int:
    """Of paths that start at the input or a state and end at an output."""
    starts = {dataflow.input, *dataflow.states}
    ends = set(dataflow.outputs)
    within = starts.union(*(nx.descendants(graph, name) for name in starts))
    depths: dict[str, int] = {}
    for name in nx.topological_sort(graph.subgraph(within)):
        before = max((depths[p] for p in graph.predecessors(name) if p in within), default=0)
        depths[name] = before + (name not in starts and name != dataflow.rule_mean)
    return max((depths[name] for name in ends if name in within), default=0)
