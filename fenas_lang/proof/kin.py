"""Which of many cells are related: a quick look for what can be proved, and nothing else.

`relate` also refutes, with a witness, which takes most of its time.  Here, a pair that an invariant
tells apart at a few points, in plain floats, is not looked at further; nothing is said about it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice

import numpy as np

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import Array, interpret
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.invariants import Invariant, Point, invariants
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.matching import Matching
from fenas_lang.proof.normal_form import NormalForm, Ring, normal_form
from fenas_lang.proof.refutation import Witness, draw
from fenas_lang.proof.relate import relate
from fenas_lang.proof.renaming import equal_up_to_renaming, shapes_of
from fenas_lang.proof.signs import equal_up_to_signs
from fenas_lang.proof.verdicts import CONTAINMENT, PROVED, Finding
from fenas_lang.proof.verification import becomes

BUDGET = 20_000
"""Units of arithmetic for one search."""
MAX_SOLUTIONS = 4
MANY_ATOMS = 200
"""Of larger cells no invariants are computed: that would take longer than the search."""
TOO_MANY_ATOMS = 1_500
"""Larger cells are not compared at all."""
POINTS, SCALES, MARGIN = 32, (1.0, 3.0), 1e-3


@dataclass(frozen=True)
class Subject:
    """A cell with what is needed to compare it with many, computed once."""

    graph: Graph

    @cached_property
    def form(self) -> NormalForm | None:
        """None where it is too large for a quick look."""
        with suppress(OutOfBudget):
            form = normal_form(self.graph, Ring(laws=LAWS))
            return form if len(form.atoms) <= TOO_MANY_ATOMS else None
        return None

    @cached_property
    def invariants(self) -> tuple[Invariant, ...]:
        if self.form is None or len(self.form.atoms) > MANY_ATOMS:
            return ()
        with suppress(OutOfBudget):
            return tuple(invariants(self.graph))
        return ()

    @cached_property
    def shapes(self) -> Counter[str]:
        """Of the parameters that have influence."""
        named = shapes_of(self.graph)
        return Counter(named[name] for name in (self.form.parameters if self.form else ()))

    @cached_property
    def drawn(self) -> tuple[Witness, ...]:
        return tuple(draw(self.graph, POINTS, scale, seed=1) for scale in SCALES)

    def violates(self, invariant: Invariant) -> bool:
        """Whether it seems to, at some points."""
        with np.errstate(all="ignore"):
            return any(
                invariant.gap(partial(self._at, drawn), drawn.point).max() > MARGIN
                for drawn in self.drawn
            )

    def _at(self, drawn: Witness, point: Point) -> tuple[Array, ...]:
        return interpret(self.graph, point[0], point[1], drawn.parameters)


def related(one: Subject, two: Subject) -> Finding | None:
    """What is proved about two cells: that one equals, simulates, or contains the other."""
    if len(one.graph.states) != len(two.graph.states) or one.form is None or two.form is None:
        return None
    if not (_same(one, two) or _holds(one, two) or _holds(two, one)):
        return None
    finding = relate(one.graph, two.graph)
    return finding if finding.kind in PROVED | CONTAINMENT else None


def _same(one: Subject, two: Subject) -> bool:
    """Whether they are equal up to names and signs of parameters."""
    if one.shapes == two.shapes:
        with suppress(OutOfBudget):
            return any(
                equal(one.graph, two.graph) is not None
                for equal in (equal_up_to_renaming, equal_up_to_signs)
            )
    return False


def _holds(general: Subject, special: Subject) -> bool:
    """Whether a cell is found to become another one."""
    own = special.invariants
    if any(i not in own and special.violates(i) for i in general.invariants):
        return False
    with suppress(OutOfBudget):
        form = normal_form(special.graph, Ring(BUDGET, LAWS))
        solutions = Matching(general.graph, form).solutions()
        return any(
            becomes(general.graph, special.graph, values, square=True)
            for values in islice(solutions, MAX_SOLUTIONS)
        )
    return False
