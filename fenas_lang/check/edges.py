"""Where `@`, `zero` and literals may stand, and how many arguments a function takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fenas_lang.check.report import Reporter
from fenas_lang.diagnostics import Fix
from fenas_lang.functions import ACTIVATION, FUNCTIONS, SKIP
from fenas_lang.rules import edges as rule
from fenas_lang.source import Span
from fenas_lang.spaces.model import counted
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Call, Expr, Function, Node, Weighted, children
from fenas_lang.syntax.flatten import is_literal
from fenas_lang.syntax.formatter import format_expression

AS_ONE = "write its value as one literal"


class EdgeChecker:
    """Checks the expressions of one cell or function; `functions` are the `fn`s in sight."""

    def __init__(self, report: Reporter, functions: Mapping[str, Function]):
        self.report = report
        self.functions = functions
        self.whole = True
        """Whether the parser had nothing to say about the weights that were checked."""

    def check_node(self, node: Node) -> None:
        """A statement: its value is a node, and so is everything inside it."""
        value = node.value
        if isinstance(value, ast.Name):
            fix = Fix(value.span.start, value.span.end, f"identity({value.id})")
            self.report(rule.ALIAS, value.span, fix, name=node.name, value=value.id)
        else:
            self.check_value(value)

    def check_value(self, value: Expr) -> None:
        """The value of a node or the body of a function: not a bare edge, zero or literal."""
        if isinstance(value, ast.Zero):
            hint = "leave out what would be zero"
            self.report(rule.ZERO_ALONE, value.span, hint=hint)
        elif is_literal(value):
            hint = "use it in an expression that reads something"
            self.report(rule.LITERALS_ONLY, value.span, hint=hint)
        else:
            self.check(value)

    def check(self, expr: Expr) -> None:
        """An expression that is no direct argument of an activation."""
        if isinstance(expr, Weighted):
            self._misplaced(expr)
        elif isinstance(expr, Call):
            self._check_call(expr)
        elif _literals_only(expr) and not is_literal(expr):
            self.report(rule.LITERALS_ONLY, expr.span, hint=AS_ONE)
        else:
            for child in children(expr):
                self.check(child)

    def _misplaced(self, expr: Weighted) -> None:
        if self._is_told(expr.operand):
            self.whole = False
            self.check(expr.operand)
            return
        if not self._check_operand(expr):
            return
        sign = "@." if expr.elementwise else "@"
        inside = _parenthesised(expr.operand)
        instead = f"identity({sign}{inside})"
        grouped = self.report.text(expr.span).startswith("(")
        text = f"({instead})" if grouped else instead
        fix = Fix(expr.span.start, expr.span.end, text)
        self.report(rule.MISPLACED_WEIGHT, expr.span, fix, instead=instead)
        self.check(expr.operand)

    def _is_told(self, operand: Expr) -> bool:
        """Whether the parser has reported the `@`: it stood right before a call."""
        called = self.report.text(operand.span).endswith(")")
        return called and not self.report.text(operand.span).startswith("(")

    def _check_operand(self, edge: Weighted) -> bool:
        """Whether what an edge leads from can carry a weight."""
        if isinstance(edge.operand, ast.Zero):
            return self.report(rule.ZERO_ALONE, edge.span, hint="write `zero` without the `@`")
        if is_literal(edge.operand) or _literals_only(edge.operand):
            return self.report(rule.WEIGHTED_LITERAL, edge.span, hint="remove the `@`")
        return True

    def _check_call(self, call: Call) -> None:
        self._check_arity(call)
        definition = FUNCTIONS.get(call.function)
        kind = definition.kind if definition else "fn"
        if definition is None and call.function not in self.functions:
            kind = ACTIVATION
        if kind != "fn" and call.arguments and all(map(_literals_only, call.arguments)):
            self.report(rule.LITERALS_ONLY, call.span, hint=AS_ONE)
            return
        if kind == "fn":
            for where in call.dropped:
                self._weighted_argument(call, where, call.arguments[0])
        for argument in call.arguments:
            self._check_argument(call, kind, argument)

    def _check_argument(self, call: Call, kind: str, argument: Expr) -> None:
        if kind == SKIP and is_literal(argument):
            self.report(
                rule.WEIGHTED_LITERAL, argument.span, hint="a skip's arguments have weights"
            )
        elif not isinstance(argument, Weighted):
            if not (kind == ACTIVATION and self._check_sum(call, argument)):
                self.check(argument)
        elif kind == ACTIVATION:
            if self._check_operand(argument):
                self.check(argument.operand)
        elif kind == SKIP:
            self.report(rule.ELEMENTWISE_SKIP, argument.span, function=call.function)
        elif self._check_operand(argument):
            self._weighted_argument(call, argument.span, argument.operand, argument.elementwise)
            self.check(argument.operand)

    def _weighted_argument(
        self, call: Call, span: Span, operand: Expr, elementwise: bool = False
    ) -> None:
        instead = f"identity({'@.' if elementwise else '@'}{_parenthesised(operand)})"
        fix = Fix(span.start, span.end, instead)
        self.report(rule.WEIGHTED_ARGUMENT, span, fix, function=call.function, instead=instead)

    def _check_sum(self, call: Call, argument: Expr) -> bool:
        """Whether the argument was a sum with weighted terms, `f(@a + @b)`: reported whole."""
        terms = _terms(argument)
        if len(terms) < 2 or not any(isinstance(term, Weighted) for term in terms):
            return False
        if _only_added(argument):
            written = ", ".join(map(format_expression, terms))
        else:
            written = format_expression(_with_identities(argument))
        others = (written if a is argument else format_expression(a) for a in call.arguments)
        instead = f"{call.function}({', '.join(others)})"
        fix = Fix(argument.span.start, argument.span.end, written)
        self.report(rule.MISPLACED_WEIGHT, argument.span, fix, instead=instead)
        for term in terms:
            self.check(term.operand if isinstance(term, Weighted) else term)
        return True

    def _check_arity(self, call: Call) -> None:
        least, most = self._arity(call.function)
        found = len(call.arguments)
        if least <= found and (most is None or found <= most):
            return
        wanted = counted(least, "argument") if least == most else f"{least} or more arguments"
        if most is not None and most > least:
            wanted = f"{least} to {most} arguments"
        hint = "sum them with `identity`" if most is not None and found > most else None
        self.report(
            rule.ARITY, call.span, function=call.function, expected=wanted, found=found, hint=hint
        )

    def _arity(self, name: str) -> tuple[int, int | None]:
        definition = FUNCTIONS.get(name)
        if definition and name != "neg":
            return definition.min_arity, definition.max_arity
        function = self.functions.get(name)
        return (len(function.parameters),) * 2 if function else (0, None)


def _terms(expr: Expr) -> Sequence[Expr]:
    """The terms of a sum or difference, left to right."""
    if isinstance(expr, ast.Binary) and expr.op in "+-":
        return [*_terms(expr.left), *_terms(expr.right)]
    return [expr]


def _only_added(expr: Expr) -> bool:
    """Whether the terms of a sum are all added, none subtracted."""
    if isinstance(expr, ast.Binary) and expr.op in "+-":
        return expr.op == "+" and _only_added(expr.left) and _only_added(expr.right)
    return True


def _with_identities(expr: Expr) -> Expr:
    """A sum with each weighted term made a node, `identity(@a)`."""
    if isinstance(expr, ast.Binary) and expr.op in "+-":
        return ast.binary(expr.op, _with_identities(expr.left), _with_identities(expr.right))
    return ast.call("identity", (expr,)) if isinstance(expr, Weighted) else expr


def _parenthesised(operand: Expr) -> str:
    text = format_expression(operand)
    return text if isinstance(operand, ast.Name) else f"({text})"


def _literals_only(expr: Expr) -> bool:
    """Whether an expression reads nothing but numbers."""
    if isinstance(expr, ast.Number):
        return True
    parts = children(expr)
    return bool(parts) and all(map(_literals_only, parts))
