"""From the tree of a space's clauses to the `Space`: one method a clause of `space.lark`."""

from __future__ import annotations

from typing import Any

from lark import Token

from fenas_lang.registry import suggest
from fenas_lang.rules import space_files as rule
from fenas_lang.spaces.clauses import Clause, Report, parts, tokens
from fenas_lang.spaces.functions import Definitions
from fenas_lang.spaces.listing import Listing
from fenas_lang.spaces.model import ALL, ANY, LAST, LOOSE, Space, counted, in_words

OUTPUTS = {"LAST": LAST, "LOOSE": LOOSE, "ALL": ALL, "ANY": ANY}
ALLOWED = {"LITERALS": "literals", "INPUTS_AS_OUTPUTS": "outputs_from_inputs"}


class SpaceBuilder:
    """Reads one tree; a mistake is reported, and the rest of the tree is still read."""

    def __init__(self, tree: Clause, definitions: Definitions, report: Report):
        self.report = report
        (self.name,), self.clauses = tokens(tree), parts(tree)
        self.own = {function.name: function for function in definitions.functions}
        self.listing = Listing(report, self.own, definitions.broken)
        self.fields: dict[str, Any] = {
            "name": str(self.name),
            "functions": definitions.functions,
        }

    def read(self) -> None:
        """Every clause, each by the method of its name."""
        self.report.twice(c for c in self.clauses if c.data != "node")
        for clause in self.clauses:
            getattr(self, clause.data)(clause)

    def check_whole(self, name: str | None) -> None:
        """What all clauses together must hold, and the name, if one is expected."""
        if name not in (None, self.name):
            self.report(rule.MISNAMED_SPACE, self.name, expected=name, name=self.name)
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
        self.fields["bias"] = str(tokens(clause)[0])

    def output(self, clause: Clause) -> None:
        self.fields["output"] = tuple(dict.fromkeys(OUTPUTS[t.type] for t in tokens(clause)))

    def allow(self, clause: Clause) -> None:
        self.fields.update((ALLOWED[token.type], True) for token in tokens(clause))

    def node(self, clause: Clause) -> None:
        self.listing.read(clause)

    def sample(self, clause: Clause) -> None:
        self.report.twice(parts(clause))
        for bound in parts(clause):
            getattr(self, bound.data)(bound)

    def sampled_nodes(self, bound: Clause) -> None:
        least, most = self.report.range(bound, "nodes")
        if most is None:
            text = self.report.text(bound)
            self.report(rule.UNBOUNDED_SAMPLE, bound, text=text, least=least)
        self.fields["nodes"] = (least, most)

    def sampled_parents(self, bound: Clause) -> None:
        (written,) = tokens(bound)
        most = self.report.number(written, "parents")
        if most < 1:
            self.report(rule.EMPTY_RANGE, bound, text=self.report.text(bound), hint="begin at 1")
        self.fields["sampled_parents"] = most

    def start_with(self, clause: Clause) -> None:
        (self.start,) = tokens(clause)
        self.fields["first"] = str(self.start)

    def _check_start(self, name: Token) -> None:
        if name not in self.own:
            suggestion = suggest(name, self.own)
            self.report(rule.UNKNOWN_START, name, name=name, suggestion=suggestion)
            return
        number = len(self.own[name].parameters)
        if number < 2 or self.fields.get("states") != (number - 1, number - 1):
            parameters = counted(number, "parameter")
            states = in_words(self.fields.get("states", (1, 1)), "state")
            self.report(
                rule.START_PARAMETERS, name, name=name, parameters=parameters, states=states
            )
        if ALL in self.fields.get("output", ()) and self.fields.get("nodes", (1, 9))[0] < 2:
            self.report(rule.NOTHING_TO_AVERAGE, name)
        if name in self.listing.rules:
            self.report(rule.START_LISTED, name, name=name)
