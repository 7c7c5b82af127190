"""What a flat node is: the function that it calls, its arguments, and the form of its edges."""

from __future__ import annotations

from fenas_lang.functions import FUNCTIONS, OPERATORS, SKIP
from fenas_lang.spaces import model
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Call, Expr


def function_of(value: Expr) -> str:
    """The function that a flat node calls."""
    match value:
        case ast.Binary():
            return OPERATORS[value.op]
        case ast.Negate():
            return "neg"
        case Call():
            return value.function
    raise TypeError(f"{value} is no flat node")


def arguments_of(value: Expr) -> tuple[Expr, ...]:
    return ast.children(value)


def names_read(value: Expr) -> tuple[str, ...]:
    """Names that a flat node reads, in order."""
    return tuple(e.id for e in ast.walk(value) if isinstance(e, ast.Name))


def form_of(value: Expr, called: bool) -> str:
    """The form of a flat node's edges; `called` says that it calls a `fn`."""
    if called:
        return model.CALL
    definition = FUNCTIONS[function_of(value)]
    if definition.kind == SKIP:
        return model.SKIP
    kinds = {_edge_form(a) for a in arguments_of(value) if not isinstance(a, ast.Zero)}
    return model.MIXED if len(kinds) > 1 else next(iter(kinds), model.PLAIN)


def _edge_form(argument: Expr) -> str:
    if isinstance(argument, ast.Weighted):
        return model.ELEMENTWISE if argument.elementwise else model.WEIGHTED
    return model.PLAIN
