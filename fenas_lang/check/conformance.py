"""Whether a flat cell is legal in a search space: every clause of `spaces/model.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from fenas_lang.check.outputs import OutputRules
from fenas_lang.check.report import Reporter
from fenas_lang.diagnostics import Fix
from fenas_lang.registry import suggest
from fenas_lang.rules import conformance as rule
from fenas_lang.spaces import model
from fenas_lang.spaces.flat import arguments_of, form_of, function_of, names_read
from fenas_lang.spaces.model import FunctionRule, Space, counted, in_words
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr, Node


@dataclass
class Conformance:
    """One check of a cell, flat but for the calls of the space's own functions."""

    report: Reporter
    cell: Cell
    space: Space

    @cached_property
    def outputs(self) -> OutputRules:
        return OutputRules(self.cell, self.space)

    def check(self) -> str | None:
        """Report what the space does not allow; gives the output rule that the cell follows."""
        self._check_header()
        for position, node in enumerate(self.outputs.nodes):
            self._check_node(node, position)
        return self._check_outputs()

    def _check_header(self) -> None:
        states, (least, most) = len(self.cell.states), self.space.states
        if states < least or (most is not None and states > most):
            allowed = in_words((least, most), "state")
            span, name = self.cell.name_span, self.space.name
            found = counted(states, "state")
            self.report(
                rule.STATES, span, space=name, allowed=allowed, found=found, hint=self._open_hint()
            )
        wanted = {"required": True, "forbidden": False}.get(self.space.bias)
        if wanted is not None and wanted is not self.cell.bias:
            demand = "have a bias" if wanted else "are `without bias`"
            hint = "remove `without bias`" if wanted else "write `without bias` before the `{`"
            self.report(
                rule.BIAS, self.cell.name_span, space=self.space.name, demand=demand, hint=hint
            )

    def _open_hint(self) -> str | None:
        return None if self.space.name == "open" else f"write `cell {self.cell.name} in open`"

    def _check_node(self, node: Node, position: int) -> None:
        name = function_of(node.value)
        if self.space.first and (name == self.space.first or position == 0):
            self._check_first(node, position)
            return
        allowed = self.space.by_name.get(name)
        if allowed is None:
            self._report_function(node, name)
            return
        for check in (self._check_form, self._check_parents, self._check_zero, self._check_sources):
            if not check(node, allowed):
                return

    def _check_first(self, node: Node, position: int) -> None:
        """The space's first function stands first, with the cell's input and states."""
        first, wanted = self.space.first, self._first_arguments()
        called = position == 0 and function_of(node.value) == first
        if called and names_read(node.value) == wanted:
            return
        self.report(
            rule.FIRST,
            node.value.span,
            space=self.space.name,
            first=first,
            arguments=", ".join(wanted),
        )

    def _first_arguments(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.cell.parameters)

    def _report_function(self, node: Node, name: str) -> None:
        if name == "mean":
            self.report(rule.MEAN, node.value.span, space=self.space.name)
            return
        shown = "unary minus" if name == "neg" else f"`{name}`"
        near = suggest(name, self.space.by_name)
        hint = f"did you mean `{near}`? or {self._open_hint()}" if near else self._open_hint()
        self.report(
            rule.FUNCTION,
            node.value.span,
            space=self.space.name,
            function=shown,
            hint=hint,
        )

    def _check_form(self, node: Node, allowed: FunctionRule) -> bool:
        literals = [a for a in arguments_of(node.value) if _is_number(a)]
        if literals and not self.space.literals:
            return self.report(
                rule.LITERAL, literals[0].span, space=self.space.name, name=self.cell.name
            )
        form = form_of(node.value, allowed.name in self.space.definitions)
        if form in allowed.forms or not names_read(node.value):
            return True
        words = " or ".join(sorted(allowed.forms))
        return self.report(
            rule.FORM,
            node.value.span,
            space=self.space.name,
            function=allowed.name,
            allowed=words,
            found=form,
            hint=self._form_hint(form, allowed),
        )

    def _form_hint(self, form: str, allowed: FunctionRule) -> str | None:
        if form == model.MIXED and {model.WEIGHTED, model.PLAIN} <= allowed.forms:
            return "write `@` before all arguments or before none"
        return self._open_hint()

    def _check_parents(self, node: Node, allowed: FunctionRule) -> bool:
        arguments = arguments_of(node.value)
        zeros = sum(isinstance(a, ast.Zero) for a in arguments) if allowed.zero == "second" else 0
        found, most = len(arguments) - zeros, allowed.max_parents
        if len(arguments) <= (most or len(arguments)) and (
            found >= allowed.min_parents or not names_read(node.value)
        ):
            return True
        return self.report(
            rule.PARENTS,
            node.value.span,
            space=self.space.name,
            function=allowed.name,
            allowed=in_words((allowed.min_parents, most), "parent"),
            found=str(len(arguments)),
            hint=self._open_hint() if most and len(arguments) > most else None,
        )

    def _check_zero(self, node: Node, allowed: FunctionRule) -> bool:
        arguments = arguments_of(node.value)
        places = [k for k, a in enumerate(arguments) if isinstance(a, ast.Zero)]
        if allowed.zero == "anywhere" or not places or (allowed.zero == "second" and places == [1]):
            return True
        where = "only as the second argument of an activation or skip"
        if not any(r.zero == "second" for r in self.space.rules):
            where = "nowhere"
        fix = None
        if allowed.zero == "second" and places == [0] and len(arguments) == 2:
            first, second = arguments[0].span, arguments[1].span
            text = f"{self.report.text(second)}, zero"
            fix = Fix(first.start, second.end, text)
        hint = f"write `{allowed.name}({fix.text})`" if fix else None
        return self.report(
            rule.ZERO,
            arguments[places[0]].span,
            fix,
            space=self.space.name,
            allowed=where,
            hint=hint,
        )

    def _check_sources(self, node: Node, allowed: FunctionRule) -> bool:
        arguments = arguments_of(node.value)
        if allowed.inputs:
            return True
        headers = [a for a in arguments if names_read(a) and self._is_header(names_read(a)[0])]
        if not headers:
            return True
        name = names_read(headers[0])[0]
        return self.report(
            rule.NODE_PARENT,
            headers[0].span,
            space=self.space.name,
            function=allowed.name,
            name=name,
            what=self._what(name),
        )

    def _is_header(self, name: str) -> bool:
        return any(p.name == name for p in self.cell.parameters)

    def _what(self, name: str) -> str:
        return "the input" if name == self.cell.parameters[0].name else "a state"

    def _check_outputs(self) -> str | None:
        headers = [o for o in self.cell.outputs if self._is_header(o.name)]
        if headers and not self.space.outputs_from_inputs:
            name = headers[0].name
            what, space = self._what(name), self.space.name
            self.report(rule.OUTPUT_NODE, headers[0].span, name=name, what=what, space=space)
            return None
        followed = self.outputs.followed()
        if followed is None:
            self._report_output()
        return followed

    def _report_output(self) -> None:
        output, mean = self.cell.outputs[0], self.outputs.mean
        self.report(
            rule.OUTPUT_RULE,
            mean.value.span if mean else output.span,
            space=self.space.name,
            allowed=self.outputs.in_words(),
            name=output.name,
            hint=self.outputs.hint(),
        )


def _is_number(argument: Expr) -> bool:
    inner = argument.operand if isinstance(argument, ast.Negate | ast.Weighted) else argument
    return isinstance(inner, ast.Number)
