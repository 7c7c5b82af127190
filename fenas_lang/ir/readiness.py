"""When each value of a time step can be computed: before the time loop or in it, at which level.

What depends on no state can be computed before the loop, for all time steps at once.  Within
either phase a value's level is the number of matrix products that stand one behind the other on the
way to it.
"""

from __future__ import annotations

from fenas_lang.ir.graph import Graph, Node

BEFORE, LOOP = 0, 1

Readiness = tuple[int, int]
"""`(phase, level)`; the later of two is the greater."""


def readiness(graph: Graph) -> tuple[Readiness, ...]:
    """The phase and level of every node of a graph.

    Parameters, constants and the input are ready at `(BEFORE, 0)`, states at `(LOOP, 0)`.
    """
    ready: list[Readiness] = []
    for node in graph.nodes:
        ready.append(_ready(node, ready))
    return tuple(ready)


def _ready(node: Node, ready: list[Readiness]) -> Readiness:
    if node.op == "state":
        return (LOOP, 0)
    phase, level = max((ready[operand] for operand in node.operands), default=(BEFORE, 0))
    return (phase, level + 1) if node.op == "linear" else (phase, level)
