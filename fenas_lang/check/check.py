"""From syntax to cells that may be compiled: all diagnostics of a file, and the `Checked` cells.

`Checked` is the type that lowering takes, so that an unchecked cell cannot be taken for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from fenas_lang.check.conformance import Conformance
from fenas_lang.check.edges import EdgeChecker
from fenas_lang.check.names import (
    References,
    check_cell_names,
    check_definitions,
    check_function_names,
    nearest,
)
from fenas_lang.check.report import Reporter
from fenas_lang.diagnostics import Diagnostic, FenError, Fix, in_order
from fenas_lang.rules import conformance as conformance_rule
from fenas_lang.rules import names as rule
from fenas_lang.rules import syntax as syntax_rule
from fenas_lang.source import SourceFile, Span
from fenas_lang.spaces.model import CALL, Space
from fenas_lang.spaces.reader import load_space, shipped_spaces
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr, Function, Module, Node, walk
from fenas_lang.syntax.flatten import MAX_NODES, TooManyNodes, flatten
from fenas_lang.syntax.parser import parse

DEFAULT_SPACE = "fenas"


@dataclass(frozen=True)
class Checked:
    """A cell without errors.

    `in_space` is flat but for the calls that are nodes of the space; `flat` is flat altogether.
    `rule` is the output rule of the space that the cell follows, `mean` the node that it made, if
    it did.
    """

    cell: Cell
    space: Space
    in_space: Cell
    rule: str
    mean: Node | None
    scope: Mapping[str, Function]

    @cached_property
    def flat(self) -> Cell:
        return flatten(self.in_space, self.scope) if self.scope else self.in_space


@dataclass(frozen=True)
class CheckedModule:
    """What came of a file: the cells without errors, and all diagnostics in order."""

    module: Module
    cells: tuple[Checked, ...]
    diagnostics: tuple[Diagnostic, ...]


def check_text(
    text: str, path: Path | None = None, space: Space | None = None, name: str | None = None
) -> list[Diagnostic]:
    """All diagnostics of a text; never raises.  `space` replaces the cells' own for checking."""
    shown = name or (str(path) if path else "<string>")
    return list(check_source(SourceFile(text, path, shown), space).diagnostics)


def check_source(source: SourceFile, space: Space | None = None) -> CheckedModule:
    """Parse and check a file."""
    module, found = parse(source)
    checker = _ModuleChecker(module, space)
    checker.run()
    diagnostics = in_order([*found, *checker.report.diagnostics])
    return CheckedModule(module, tuple(checker.checked), tuple(diagnostics))


def check_cell(cell: Cell, space: Space | None = None) -> tuple[Checked | None, list[Diagnostic]]:
    """Check one cell by itself, with the functions it holds.  Its own space, if none is given."""
    module = Module((*cell.functions, cell), source=cell.source)
    checker = _ModuleChecker(module, space)
    checker.run()
    result = checker.checked[0] if checker.checked else None
    return result, in_order(checker.report.diagnostics)


def checked(cell: Cell, space: Space | None = None) -> Checked:
    """The checked cell; raises FenError where it has errors."""
    result, diagnostics = check_cell(cell, space)
    if result is None:
        raise FenError(d for d in diagnostics if d.severity == "error")
    return result


def space_of(cell: Cell) -> Space:
    """The space that a cell names: `NAME.space` beside its file, else a shipped one.

    Raises FenError where there is none.
    """
    path = cell.source.path if cell.source else None
    return load_space(cell.space or DEFAULT_SPACE, beside=path.parent if path else None)


@lru_cache(maxsize=64)
def check_space(space: Space) -> tuple[Diagnostic, ...]:
    """What is wrong in the bodies of a space's own functions."""
    checker = _ModuleChecker(Module(space.functions, source=space.source), None)
    checker.run()
    return tuple(checker.report.diagnostics)


