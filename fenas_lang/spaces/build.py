"""From the tree of a space's clauses to the `Space`: one method a clause of `space.lark`."""

from __future__ import annotations

from typing import Any

from lark import Token

from fenas_lang.registry import suggest
from fenas_lang.rules import space_files as rule
from fenas_lang.spaces.clauses import Clause, Report
from fenas_lang.spaces.listing import Listing
from fenas_lang.spaces.model import ALL, ANY, LAST, LOOSE, Space, counted
from fenas_lang.syntax.ast import Function

OUTPUTS = {"LAST": LAST, "LOOSE": LOOSE, "ALL": ALL, "ANY": ANY}
ALLOWED = {"LITERALS": "literals", "INPUTS_AS_OUTPUTS": "outputs_from_inputs"}


class SpaceBuilder:
    """Reads one tree; a mistake is reported, and the rest of the tree is still read."""

    def __init__(self, tree: Clause, functions: tuple[Function, ...], report: Report):
        self.report = report
        self.name, *self.clauses = tree.children
        self.own = {function.name: function for function in functions}
        self.listing = Listing(report, self.own)
        self.fields: dict[str, Any] = {"name": str(self.name), "functions": functions}

    def read(self) -> None:
        """Every clause, each by the method of its name."""
        self.report.twice(c for c in self.clauses if c.data != "node")
        for clause in self.clauses:
            getattr(self, clause.data)(clause)

    def check_whole(self) -> None:
        """What all clauses together must hold."""
        if "states" not in self.fields:
            self._missing("how many states a cell has", "states 1")
        if not self.listing.rules:
            self._missing("what a node may be", "node add, mul, tanh")
        elif "first" in self.fields:
            self._check_start(self.start)
        elif not any(r.inputs for r in self.listing.rules.values()):
            self.report(rule.NO_FIRST_NODE, self.name)

    def space(self, **more: Any) -> Space:
        """The space, where nothing was wrong; `more` are the fields that no clause gives."""
        return Space(rules=tuple(self.listing.rules.values()), **self.fields, **more)

    def _missing(self, what: str, example: str) -> None:
        self.report(rule.MISSING, self.name, what=what, example=example)

    def states(self, clause: Clause) -> None:
        self.fields["states"] = self.report.range(clause, "states")

    def bias(self, clause: Clause) -> None:
        self.fields["bias"] = str(clause.children[0])

    def output(self, clause: Clause) -> None:
        self.fields["output"] = tuple(dict.fromkeys(OUTPUTS[t.type] for t in clause.children))

    def allow(self, clause: Clause) -> None:
        self.fields.update((ALLOWED[token.type], True) for token in clause.children)

    def node(self, clause: Clause) -> None:
        self.listing.read(clause)

    def sample(self, clause: Clause) -> None:
        self.report.twice(clause.children)
        for bound in clause.children:
            getattr(self, bound.data)(bound)

    def sampled_nodes(self, bound: Clause) -> None:
        least, most = self.report.range(bound, "nodes")
        if most is None:
            text = self.report.text(bound)
            self.report(rule.UNBOUNDED_SAMPLE, bound, text=text, least=least)
        self.fields["nodes"] = (least, most)

    def sampled_parents(self, bound: Clause) -> None:
        self.fields["sampled_parents"] = self.report.number(bound.children[0], "parents")

    def start_with(self, clause: Clause) -> None:
        self.start = clause.children[0]
        self.fields["first"] = str(self.start)

    def _check_start(self, name: Token) -> None:
        if name not in self.own:
            suggestion = suggest(name, self.own)
            self.report(rule.UNKNOWN_START, name, name=name, suggestion=suggestion)
            return
        parameters = len(self.own[name].parameters)
        states = self.fields.get("states", (1, 1))[0]
        if not 2 <= parameters <= 1 + states:
            self.report(
                rule.START_PARAMETERS,
                name,
                name=name,
                parameters=counted(parameters, "parameter"),
                states=counted(states, "state"),
            )
