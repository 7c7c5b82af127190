"""Cells that no training can make useful, as their structure shows."""

from __future__ import annotations

from collections.abc import Callable

from fenas_lang.ir.graph import Dataflow, FlatNode

IGNORES_INPUT = "ignores the input"
IGNORES_STATE = "ignores the state"


def useless(dataflow: Dataflow) -> str:
    """Why what the layer emits cannot depend on its whole history; empty where it can.

    The emitted output must read the input, now or by way of the states, and some state that the
    input reaches; `a - a` counts as reading nothing.
    """
    reads = _reach(dataflow)
    emitted = reads(dataflow.outputs[0])
    if dataflow.input not in emitted:
        return IGNORES_INPUT
    nexts = dict(zip(dataflow.states, dataflow.outputs, strict=True))
    carried = (state for state in nexts if state in emitted)
    return "" if any(dataflow.input in reads(nexts[state]) for state in carried) else IGNORES_STATE


def _reach(dataflow: Dataflow) -> Callable[[str], set[str]]:
    """From a name to all that its value depends on, in this and all earlier time steps."""
    sources = {node.name: _sources(node) for node in dataflow.nodes}
    sources |= {s: (o,) for s, o in zip(dataflow.states, dataflow.outputs, strict=True)}

    def reach(name: str) -> set[str]:
        found, pending = {name}, [name]
        while pending:
            fresh = set(sources.get(pending.pop(), ())) - found
            found |= fresh
            pending += fresh
        return found

    return reach


def _sources(node: FlatNode) -> tuple[str, ...]:
    cancels = node.function == "sub" and node.edges[0].source == node.edges[1].source
    return () if cancels else node.sources
