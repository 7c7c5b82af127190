"""What is notable about a cell, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from fenas_lang.analysis.gradients import GradientPaths
from fenas_lang.analysis.recurrence import StateBehaviour
from fenas_lang.analysis.relations import sentences
from fenas_lang.ir.dependence import Entry
from fenas_lang.ir.interval import REALS

if TYPE_CHECKING:
    from fenas_lang.analysis.overview import Analysis


def notes(analysis: Analysis) -> Iterator[str]:
    """The weightiest first."""
    yield from _identity(analysis)
    yield from _useless(analysis)
    yield from _sizes(analysis)
    for state in analysis.recurrence.states:
        yield _bounds(state)
    yield from _entry(analysis.recurrence.entry)
    own = {(b.name, b.output) for b in analysis.recurrence.states}
    for paths in analysis.gradient_paths:
        if (paths.state, paths.output) in own:
            yield _carousel(paths)


def _identity(analysis: Analysis) -> Iterator[str]:
    found = analysis.recognised
    if found:
        merged = " (biases merged)" if found.biases_merged else ""
        yield f"It is exactly {found.name}{merged}, by normal form."
    if analysis.equivalents:
        yield f"By normal form it equals {_listed(analysis.equivalents)} of the shipped cells."
    yield from sentences(analysis.relations or ())
    if analysis.normal_form is None:
        yield "Its normal form is too large to tell what it equals, or what cancels in it."


def _useless(analysis: Analysis) -> Iterator[str]:
    recurrence = analysis.recurrence
    if analysis.structure.dead:
        yield f"Dead, since no output depends on them: {_listed(analysis.structure.dead)}."
    if analysis.vanishing:
        yield f"Without influence, since they cancel: {_listed(analysis.vanishing)}."
    unused = [name for name, used in recurrence.uses_states.items() if not used]
    if not recurrence.uses_input:
        unused.insert(0, analysis.dataflow.input)
    if unused:
        yield f"No output depends on {_listed(unused)}."


def _sizes(analysis: Analysis) -> Iterator[str]:
    if analysis.square_edges:
        readers = _listed(list(dict.fromkeys(node for node, _ in analysis.square_edges)))
        yield f"D = H is forced: {analysis.dataflow.input} is read without a matrix (by {readers})."
    elif analysis.dataflow.forces_square:
        yield "D = H is forced: the input itself is an output."


def _bounds(state: StateBehaviour) -> str:
    step = f" In one step, {state.growth}." if state.growth else ""
    interval = state.reachable
    if state.bounded:
        return f"{state.name} is bounded: started from zero, it stays in {interval}.{step}"
    nothing = (interval.low, interval.high) == (REALS.low, REALS.high)
    half = "" if nothing else f": started from zero, it stays in {interval}"
    return f"No bound was found for {state.name}{half}.{step}"


def _entry(entry: Entry) -> Iterator[str]:
    if entry == Entry.ELEMENTWISE:
        yield "The states enter affinely and elementwise: a parallel scan can run the cell."
    elif entry == Entry.AFFINE:
        yield "The states enter affinely, through matrices."


def _carousel(paths: GradientPaths) -> str:
    """On the paths from a state to its own next value."""
    number = "one path" if paths.paths == 1 else f"{paths.paths:,} paths"
    there = f"The gradient takes {number} from {paths.state} to {paths.output}"
    if paths.carousel is None:
        return f"{there}, through weights or functions."
    which = "" if paths.paths == 1 else "of which one leads "
    nodes = _listed(paths.carousel) or "none"
    return f"{there}, {which}through sums and products only (nodes: {nodes})."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