class _ModuleChecker:
    def __init__(self, module: Module, space: Space | None):
        self.module = module
        self.space = space
        self.report = Reporter(module.source)
        self.checked: list[Checked] = []
        self.functions: dict[str, Function] = {}
        self.heights: dict[str, int] = {}

    def run(self) -> None:
        cells, functions = self.module.cells, self.module.functions
        check_definitions(self.report, ((f.name, f.name_span) for f in functions))
        _check_duplicates(self.report, cells)
        later = {f.name: f.name_span for f in reversed(functions)}
        for item in self.module.items:
            if isinstance(item, Function):
                self._check_function(item, later)
            else:
                self._check_cell(item, later)

    def _references(self, functions: Iterable[str], later: Mapping[str, Span]) -> References:
        references = References(self.report, tuple(functions), self.module.broken)
        references.later_functions = later
        return references

    def _check_function(self, function: Function, later: Mapping[str, Span]) -> None:
        if function.name in self.functions:
            return
        before = self.report.count
        references = self._references(self.functions, later)
        readable = not _has_hole(function.body)
        sound = check_function_names(self.report, function, references)
        edges = EdgeChecker(self.report, self.functions)
        if sound and readable:
            edges.check_value(function.body)
        self._check_height(function.body)
        if self.report.count == before and sound and readable and edges.whole:
            self.functions[function.name] = function
            self.heights[function.name] = self._height(function.body)
        else:
            self.module = _with_broken(self.module, function.name)

    def _height(self, expr: Expr) -> int:
        """Nesting depth with the bodies of called functions in their calls' place."""
        inner = max((self._height(child) for child in ast.children(expr)), default=-1)
        own = self.heights.get(expr.function, 0) if isinstance(expr, ast.Call) else 0
        return inner + 1 + own

    def _check_height(self, value: Expr) -> bool:
        if self._height(value) <= ast.MAX_DEPTH:
            return True
        return self.report(syntax_rule.TOO_DEEP, value.span, limit=ast.MAX_DEPTH)

    def _check_cell(self, cell: Cell, later: Mapping[str, Span]) -> None:
        before = self.report.count
        own = self._own_space(cell)
        scope = {**(own.definitions if own else {}), **self.functions}
        references = self._references(scope, later)
        check_cell_names(self.report, cell, references)
        edges = EdgeChecker(self.report, scope)
        readable = [node for node in cell.nodes if not _has_hole(node.value)]
        for node in readable:
            edges.check_node(node)
            self._check_height(node.value)
        holes = len(readable) < len(cell.nodes)
        sound = references.sound and edges.whole
        whole = self.report.count == before and sound and not holes
        space = self.space or own
        if whole and space is not None:
            self._check_flat(cell, space, scope)

    def _own_space(self, cell: Cell) -> Space | None:
        given = self.space
        known = given is not None and given.name == (cell.space or DEFAULT_SPACE)
        try:
            space = given if given is not None and known else space_of(cell)
        except FenError as error:
            if any(d.source is not None for d in error.diagnostics):
                self.report.diagnostics.extend(error.diagnostics)
            else:
                name = cell.space or DEFAULT_SPACE
                meant, span = nearest(name, shipped_spaces()), cell.space_span
                fix = Fix(span.start, span.end, meant) if meant else None
                self.report(rule.UNKNOWN_SPACE, span, fix, name=name, suggestion=meant)
            return None
        unsound = check_space(space)
        if unsound:
            self.report.diagnostics.extend(unsound)
            self.module = replace(self.module, broken=self.module.broken | space.definitions.keys())
        return None if unsound else space

    def _check_flat(self, cell: Cell, space: Space, scope: Mapping[str, Function]) -> None:
        listed = {r.name for r in space.rules if CALL in r.forms} | {space.first}
        keep = {n for n, f in space.definitions.items() if n in listed and scope.get(n) == f}
        before = self.report.count
        try:
            in_space = flatten(cell, scope, keep)
            flat = flatten(in_space, scope) if keep else in_space
        except TooManyNodes as error:
            where = error.node.span
            self.report(conformance_rule.TOO_MANY_NODES, where, limit=MAX_NODES)
            return
        if _calls(cell, scope):
            self._check_bound(flat)
        conformance = Conformance(self.report, in_space, space)
        output_rule = conformance.check() if self.report.count == before else None
        if self.report.count > before or output_rule is None:
            return
        mean = conformance.outputs.mean
        self.checked.append(Checked(cell, space, in_space, output_rule, mean, scope))
        self._warn_of_dead_nodes(cell)

    def _check_bound(self, flat: Cell) -> None:
        """Literals and zeros that came to stand in a function's body where they cannot."""
        edges = EdgeChecker(self.report, {})
        told: set[Span] = set()
        for node in flat.nodes:
            if node.value.span not in told:
                before = self.report.count
                edges.check_value(node.value)
                if self.report.count > before:
                    told.add(node.value.span)

    def _warn_of_dead_nodes(self, cell: Cell) -> None:
        wanted = set(cell.output_names)
        for node in reversed(cell.nodes):
            if node.name in wanted:
                wanted.update(e.id for e in walk(node.value) if isinstance(e, ast.Name))
            else:
                self.report(rule.DEAD_NODE, node.name_span, name=node.name)


def _check_duplicates(report: Reporter, cells: Iterable[Cell]) -> None:
    first: dict[str, int] = {}
    for cell in cells:
        if cell.name in first:
            line = report.line(first[cell.name])
            report(rule.DEFINED_TWICE, cell.name_span, name=cell.name, line=line)
        first.setdefault(cell.name, cell.name_span.start)


def _has_hole(value: Expr) -> bool:
    return any(isinstance(expr, ast.Hole) for expr in walk(value))


def _calls(cell: Cell, functions: Mapping[str, Function]) -> bool:
    calls = (e for node in cell.nodes for e in walk(node.value) if isinstance(e, ast.Call))
    return bool(functions) and any(call.function in functions for call in calls)


def _with_broken(module: Module, name: str) -> Module:
    return replace(module, broken=module.broken | {name})
