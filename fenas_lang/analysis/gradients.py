"""Which ways the gradient takes from each state to each next state.

A path follows the chain rule through the primitives of the cell.  What it passes says how the
gradient fares on it: nothing but sums (`carry`) keeps it as it is; a product (`gate`) scales it by
another value; a matrix or vector of weights (`weight`) mixes it; a squashing function (`squash`)
such as tanh damps it; another function (`bend`) such as relu does as its slope says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import node_term
from fenas_lang.primitives import Term

CARRY = "carry"
THROUGH: Mapping[str, str] = {
    "linear": "weight",
    "elementwise_weight": "weight",
    "add": CARRY,
    "sub": CARRY,
    "mul": "gate",
    "neg": CARRY,
    "tanh": "squash",
    "sigmoid": "squash",
    "relu": "bend",
    "step": "squash",
    "exp": "bend",
    "log": "bend",
    "reciprocal": "bend",
    "sin": "squash",
    "cos": "squash",
    "erf": "squash",
}
"""What a path through each primitive passes."""

PASSED = ("gate", "weight", "squash", "bend")

Way = frozenset[str]
"""All that a path passes; empty for a mere carry."""
Ways = Counter[Way]
"""How many paths there are of each kind."""
NodeWays = Mapping[str, Ways]
"""From each source of a node to its value."""

MAX_COUNT = 2**53 - 1
"""Greater numbers of paths are given as this one, which every reader of JSON can hold."""


@dataclass(frozen=True)
class GradientPaths:
    """The paths from a state to a next state.

    `kinds` counts them by what they pass, `gate+weight` or `carry`; `shortest` names the nodes of a
    path with the fewest; `carousel` those of a shortest path that passes neither weights nor a
    function, on which errors travel far (the constant error carousel of Hochreiter & Schmidhuber
    1997), or is None.
    """

    state: str
    output: str
    paths: int
    kinds: Mapping[str, int]
    shortest: tuple[str, ...]
    carousel: tuple[str, ...] | None


def gradient_paths(dataflow: Dataflow) -> tuple[GradientPaths, ...]:
    """For each state and next state with a path between them, in header order."""
    edges = {node.name: _term_ways(node_term(node)) for node in dataflow.live}
    return tuple(
        paths for state in dataflow.states for paths in _from_state(state, dataflow.outputs, edges)
    )


def _from_state(
    state: str, outputs: Iterable[str], edges: Mapping[str, NodeWays]
) -> Iterator[GradientPaths]:
    ways = _ways_from(state, edges)
    routes = _routes(state, edges, frozenset(PASSED))
    carousels = _routes(state, edges, frozenset({"gate"}))
    for output in outputs:
        if output in ways:
            kinds = sorted(ways[output].items(), key=lambda item: (len(item[0]), _label(item[0])))
            yield GradientPaths(
                state,
                output,
                min(ways[output].total(), MAX_COUNT),
                {_label(way): min(number, MAX_COUNT) for way, number in kinds},
                routes[output],
                carousels.get(output),
            )


def _label(way: Way) -> str:
    return "+".join(name for name in PASSED if name in way) or CARRY


def _term_ways(term: Term) -> NodeWays:
    """From each value that a term reads to the term."""
    total: dict[str, Ways] = {}
    pending: list[tuple[Term, Way]] = [(term, frozenset())]
    while pending:
        current, way = pending.pop()
        if current.op == "value":
            total.setdefault(str(current.attribute), Counter())[way] += 1
        pending += [(operand, way | _passed(current)) for operand in current.operands]
    return total


def _passed(term: Term) -> Way:
    """What a path through an operation passes; a constant factor is no gate."""
    scales = term.op == "mul" and any(operand.op == "const" for operand in term.operands)
    return frozenset({CARRY if scales else THROUGH[term.op]} - {CARRY})


def _joined(first: Ways, second: Ways) -> Ways:
    """Every path of one kind followed by every path of the other."""
    joined: Ways = Counter()
    for one, number in first.items():
        for two, times in second.items():
            joined[one | two] += number * times
    return joined


def _ways_from(state: str, edges: Mapping[str, NodeWays]) -> NodeWays:
    """From a state to itself and to every node that it reaches."""
    found: dict[str, Ways] = {state: Counter([frozenset()])}
    for name, sources in edges.items():
        total: Ways = Counter()
        for source, ways in sources.items():
            if source in found:
                total.update(_joined(found[source], ways))
        if total:
            found[name] = total
    return found


def _routes(
    state: str, edges: Mapping[str, NodeWays], allowed: Way
) -> Mapping[str, tuple[str, ...]]:
    """The nodes of a shortest path from a state that passes nothing but what is allowed."""
    steps: dict[str, tuple[int, str]] = {state: (0, "")}
    for name, sources in edges.items():
        before = [
            (steps[source][0] + 1, source)
            for source, ways in sources.items()
            if source in steps and any(way <= allowed for way in ways)
        ]
        if before:
            steps[name] = min(before, key=lambda step: step[0])
    return {name: _route(name, steps) for name in steps}


def _route(name: str, steps: Mapping[str, tuple[int, str]]) -> tuple[str, ...]:
    nodes: list[str] = []
    while steps[name][0]:
        nodes.append(name)
        name = steps[name][1]
    return tuple(reversed(nodes))
