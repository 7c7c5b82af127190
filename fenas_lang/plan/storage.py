"""Which values lie side by side, so that the products around the loop are few and large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from fenas_lang.plan.plan import Column, Plan
from fenas_lang.plan.reverse import EDGE, HANDED, PARAMETER, VALUE, Reverse, Role

Group = tuple[int, ...]


@dataclass(frozen=True)
class Storage:
    """Groups of handed values, and of the loop's weighted edges by source: each one tensor.

    `same` gives, for results of the step backwards that are stored already as another result, that
    one: the gradient of what an edge accumulates onto is that of the edge.  `over` gives, for
    values saved for the way back, the handed value that they may be stored over: nothing reads that
    any more, and to write where was read is quicker than fresh memory.
    """

    handed: tuple[Group, ...]
    edges: tuple[Group, ...]
    same: dict[Role, Role]
    over: dict[int, int]


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
    return Storage(handed, edges, same, _over(plan, backwards, handed))


def _handed_groups(plan: Plan) -> Iterator[Group]:
    """The columns of a product before the loop that nothing there reads; others by themselves."""
    read = _read_before(plan)
    grouped: set[int] = set()
    for level in plan.before:
        for product in level.products:
            results = tuple(column.result for column in product.columns)
            if all(k in plan.handed and k not in read for k in results):
                grouped.update(results)
                yield results
    yield from ((index,) for index in plan.handed if index not in grouped)


def _read_before(plan: Plan) -> set[int]:
    nodes = plan.graph.nodes
    return {k for level in plan.before for index in level.computed for k in nodes[index].operands}


def _over(plan: Plan, backwards: Reverse, handed: tuple[Group, ...]) -> dict[int, int]:
    free = [k for k in _overwritable(plan, handed) if k not in _needed_later(plan, backwards)]
    last = {k: _last_read(plan, k) for k in free}
    found: dict[int, int] = {}
    for level, computed in enumerate(plan.loop):
        for place, index in enumerate(computed.pointwise):
            if index in backwards.saved and index not in plan.graph.outputs:
                room = next((k for k in free if last[k] <= (level, place)), None)
                if room is not None:
                    found[index] = room
                    free.remove(room)
    return found


def _overwritable(plan: Plan, handed: tuple[Group, ...]) -> Iterator[int]:
    """Of whole products with biases that nothing else reads: nobody else holds their memory."""
    nodes = plan.graph.nodes
    read = _read_before(plan)

    def plain(column: Column) -> bool:
        return column.base is None or nodes[column.base].op == "param"

    for product in chain.from_iterable(level.products for level in plan.before):
        results = tuple(column.result for column in product.columns)
        if results in handed and read.isdisjoint(results) and all(map(plain, product.columns)):
            yield from results


def _needed_later(plan: Plan, backwards: Reverse) -> set[int]:
    """What the way back reads, what is multiplied with a matrix, and what a state becomes."""
    nodes = plan.graph.nodes
    leaves = {role.of for role in backwards.leaves.values() if role.kind == VALUE}
    sources = {nodes[k].operands[0] for k in _computed(plan) if nodes[k].op == "linear"}
    return {int(k) for k in leaves} | sources | set(plan.graph.outputs)


def _last_read(plan: Plan, index: int) -> tuple[int, int]:
    """The level and the place in its elementwise work; products come before that."""
    nodes = plan.graph.nodes
    last = (0, 0)
    for level, computed in enumerate(plan.loop):
        bases = [column.base for product in computed.products for column in product.columns]
        if index in bases:
            last = (level, 0)
        for place, k in enumerate(computed.pointwise):
            if index in nodes[k].operands:
                last = (level, place)
    return last


def _computed(plan: Plan) -> Iterator[int]:
    return chain.from_iterable(level.computed for level in plan.loop)
