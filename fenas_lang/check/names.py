"""Names: defined once and before their use, well-formed, not reserved; functions known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import islice

from fenas_lang.check.report import Reporter
from fenas_lang.diagnostics import Fix
from fenas_lang.functions import FUNCTIONS, KEYWORDS, RESERVED
from fenas_lang.registry import suggest
from fenas_lang.rules import names as rule
from fenas_lang.source import Span
from fenas_lang.spaces.model import counted
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Function, walk

MAX_NAME = 255
MAX_CANDIDATES = 200


def check_identifier(
    report: Reporter, name: str, span: Span, functions: Collection[str] = ()
) -> bool:
    """Whether a name may be given to something; `functions` are the `fn`s in sight."""
    if name in RESERVED or name in functions:
        what = "a reserved word" if name in KEYWORDS | {"gate", "zero"} else "a function's name"
        return report(rule.RESERVED, span, name=name, what=what)
    reason = _bad_identifier(name)
    if reason:
        shown = name if len(name) <= 40 else f"{name[:37]}…"
        return report(rule.BAD_IDENTIFIER, span, name=shown, reason=reason)
    return True


def _bad_identifier(name: str) -> str | None:
    if "__" in name:
        return "contains `__`"
    if name.endswith("_"):
        return "ends in `_`"
    return f"has more than {MAX_NAME} characters" if len(name) > MAX_NAME else None


def check_definitions(
    report: Reporter, definitions: Iterable[tuple[str, Span]], functions: Collection[str] = ()
) -> None:
    """Each name well-formed, no function's, and defined once."""
    first: dict[str, int] = {}
    for name, span in definitions:
        if name in first:
            line = report.line(first[name])
            report(rule.DEFINED_TWICE, span, name=name, line=line)
            continue
        first[name] = span.start
        check_identifier(report, name, span, functions)


class References:
    """What the expressions of one cell or function read."""

    def __init__(self, report: Reporter, functions: Collection[str], broken: Collection[str] = ()):
        self.report = report
        self.functions = functions
        self.broken = broken
        self.later_functions: Mapping[str, Span] = {}
        self.told: set[str] = set()
        self.sound = True

    def check_call(self, call: ast.Call) -> bool:
        """Whether the function that is called is known here."""
        name = call.function
        if name in FUNCTIONS and name != "neg":
            return True
        if name in self.functions:
            return True
        if name in self.broken or name in self.told:
            self.sound = False
            return False
        self.told.add(name)
        where = Span(call.span.start, call.span.start + len(name))
        later = self.later_functions.get(name)
        if later:
            line = self.report.line(later.start)
            return self.report(rule.FUNCTION_BEFORE, where, name=name, line=line)
        candidates = [*(f for f in FUNCTIONS if f != "neg"), *self.functions]
        suggestion = None if self.report.full else nearest(name, candidates)
        fix = Fix(where.start, where.end, suggestion) if suggestion else None
        return self.report(rule.UNKNOWN_FUNCTION, where, fix, name=name, suggestion=suggestion)

    def check_name(
        self,
        name: ast.Name,
        known: Collection[str],
        later: Mapping[str, Span],
        within: str | None = None,
    ) -> bool:
        """Whether a name is known here; `later` are those defined further down.

        `within` is the node that reads it.
        """
        if name.id in known:
            return True
        if name.id in self.told:
            return False
        self.told.add(name.id)
        if name.id in later:
            return self._used_before(name, later[name.id], within)
        suggestion = None if self.report.full else nearest(name.id, known)
        fix = Fix(name.span.start, name.span.end, suggestion) if suggestion else None
        return self.report(rule.UNKNOWN_NAME, name.span, fix, name=name.id, suggestion=suggestion)

    def _used_before(self, name: ast.Name, definition: Span, within: str | None) -> bool:
        line = self.report.line(definition.start)
        hint = f"move the line that defines `{name.id}` up"
        if name.id == within:
            hint = "a node cannot read itself; its value of the step before is a state"
        return self.report(rule.USED_BEFORE, name.span, name=name.id, line=line, hint=hint)


def check_cell_names(report: Reporter, cell: Cell, references: References) -> None:
    """Header, definitions, references and outputs of a cell."""
    if len(cell.parameters) < 2:
        report(rule.NO_STATE, cell.name_span, name=cell.name)
    elif len(cell.outputs) != len(cell.states):
        _report_output_count(report, cell)
    functions = references.functions
    check_identifier(report, cell.name, cell.name_span, functions)
    headers = [(p.name, p.span) for p in cell.parameters]
    # A statement that could not be read has its message; its name is a guess.
    readable = (n for n in cell.nodes if not isinstance(n.value, ast.Hole))
    nodes_defined = ((n.name, n.name_span) for n in readable)
    check_definitions(report, [*headers, *nodes_defined], functions)
    known = {p.name for p in cell.parameters}
    nodes = {node.name: node.name_span for node in reversed(cell.nodes)}
    for node in cell.nodes:
        for expr in walk(node.value):
            if isinstance(expr, ast.Name) and expr.id not in known:
                references.check_name(expr, known, nodes, node.name)
            elif isinstance(expr, ast.Call):
                references.check_call(expr)
        known.add(node.name)
    for output in cell.outputs:
        references.check_name(ast.Name(output.name, output.span), known, {})


def _report_output_count(report: Reporter, cell: Cell) -> None:
    wanted = len(cell.states)
    names = [*cell.output_names, *(f"next_{state}" for state in cell.states[len(cell.outputs) :])]
    span = cell.outputs[0].span.cover(cell.outputs[-1].span) if cell.outputs else cell.name_span
    report(
        rule.OUTPUT_COUNT,
        span,
        states=counted(wanted, "state"),
        outputs=counted(len(cell.outputs), "output"),
        example=", ".join(names[:wanted]),
    )


def check_function_names(report: Reporter, function: Function, references: References) -> bool:
    """Whether a `fn` is well-formed: its own names, its body's references, no recursion."""
    before = report.count
    parameters = ((p.name, p.span) for p in function.parameters)
    check_definitions(report, parameters, references.functions)
    known = {p.name for p in function.parameters}
    if isinstance(function.body, ast.Name) and function.body.id in known:
        report(
            rule.BODY_IS_PARAMETER,
            function.body.span,
            name=function.name,
            parameter=function.body.id,
        )
    for expr in walk(function.body):
        if isinstance(expr, ast.Call) and expr.function == function.name:
            where = Span(expr.span.start, expr.span.start + len(function.name))
            report(rule.RECURSION, where, name=function.name)
        elif isinstance(expr, ast.Call):
            references.check_call(expr)
        elif isinstance(expr, ast.Name) and expr.id not in known:
            suggestion = None if report.full else nearest(expr.id, known)
            report(
                rule.FREE_NAME,
                expr.span,
                name=expr.id,
                function=function.name,
                suggestion=suggestion,
            )
    return report.count == before and references.sound


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """What the word was probably meant to be; of very many candidates only some are tried."""
    return suggest(word, islice(candidates, MAX_CANDIDATES))
