"""Reorders each sum around a weighted edge, so that what is ready first is added first.

Contract: Graph → Graph with the same outputs, up to rounding.  A tree of additions that holds a
weighted edge adds its terms in the order in which they are ready: those that are known before the
loop over time, and then those of each step, numbers last.  So a planner finds the hoistable part
of a sum as a sub-graph of its own, and the matrix products that accumulate onto it one behind the
other.  A sum's inner value that has a name or several users stays as it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.readiness import BEFORE, LOOP, readiness


def gather_sums(graph: Graph) -> Graph:
    """The graph with its sums in order of readiness."""
    return _Rewrite(graph).result()


class _Rewrite:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.ready = readiness(graph)
        self.sums = _sums(graph)
        self.nodes: list[Node] = []
        self.moved: dict[int, int] = {}

    def result(self) -> Graph:
        graph = self.graph
        dissolved = {index for inner, _ in self.sums.values() for index in inner}
        for index, node in enumerate(graph.nodes):
            if index not in dissolved:
                self.moved[index] = self._copy(index, node)
        return replace(
            graph,
            nodes=tuple(self.nodes),
            outputs=tuple(self.moved[output] for output in graph.outputs),
            values=tuple((name, self.moved[index]) for name, index in graph.values),
        )

    def _copy(self, index: int, node: Node) -> int:
        if index not in self.sums:
            return self._append(replace(node, operands=tuple(self.moved[k] for k in node.operands)))
        first, *rest = sorted(self.sums[index][1], key=self._order)
        total = self.moved[first]
        for term in rest:
            total = self._append(Node("add", (total, self.moved[term])))
        return total

    def _append(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _order(self, term: int) -> tuple[int, int, int, int]:
        phase, level = self.ready[term]
        node = self.graph.nodes[term]
        if node.op == "const":
            return (LOOP, 3, 0, 0)
        if phase == BEFORE and node.op == "param":
            return (phase, 0, 0, 0)
        if node.op == "linear":
            return (phase, 1, level, node.operands[0])
        return (phase, 2, level, 0)


def _sums(graph: Graph) -> dict[int, tuple[list[int], list[int]]]:
    """Of each tree of additions that holds a weighted edge: its inner additions, and its terms."""
    inner = _inner_additions(graph)
    roots = (k for k, node in enumerate(graph.nodes) if node.op == "add" and k not in inner)
    trees = {root: _tree(graph, root, inner) for root in roots}
    return {
        root: tree
        for root, tree in trees.items()
        if any(graph.nodes[term].op == "linear" for term in tree[1])
    }


def _tree(graph: Graph, root: int, inner: set[int]) -> tuple[list[int], list[int]]:
    additions, terms = [], []
    stack = list(reversed(graph.nodes[root].operands))
    while stack:
        index = stack.pop()
        if index in inner:
            additions.append(index)
            stack.extend(reversed(graph.nodes[index].operands))
        else:
            terms.append(index)
    return additions, terms


def _inner_additions(graph: Graph) -> set[int]:
    """Additions that only one other addition reads, and that have no name."""
    users = Counter(graph.outputs)
    added: set[int] = set()
    for node in graph.nodes:
        users.update(node.operands)
        if node.op == "add":
            added.update(node.operands)
    named = {index for _, index in graph.values}
    return {k for k in added - named if users[k] == 1 and graph.nodes[k].op == "add"}
