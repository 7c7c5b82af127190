"""The abstract syntax of .fen: frozen, hashable by content, with spans and comments as trivia.

Trivia (spans, comments, the file it came from) is outside of equality and hash, so that
`parse(print(tree)) == tree` holds for every tree.  Sugar is gone here: `add(a, b)` and `a + b` are
the same `Binary`, and the `@` that a skip function's argument may carry is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from fenas_lang.source import NOWHERE, SourceFile, Span

MAX_DEPTH = 100
"""Deepest nesting of one expression; keeps every recursion over a tree bounded."""


@dataclass(frozen=True, slots=True)
class Name:
    """A reference to a parameter of the cell or to a node defined before."""

    id: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number:
    """An exact decimal in canonical spelling: no leading or trailing zeros (`0.5`, `12`)."""

    text: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)


@dataclass(frozen=True, slots=True)
class Zero:
    """The zero vector."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right` for op in `+ - *`, elementwise."""

    op: str
    left: Expr
    right: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus."""

    operand: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Weighted:
    """`@a`, a learned matrix times a; or `@.a`, a learned vector times a, elementwise."""

    operand: Expr
    elementwise: bool = False
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`: a function of the language or a `fn`."""

    function: str
    arguments: tuple[Expr, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)
    dropped: tuple[Span, ...] = field(default=(), compare=False, repr=False)
    """Where a redundant `@` stood before an argument of a `*_skip` call."""


@dataclass(frozen=True, slots=True)
class Hole:
    """Stands where the text could not be parsed; never in a cell that checks."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


Expr = Name | Number | Zero | Binary | Negate | Weighted | Call | Hole


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments around a piece of syntax: lines of text without their `#`, None a blank line.

    `above` stand before it, `behind` on its (or its header's) line; `end` follow the last statement
    of a cell or the last item of a file.
    """

    above: tuple[str | None, ...] = ()
    behind: str | None = None
    end: tuple[str | None, ...] = ()


NO_COMMENTS = Comments()


@dataclass(frozen=True, slots=True)
class Node:
    """`name = value`."""

    name: str
    value: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)
    comments: Comments = field(default=NO_COMMENTS, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name in a header: of a cell's input, state or output, or of a `fn`'s parameter."""

    name: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Function:
    """`fn name(parameters) = body`."""

    name: str
    parameters: tuple[Parameter, ...]
    body: Expr
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)
    comments: Comments = field(default=NO_COMMENTS, compare=False, repr=False)


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: `cell name [in space] (input, states…) -> (outputs…) [without bias] {…}`.

    `functions` are the `fn` definitions of its file that it uses, directly or not, in order; they
    belong to its content, so that a cell alone is complete.  `str(cell)` is its source.
    """

    name: str
    space: str | None
    parameters: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    bias: bool
    nodes: tuple[Node, ...]
    functions: tuple[Function, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
    name_span: Span = field(default=NOWHERE, compare=False, repr=False)
    space_span: Span = field(default=NOWHERE, compare=False, repr=False)
    block_span: Span = field(default=NOWHERE, compare=False, repr=False)
    comments: Comments = field(default=NO_COMMENTS, compare=False, repr=False)
    source: SourceFile | None = field(default=None, compare=False, repr=False)

    @property
    def input(self) -> str:
        """Name of the time step's input."""
        return self.parameters[0].name

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states, in header order."""
        return tuple(p.name for p in self.parameters[1:])

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.outputs)

    @property
    def documentation(self) -> str:
        """The comment block right above the cell."""
        lines: list[str] = []
        for line in self.comments.above:
            lines = [] if line is None else [*lines, line]
        return "\n".join(lines)

    def __str__(self) -> str:
        from fenas_lang.syntax.formatter import format_cell

        return format_cell(self)


Item = Function | Cell


@dataclass(frozen=True)
class Module:
    """A whole file."""

    items: tuple[Item, ...]
    broken: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """Names of the functions that could not be read, so that nobody is told they are unknown."""
    comments: Comments = field(default=NO_COMMENTS, compare=False, repr=False)
    source: SourceFile | None = field(default=None, compare=False, repr=False)

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(item for item in self.items if isinstance(item, Cell))

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        return tuple(item for item in self.items if isinstance(item, Function))

    def __str__(self) -> str:
        from fenas_lang.syntax.formatter import format_module

        return format_module(self)


def depth(expr: Expr) -> int:
    """Nesting depth of an expression: 0 for a name or literal."""
    return 0 if isinstance(expr, Name | Number | Zero | Hole) else expr.depth


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct sub-expressions, left to right."""
    match expr:
        case Binary():
            return expr.left, expr.right
        case Negate() | Weighted():
            return (expr.operand,)
        case Call():
            return expr.arguments
    return ()


def walk(expr: Expr) -> Iterator[Expr]:
    """Every sub-expression, parents before children, left to right."""
    stack = [expr]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def binary(op: str, left: Expr, right: Expr, span: Span = NOWHERE) -> Binary:
    return Binary(op, left, right, span, 1 + max(depth(left), depth(right)))


def negate(operand: Expr, span: Span = NOWHERE) -> Negate:
    return Negate(operand, span, 1 + depth(operand))


def weighted(operand: Expr, elementwise: bool = False, span: Span = NOWHERE) -> Weighted:
    return Weighted(operand, elementwise, span, 1 + depth(operand))


def call(
    function: str,
    arguments: tuple[Expr, ...],
    span: Span = NOWHERE,
    dropped: tuple[Span, ...] = (),
) -> Call:
    height = 1 + max((depth(argument) for argument in arguments), default=0)
    return Call(function, arguments, span, height, dropped)
