"""Reorders each sum around a weighted edge, so that what is ready first is added first.

Contract: Graph → Graph with the same outputs, up to rounding.  A tree of additions that holds a
weighted XX  So a planner finds the hoistable part of a sum as
a sub-graph of its own, and the matrix products that accumulate onto it one behind the other.  A
sum's inner value that has a name or several users stays as it is.
"""

from __future__ import annotations

from collections import Counter

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.readiness import BEFORE, LOOP, readiness


def gather_sums(graph: Graph) -> Graph:
    """The graph with its sums in order of readiness."""
    return _Rewrite(graph).result()


class _Rewrite:
    def __init__(self, graph: Graph):
        self.graph = graph
        self.ready = readiness(graph)
        self.inner = _inner_sums(graph)
        self.nodes: list[Node] = []
        self.moved: dict[int, int] = {}

    def result(self) -> Graph:
        for index, node in enumerate(self.graph.nodes):
            if index not in self.inner:
                self.moved[index] = self._copy(index, node)
        graph = self.graph
        return Graph(
            tuple(self.nodes),
            tuple(self.moved[output] for output in graph.outputs),
            graph.input,
            graph.states,
            graph.parameters,
            tuple((name, self.moved[index]) for name, index in graph.values),
            graph.name,
        )

    def _copy(self, index: int, node: Node) -> int:
        terms = self._terms(index) if node.op == "add" else []
        if any(self.graph.nodes[term].op == "linear" for term in terms):
            return self._chain(sorted(terms, key=self._order))
        return self._append(node.op, *(self.moved[k] for k in node.operands), node=node)

    def _chain(self, terms: list[int]) -> int:
        total = self.moved[terms[0]]
        for term in terms[1:]:
            total = self._append("add", total, self.moved[term])
        return total

    def _append(self, op: str, *operands: int, node: Node | None = None) -> int:
        self.nodes.append(Node(op, operands, node.attribute if node else None))
        return len(self.nodes) - 1

    def _terms(self, root: int) -> list[int]:
        """What the tree of additions at `root` adds up, left to right."""
        terms, stack = [], list(reversed(self.graph.nodes[root].operands))
        while stack:
            index = stack.pop()
            if index in self.inner:
                stack.extend(reversed(self.graph.nodes[index].operands))
            else:
                terms.append(index)
        return terms

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


def _inner_sums(graph: Graph) -> set[int]:
    """Additions that only one other addition reads, and that have no name."""
    users = Counter(graph.outputs)
    added: set[int] = set()
    for node in graph.nodes:
        users.update(node.operands)
        if node.op == "add":
            added.update(node.operands)
    named = {index for _, index in graph.values}
    return {
        index for index in added - named if users[index] == 1 and graph.nodes[index].op == "add"
    }
