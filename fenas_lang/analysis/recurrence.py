"""How a cell behaves over time: its bounds, what its states depend on, and how they enter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fenas_lang.ir.dependence import Entry, dependence, entries
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.growth import Form, growth
from fenas_lang.ir.interval import Interval, show
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.ir.ranges import RangeAnalysis
from fenas_lang.proof.normal_form import NormalForm


@dataclass(frozen=True)
class StateBehaviour:
    """One state and the output that is its next value.

    `any_state` holds the next value for all real inputs, states and parameters; `reachable` the
    state at every time of a sequence that starts from zero.  `growth` bounds the next value's
    magnitude in those of the states, in words (`|c'| <= |c_prev| + 1`), or is None.  `enters` says
    how each state enters the next value.
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
class Recurrence:
    """The behaviour of each state, and an interval for each live node (any state; reachable)."""

    states: tuple[StateBehaviour, ...]
    ranges: Mapping[str, tuple[Interval, Interval]]
    uses_input: bool
    uses_states: Mapping[str, bool]
    entry: Entry
