"""A mutation by an outside program: parents go in as JSON, a child's source comes out.

What it answers is checked as anyone's cell is.  An answer that is no legal child is a trial that
failed, and the next call sees its diagnostics.  Every answer is recorded before anything is made of
it, so that a resumed run does not ask again for what it was told.
"""

from __future__ import annotations

import json
import shlex
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from fenas_lang.check.check import Checked, check_source
from fenas_lang.diagnostics import Diagnostic
from fenas_lang.rules import search as rules
from fenas_lang.search.child import storable
from fenas_lang.search.difference import difference
from fenas_lang.search.program import run
from fenas_lang.search.seeds import plain
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.search.trial import HEADER, Rejection, Trial
from fenas_lang.source import SourceFile
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.outputs import RULES, rule_mean
from fenas_lang.syntax.ast import Cell

REMEMBERED = 5
"""So many of the last illegal children the program is told of."""
DIAGNOSTICS = "diagnostics"
"""The fact of a trial that says why a child is illegal."""

Place = tuple[int, int, int]
"""Which answer: the trial's number, the draw for it, the call within the draw."""


@dataclass(frozen=True)
class Answer:
    """What the program printed, or why that is nothing."""

    text: str
    failure: str = ""
    log: str = ""


class Answers(Protocol):
    """Where answers are recorded."""

    def get(self, place: Place) -> Answer | None: ...

    def put(self, place: Place, answer: Answer) -> None: ...


class InMemory(dict[Place, Answer]):
    """Answers that nobody will ask for again."""

    put = dict.__setitem__


class NoChild(Exception):
    """The program gave no legal child; what the trial will say of it."""

    def __init__(
        self,
        parent: Individual,
        answer: Answer,
        reason: str,
        diagnostics: Sequence[Diagnostic] = (),
    ):
        super().__init__(reason)
        self.parents, self.source = (parent.number,), answer.text
        self.reason = f"mutator: {reason}"
        shown = [str(diagnostic) for diagnostic in diagnostics]
        self.log = "\n".join([*shown, answer.log]).strip()
        self.facts = {DIAGNOSTICS: [d.as_json() for d in diagnostics]} if diagnostics else {}
        self.draws = 1
        self.rejections: tuple[Rejection, ...] = ()


@dataclass
class Mutator:
    """The program of a run; `begin` says which draw of which trial the next call is for."""

    settings: Settings
    space: Space
    answers: Answers = field(default_factory=InMemory)
    failures: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    place: Place = (0, 0, 0)

    def begin(self, number: int, draw: int) -> None:
        """What follows is for this draw of this trial."""
        self.place = (number, draw, 0)

    def tell(self, trial: Trial) -> None:
        """Remember why a child was illegal."""
        found = trial.measured.facts.get(DIAGNOSTICS)
        if found:
            said = {"trial": trial.number, "source": trial.source, DIAGNOSTICS: found}
            self.failures.append(said)

    def child(self, parent: Individual) -> Proposal:
        """The program's child of a parent.  Raises NoChild."""
        number, draw, call = place = self.place
        self.place = (number, draw, call + 1)
        answer = self.answers.get(place)
        if answer is None:
            answer = self._asked(parent)
            self.answers.put(place, answer)
        if answer.failure:
            raise NoChild(parent, answer, answer.failure)
        return self._checked(parent, answer)

    def _asked(self, parent: Individual) -> Answer:
        told = self.settings
        said = run(shlex.split(told.mutator), json.dumps(self._request(parent)), told.mutator_limit)
        return Answer(storable(said.text), said.failure, storable(said.log))

    def _request(self, parent: Individual) -> dict[str, Any]:
        """The documented JSON object that the program reads."""
        told, (number, draw, _) = self.settings, self.place
        name = HEADER.search(parent.source)
        one = {
            "number": parent.number,
            "name": name[1] if name else "?",
            "source": parent.source,
            "score": parent.score,
        }
        return {
            "version": 1,
            "trial": number,
            "attempt": draw,
            "parents": [one],
            "space": {"name": self.space.name, "source": told.space, "output": told.output},
            "keep_nodes": told.rules.fixed_nodes,
            "task": {"name": told.task, "settings": _plain(told.task_settings)},
            "failures": list(self.failures),
        }

    def _checked(self, parent: Individual, answer: Answer) -> Proposal:
        assert self.settings.output is not None
        wanted = replace(self.space, output=(RULES[self.settings.output],))
        source = SourceFile(answer.text, name="child")
        module = check_source(source, wanted)
        errors = [d for d in module.diagnostics if d.severity == "error"]
        if not errors:
            misfit = _misfit(parent.cell, module.cells, self.space, self.settings)
            errors = [rules.NO_CHILD.at(reason=misfit)] if misfit else []
        if errors:
            raise NoChild(parent, answer, f"illegal child ({errors[0].code})", errors)
        (found,) = module.cells
        cell = plain(found.in_space, self.settings.header)
        words = found.cell.documentation.split("\n", 1)[0]
        edit = f"by the mutator: {words}" if words else "by the mutator"
        return Proposal(cell, (parent.number,), edit, difference(parent.cell, cell))


def _misfit(parent: Cell, cells: Sequence[Checked], space: Space, told: Settings) -> str:
    """Why cells that are legal are no child of a parent; empty where they are."""
    if len(cells) != 1:
        return f"there are {len(cells)} cells in it"
    child = cells[0].in_space
    if len(child.states) != len(parent.states):
        return f"it has {len(child.states)} states, and its parent has {len(parent.states)}"
    had, has = (_nodes(cell, space) for cell in (parent, child))
    if told.rules.fixed_nodes and had != has:
        return f"it has {has} nodes, and its parent has {had}, which the profile keeps"
    return ""


def _nodes(cell: Cell, space: Space) -> int:
    return len(cell.nodes) - (rule_mean(cell, space) is not None)


def _plain(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items()}
