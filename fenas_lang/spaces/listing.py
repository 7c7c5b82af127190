"""The `node` clauses of a space: which functions a node may be, and how it may use each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lark import Token

from fenas_lang.functions import ACTIVATION, ATOMIC, FUNCTIONS, MEAN, SKIP
from fenas_lang.registry import suggest
from fenas_lang.rules import space_files as rule
from fenas_lang.spaces import model
from fenas_lang.spaces.clauses import Clause, Report, parts, tokens
from fenas_lang.spaces.model import FunctionRule, Range, in_words
from fenas_lang.syntax.ast import Function

FORMS = {
    ATOMIC: frozenset({model.PLAIN}),
    MEAN: frozenset({model.PLAIN}),
    SKIP: frozenset({model.SKIP}),
    ACTIVATION: frozenset({model.PLAIN, model.WEIGHTED, model.ELEMENTWISE, model.MIXED}),
}
"""The forms that the functions of each kind can have."""

UNSTATED = frozenset({model.PLAIN, model.WEIGHTED, model.SKIP, model.CALL})
"""The forms that a function has where its clause states none, as far as it can have them."""

SAID = {model.SKIP: "a skip", model.CALL: "a call of a `fn`"}


@dataclass
class Listing:
    """The functions listed so far.

    `own` are those that the space's file defines, `broken` those that it defines with mistakes.
    """

    report: Report
    own: Mapping[str, Function]
    broken: Collection[str]
    rules: dict[str, FunctionRule] = field(default_factory=dict)

    def read(self, clause: Clause) -> None:
        """One clause: its functions, each with all of its properties."""
        names, *properties = parts(clause)
        self.report.twice(properties)
        stated = {str(p.data): p for p in properties}
        for name in tokens(names):
            if self._may_list(name):
                self.rules[str(name)] = self._rule(name, stated)

    def _may_list(self, name: Token) -> bool:
        if name in self.broken:
            return False
        if name in self.rules:
            self.report(rule.LISTED_TWICE, name, name=name)
        elif name not in FUNCTIONS and name not in self.own:
            suggestion = suggest(name, [*FUNCTIONS, *self.own])
            self.report(rule.UNKNOWN_FUNCTION, name, name=name, suggestion=suggestion)
        else:
            return True
        return False

    def _rule(self, name: Token, stated: Mapping[str, Clause]) -> FunctionRule:
        forms = self._forms(name, stated.get("forms"))
        least, most = self._parents(name, forms, stated.get("parents"))
        return FunctionRule(
            str(name),
            forms,
            least,
            most,
            zero=str(tokens(stated["zero"])[0]) if "zero" in stated else "never",
            inputs="from_nodes" not in stated,
        )

    def _forms(self, name: str, stated: Clause | None) -> frozenset[str]:
        possible = FORMS[FUNCTIONS[name].kind] if name in FUNCTIONS else frozenset({model.CALL})
        if stated is None:
            return possible & UNSTATED
        for form in tokens(stated):
            if form not in possible:
                self._report_form(name, form, possible)
        return possible.intersection(tokens(stated)) or possible

    def _report_form(self, name: str, form: Token, possible: frozenset[str]) -> None:
        (only, *more) = possible
        always = None if more else SAID.get(only, only)
        self.report(rule.WRONG_FORM, form, name=name, form=SAID.get(form, form), always=always)

    def _parents(self, name: str, forms: frozenset[str], stated: Clause | None) -> Range:
        arity = self._arity(name) if forms != {model.MIXED} else (2, None)
        if stated is None:
            return arity
        given = self.report.range(stated, "parents")
        if _within(given, arity):
            return given
        written = self.report.text(stated)
        has = in_words(arity, "parent")
        self.report(rule.WRONG_PARENTS, stated, name=name, parents=written, arity=has)
        return arity

    def _arity(self, name: str) -> Range:
        if name in self.own:
            number = len(self.own[name].parameters)
            return number, number
        return FUNCTIONS[name].min_arity, FUNCTIONS[name].max_arity


def _within(inner: Range, outer: Range) -> bool:
    if inner[0] < outer[0]:
        return False
    return outer[1] is None or (inner[1] is not None and inner[1] <= outer[1])
