"""From a graph to its plan: hoisting, levels, and fused products for a kernel or any backend."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.readiness import BEFORE, LOOP, Readiness, readiness
from fenas_lang.passes.gather_sums import gather_sums
from fenas_lang.plan.plan import Column, Level, Plan, Product
from fenas_lang.primitives import LEAVES


def make_plan(graph: Graph) -> Plan:
    """The plan of a cell.

    Everything that depends on no state is hoisted, whole sub-graphs with their elementwise work.
    Each level computes what the levels ahead of it make ready.
    """
    facts = _Facts(gather_sums(graph))
    loop = facts.levels(LOOP)
    wanted = _places_of_bases(loop)
    before = tuple(_in_order(level, wanted) for level in facts.levels(BEFORE))
    return Plan(facts.graph, before, loop, _handed(facts, before, loop))


@dataclass(frozen=True)
class _Facts:
    """A graph and what the planner asks about it."""

    graph: Graph

    @cached_property
    def ready(self) -> tuple[Readiness, ...]:
        return readiness(self.graph)

    @cached_property
    def sums(self) -> dict[int, int]:
        """Of each weighted edge that only an addition reads: that addition."""
        users = Counter(self.graph.outputs)
        for node in self.graph.nodes:
            users.update(node.operands)
        return {
            operand: index
            for index, node in enumerate(self.graph.nodes)
            if node.op == "add"
            for operand in node.operands
            if users[operand] == 1 and self.graph.nodes[operand].op == "linear"
        }

    @cached_property
    def places(self) -> dict[Readiness, list[int]]:
        """What each level computes, in order, level by level."""
        found: dict[Readiness, list[int]] = {}
        for index, node in enumerate(self.graph.nodes):
            if node.op not in LEAVES:
                found.setdefault(self.ready[index], []).append(index)
        return dict(sorted(found.items()))

    def levels(self, phase: int) -> tuple[Level, ...]:
        """The levels of a phase that compute something."""
        return tuple(_level(self, place) for place in self.places if place[0] == phase)


def _level(facts: _Facts, place: Readiness) -> Level:
    nodes = facts.graph.nodes
    here = facts.places[place]
    edges: dict[int, list[int]] = {}
    for index in here:
        if nodes[index].op == "linear":
            edges.setdefault(nodes[index].operands[0], []).append(index)
    computed: set[int] = set()
    products = []
    for source in sorted(edges):
        columns = tuple(_column(facts, place, index, computed) for index in edges[source])
        computed.update(column.result for column in columns)
        products.append(Product(source, columns))
    linears = {index for group in edges.values() for index in group}
    return Level(tuple(products), tuple(k for k in here if k not in computed | linears))


def _column(facts: _Facts, place: Readiness, linear: int, computed: set[int]) -> Column:
    """The edge together with the addition that reads it, where its other operand is there."""
    total = facts.sums.get(linear)
    if total is None:
        return Column(linear, None, linear)
    base = next(k for k in facts.graph.nodes[total].operands if k != linear)
    there = facts.ready[base] < place or base in computed
    if there and facts.graph.nodes[base].op != "const":
        return Column(linear, base, total)
    return Column(linear, None, linear)


def _places_of_bases(loop: tuple[Level, ...]) -> dict[int, int]:
    """Of each value that the loop's products accumulate onto: its place among their columns."""
    columns = (c for level in loop for product in level.products for c in product.columns)
    return {column.base: k for k, column in enumerate(columns) if column.base is not None}


def _in_order(level: Level, wanted: dict[int, int]) -> Level:
    """The level with the columns of its products in the order in which the loop wants them.

    Columns that one product of the loop accumulates onto are then side by side.
    """
    return replace(
        level,
        products=tuple(
            replace(
                product,
                columns=tuple(
                    sorted(product.columns, key=lambda c: wanted.get(c.result, len(wanted)))
                ),
            )
            for product in level.products
        ),
    )


def _handed(facts: _Facts, before: tuple[Level, ...], loop: tuple[Level, ...]) -> tuple[int, ...]:
    """What the loop reads of the values computed before it, in the order of computation."""
    nodes = facts.graph.nodes
    wanted = set(facts.graph.outputs)
    for level in loop:
        wanted.update(k for index in level.computed for k in nodes[index].operands)
    computed = [index for level in before for index in level.computed]
    inputs = [k for k, node in enumerate(nodes) if node.op == "input"]
    return tuple(index for index in (*inputs, *computed) if index in wanted)
