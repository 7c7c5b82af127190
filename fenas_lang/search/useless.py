"""Cells that no training can make useful, as their structure or their algebra shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fenas_lang.ir.graph import Dataflow, FlatNode
from fenas_lang.ir.lower import expand
from fenas_lang.proof.normal_form import NormalForm
from fenas_lang.proof.ring_key import form_for_key

CONSTANT = "is constant"
IGNORES_INPUT = "ignores the input"
IGNORES_STATE = "ignores the state"

INPUT = -1
"""Stands for the input where states are numbered from 0."""

Reads = Mapping[int, frozenset[int]]
"""By output: the states that its value depends on, and INPUT where it depends on the input."""


def useless(dataflow: Dataflow) -> str:
    """Why what the layer emits cannot depend on its whole history; empty where it can.

    The emitted output must read the input, now or by way of the states, and some state that the
    input reaches.  What cancels in the normal form of the prover counts as not read; for a cell
    past its budget only `a - a` does.
    """
    found = reason(by_structure(dataflow))
    return found or reason_by_algebra(form_for_key(expand(dataflow)))


def reason_by_algebra(form: NormalForm | None) -> str:
    """The same from a normal form alone; nothing is known where there is none."""
    return "" if form is None else reason(by_algebra(form))


def reason(reads: Reads) -> str:
    """Why what is emitted is useless, from what the outputs read; empty where it is not."""
    emitted = _history(reads, 0)
    if not emitted:
        return CONSTANT
    if INPUT not in emitted:
        return IGNORES_INPUT
    carried = emitted - {INPUT}
    return "" if any(INPUT in _history(reads, state) for state in carried) else IGNORES_STATE


def _history(reads: Reads, output: int) -> set[int]:
    """What an output depends on in this and all earlier steps; state k is output k, a step ago."""
    found, pending = set[int](), [output]
    while pending:
        fresh = reads[pending.pop()] - found
        found |= fresh
        pending += fresh - {INPUT}
    return found


def by_structure(dataflow: Dataflow) -> Reads:
    """What the outputs read over the edges of the cell."""
    number = {name: k for k, name in enumerate(dataflow.states)} | {dataflow.input: INPUT}
    reach = _reach(dataflow)
    return {
        k: frozenset(number[name] for name in reach(output) if name in number)
        for k, output in enumerate(dataflow.outputs)
    }


def by_algebra(form: NormalForm) -> Reads:
    """What the outputs read in normal form."""
    return {k: frozenset(_leaves(form, k)) for k in range(len(form.outputs))}


def _leaves(form: NormalForm, output: int) -> Iterable[int]:
    for leaf in form.leaves(output):
        yield INPUT if leaf.op == "input" else int(str(leaf.name))


def _reach(dataflow: Dataflow) -> Callable[[str], set[str]]:
    """From a name to all that its value depends on within a step, itself included."""
    sources = {node.name: _sources(node) for node in dataflow.nodes}

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
