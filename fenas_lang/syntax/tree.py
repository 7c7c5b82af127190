"""From the grammar's reductions to the abstract syntax: one method a rule of `fen.lark`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lark import Token

from fenas_lang import rules
from fenas_lang.diagnostics import Diagnostic, Fix
from fenas_lang.rules import syntax as rule
from fenas_lang.source import SourceFile, Span
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Expr

MAX_DIGITS = 40
ATOMIC_CALLS = {"add": "+", "sub": "-", "mul": "*"}


@dataclass(frozen=True, slots=True)
class Header:
    """A parenthesised list of names, or the space of a cell."""

    names: tuple[ast.Parameter, ...]
    span: Span


def span(token: Token) -> Span:
    return Span(token.start_pos or 0, token.end_pos or 0)


def _parameters(tokens: list[Any]) -> tuple[ast.Parameter, ...]:
    return tuple(ast.Parameter(str(t), span(t)) for t in tokens)


def _canonical_number(text: str) -> str:
    whole, _, fraction = text.partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


@dataclass
class TreeBuilder:
    """The callbacks of one parse; mistakes that a tree cannot hold are put into `diagnostics`."""

    source: SourceFile
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def report(self, which: rules.Rule, where: Span, fix: Fix | None = None, **values: Any) -> None:
        self.diagnostics.append(which.at(where, self.source, fix, **values))

    def start(self, items: list[Any]) -> list[Any]:
        return items

    def names(self, tokens: list[Any]) -> list[Any]:
        return tokens

    def parameters(self, children: list[Any]) -> tuple[ast.Parameter, ...]:
        return _parameters(children[0]) if children else ()

    def outputs(self, children: list[Any]) -> tuple[ast.Parameter, ...]:
        one = bool(children) and isinstance(children[0], Token)
        return _parameters(children if one else children[0]) if children else ()

    def space(self, children: list[Any]) -> Header:
        return Header((ast.Parameter(str(children[0])),), span(children[0]))

    def without_bias(self, children: list[Any]) -> bool:
        return False

    def block(self, children: list[Any]) -> tuple[tuple[ast.Node, ...], Span]:
        return tuple(children[1:-1]), span(children[0]).cover(span(children[-1]))

    def statement(self, children: list[Any]) -> ast.Node:
        name, value = children
        where = span(name)
        return ast.Node(str(name), value, where.cover(value.span), where)

    def cell(self, children: list[Any]) -> ast.Cell:
        name, *rest, (nodes, block) = children
        space = rest.pop(0) if isinstance(rest[0], Header) else None
        parameters, _arrow, outputs, *without = rest
        return ast.Cell(
            str(name),
            space.names[0].name if space else None,
            parameters,
            outputs,
            not without,
            nodes,
            span=span(name).cover(block),
            name_span=span(name),
            block_span=block,
            space_span=space.span if space else span(name),
            source=self.source,
        )

    def function(self, children: list[Any]) -> ast.Function:
        name, parameters, body = children
        where = span(name)
        return ast.Function(str(name), parameters, body, where.cover(body.span), where)

    def hole(self, children: list[Token]) -> Expr:
        return ast.Hole(span(children[0]))

    def name(self, children: list[Token]) -> Expr:
        (token,) = children
        return ast.Zero(span(token)) if token == "zero" else ast.Name(str(token), span(token))

    def number(self, children: list[Token]) -> Expr:
        (token,) = children
        if len(token) > MAX_DIGITS + 1:
            self.report(rule.BAD_NUMBER, span(token), hint=f"use at most {MAX_DIGITS} digits")
            return ast.Hole(span(token))
        return ast.Number(_canonical_number(str(token)), span(token))

    def group(self, children: list[Any]) -> Expr:
        opening, inner, closing = children
        outer: Expr = replace(inner, span=span(opening).cover(span(closing)))
        return outer

    def _binary(self, op: str, children: list[Any]) -> Expr:
        left, right = children
        return self._bounded(ast.binary(op, left, right, left.span.cover(right.span)))

    def add(self, children: list[Any]) -> Expr:
        return self._binary("+", children)

    def subtract(self, children: list[Any]) -> Expr:
        return self._binary("-", children)

    def multiply(self, children: list[Any]) -> Expr:
        return self._binary("*", children)

    def negate(self, children: list[Any]) -> Expr:
        sign, operand = children
        return self._bounded(ast.negate(operand, span(sign).cover(operand.span)))

    def weighted(self, children: list[Any]) -> Expr:
        sign, operand = children
        where = span(sign).cover(operand.span)
        return self._bounded(ast.weighted(operand, sign == "@.", where))

    def weighted_call(self, children: list[Any]) -> Expr:
        sign, operand = children
        inside = self.source.text[operand.span.start : operand.span.end]
        fix = Fix(operand.span.start, operand.span.end, f"({inside})")
        where = span(sign).cover(operand.span)
        self.report(rule.WEIGHTED_CALL, where, fix, function=operand_name(operand))
        return self.weighted(children)

    def arguments(self, children: list[Any]) -> list[Any]:
        return children

    def call(self, children: list[Any]) -> Expr:
        name, closing = children[0], children[-1]
        arguments = tuple(children[2]) if len(children) == 4 else ()
        where = span(name).cover(span(closing))
        operator = ATOMIC_CALLS.get(str(name))
        if operator and len(arguments) == 2:
            return self._bounded(ast.binary(operator, *arguments, where))
        dropped: tuple[Span, ...] = ()
        if name.endswith("_skip"):
            bare = tuple(_without_weight(a) for a in arguments)
            dropped = tuple(a.span for a, b in zip(arguments, bare, strict=True) if a is not b)
            arguments = bare
        return self._bounded(ast.call(str(name), arguments, where, dropped))

    def _bounded(self, expr: Expr) -> Expr:
        """The expression, or a hole where it nests too deep (said once: a hole has depth 0)."""
        if ast.depth(expr) <= ast.MAX_DEPTH:
            return expr
        last = self.diagnostics[-1] if self.diagnostics else None
        if last is None or last.code != rule.TOO_DEEP.code or last.span.start < expr.span.start:
            self.report(rule.TOO_DEEP, expr.span, limit=ast.MAX_DEPTH)
        return ast.Hole(expr.span)


def _without_weight(argument: Expr) -> Expr:
    plain = isinstance(argument, ast.Weighted) and not argument.elementwise
    return argument.operand if plain else argument  # type: ignore[union-attr]


def operand_name(operand: Expr) -> str:
    """How a message calls the function behind a misplaced `@`."""
    return operand.function if isinstance(operand, ast.Call) else "add"
