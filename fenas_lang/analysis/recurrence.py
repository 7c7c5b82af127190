"""How a cell behaves over time: its bounds, what its states depend on, and how they enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from fenas_lang.ir.dependence import Entry, dependence, entering, entries
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.growth import Form, Forms, growth
from fenas_lang.ir.interval import Interval, show
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.normal_form import NormalForm


@dataclass(frozen=True)
class StateBehaviour:
    """One state, and the output that is its next value.

    `any_state` holds the next value for all real inputs, states and parameters; `reachable` the
    state at every time of a sequence that starts from zero.  `growth` bounds the next value's
    magnitude by those of the states (`|c| <= 1 + |c_prev|`), or is None where no bound was found.
    `enters` says how each state that enters the next value does so.
    """

    name: str
    output: str
    any_state: Interval
    reachable: Interval
    growth: str | None
    enters: Mapping[str, Entry]

    @property
    def bounded(self) -> bool:
        """Whether it is proved that the state stays bounded, started from zero."""
        return self.reachable.bounded


@dataclass(frozen=True)
class NodeRange:
    """Intervals of a live node: for any real states, and for states reached from zero."""

    any_state: Interval
    reachable: Interval


@dataclass(frozen=True)
class Recurrence:
    """How the outputs depend on input and states, and the bounds of everything.

    `entry` is how all states together enter all outputs.
    """

    states: tuple[StateBehaviour, ...]
    ranges: Mapping[str, NodeRange]
    uses_input: bool
    uses_states: Mapping[str, bool]
    entry: Entry


def recurrence(graph: Graph, form: NormalForm | None) -> Recurrence:
    """Analyse; the normal form, if there is one, tells what cancels (`x - x`)."""
    analysis = RangeAnalysis(graph)
    reachable = analysis.reachable()
    free, reached = analysis.values(), analysis.values(reachable)
    used = _used(graph, form)
    return Recurrence(
        _behaviours(graph, analysis, [free[k] for k in graph.outputs], reachable),
        {name: NodeRange(free[k], reached[k]) for name, k in graph.values},
        graph.input in used,
        {state: state in used for state in graph.states},
        max(entries(graph, graph.states)),
    )


def _behaviours(
    graph: Graph,
    analysis: RangeAnalysis,
    free: Sequence[Interval],
    reachable: Sequence[Interval],
) -> tuple[StateBehaviour, ...]:
    enters = entering(graph)
    bounds = growth(analysis)
    names = _output_names(graph)
    return tuple(
        StateBehaviour(
            state,
            names[k],
            free[k],
            reachable[k],
            _in_words(names[k], graph.states, bounds[k], free[k]),
            enters[k],
        )
        for k, state in enumerate(graph.states)
    )


def _output_names(graph: Graph) -> list[str]:
    names: dict[int, str] = {}
    for name, k in graph.values:
        names[k] = name
    return [names[k] for k in graph.outputs]


def _used(graph: Graph, form: NormalForm | None) -> frozenset[str]:
    """The input and states that some output depends on."""
    if form is None:
        return frozenset().union(*dependence(graph))
    atoms = (form.ring.atoms[number] for number in form.atoms)
    return frozenset(
        graph.input if a.op == "input" else graph.states[int(a.name or 0)]
        for a in atoms
        if a.op in ("input", "state")
    )


def _in_words(
    output: str, states: Sequence[str], forms: Forms | None, interval: Interval
) -> str | None:
    """Such as `|h| <= max(1, |h_prev|)`."""
    if forms is None:
        return None
    words = [_form_in_words(f, states) for f in sorted(forms, key=lambda f: f.states)]
    sign = "<" if interval.bounded and interval.strict else "<="
    bound = words[0] if len(words) == 1 else f"max({', '.join(words)})"
    return f"|{output}| {sign} {bound}"


def _form_in_words(form: Form, states: Sequence[str]) -> str:
    parts = [show(form.constant)] if form.constant or not any(form.states) else []
    for factor, state in zip(form.states, states, strict=True):
        if factor:
            parts.append(f"|{state}|" if factor == Fraction(1) else f"{show(factor)}*|{state}|")
    return " + ".join(parts)
