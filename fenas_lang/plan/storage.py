"""Which values lie side by side, so that the products around the loop are few and large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fenas_lang.plan.plan import Plan
from fenas_lang.plan.reverse import EDGE, HANDED, PARAMETER, Reverse, Role

Group = tuple[int, ...]


@dataclass(frozen=True)
class Storage:
    """Groups of handed values, and of the loop's weighted edges by source: each one tensor.

    `same` gives, for results of the step backwards that are stored already as another result, that
    one: the gradient of what an edge accumulates onto is that of the edge.
    """

    handed: tuple[Group, ...]
    edges: tuple[Group, ...]
    same: dict[Role, Role]


def storage(plan: Plan, backwards: Reverse) -> Storage:
    """The storage of a plan and its way back."""
    handed = tuple(_handed_groups(plan))
    edges = tuple(
        tuple(column.linear for column in product.columns)
        for level in plan.loop
        for product in level.products
    )
    nodes = dict(zip(backwards.results, backwards.plan.graph.outputs, strict=True))
    edges = tuple(g for g in edges if Role(EDGE, g[0]) in nodes)
    by_nodes = {tuple(nodes.get(Role(EDGE, k)) for k in group): group for group in edges}
    same = {}
    for group in handed:
        twin = by_nodes.get(tuple(nodes[Role(HANDED, k)] for k in group))
        for mine, theirs in zip(group, twin or (), strict=False):
            same[Role(HANDED, mine)] = Role(EDGE, theirs)
    by_node = {nodes[role]: role for role in nodes if role.kind == EDGE}
    for role in nodes:
        if role.kind == PARAMETER and nodes[role] in by_node:
            same[role] = by_node[nodes[role]]
    return Storage(handed, edges, same)


def _handed_groups(plan: Plan) -> Iterator[Group]:
    """The columns of a product before the loop that nothing there reads; others by themselves."""
    nodes = plan.graph.nodes
    read = {k for level in plan.before for index in level.computed for k in nodes[index].operands}
    grouped: set[int] = set()
    for level in plan.before:
        for product in level.products:
            results = tuple(column.result for column in product.columns)
            if all(k in plan.handed and k not in read for k in results):
                grouped.update(results)
                yield results
    yield from ((index,) for index in plan.handed if index not in grouped)
