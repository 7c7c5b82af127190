"""A search space as data: which cells are legal.  Spaces are read from `.space` text files."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from fenas_lang.source import SourceFile
from fenas_lang.syntax.ast import Function

Range = tuple[int, int | None]
"""From, to; both inclusive, and None is no upper bound."""

LAST, LOOSE, ALL, ANY = "last node", "mean of loose ends", "mean of all nodes", "any"
OUTPUT_RULES = (LAST, LOOSE, ALL, ANY)

PLAIN, WEIGHTED, ELEMENTWISE, MIXED, SKIP, CALL = (
    "plain",
    "weighted",
    "elementwise",
    "mixed",
    "skip",
    "call",
)
"""Forms of a node: all edges plain, all `@`, all `@.`, not all alike; a skip; a call of a `fn`."""


@dataclass(frozen=True)
class FunctionRule:
    """One function that a space lists, and how a node may use it.

    `max_parents` None is any number; `zero` says where `zero` may stand: `never`, `second` (only
    as the second parent) or `anywhere`; `inputs` whether the cell's input and states may be
    parents, or only earlier nodes.
    """

    name: str
    forms: frozenset[str]
    min_parents: int
    max_parents: int | None
    zero: str = "never"
    inputs: bool = True


@dataclass(frozen=True)
class Space:
    """A search space.

    `output` lists the allowed rules for the first output, the default first; further outputs may
    be any node, and where `outputs_from_inputs` holds, any output may be an input or state.
    `first` names the `fn` that the first node, and no other, calls with the cell's input and states
    (`enas`, `darts`).  Only sampling and counting read the rest: new cells have at least `nodes[0]`
    nodes, and `nodes[1]` unless told otherwise; a function of any number of parents is given at
    most `sampled_parents`.
    """

    name: str
    states: Range
    rules: tuple[FunctionRule, ...]
    output: tuple[str, ...] = (ANY,)
    bias: str = "optional"
    first: str | None = None
    nodes: tuple[int, int] = (1, 9)
    sampled_parents: int = 3
    literals: bool = False
    outputs_from_inputs: bool = False
    functions: tuple[Function, ...] = ()
    documentation: str = field(default="", compare=False)
    source: SourceFile | None = field(default=None, compare=False, repr=False)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Kept, since the tables of a space's choices are looked up by it, once a node."""
        return hash((self.name, self.rules))

    @cached_property
    def by_name(self) -> dict[str, FunctionRule]:
        return {rule.name: rule for rule in self.rules}

    @cached_property
    def definitions(self) -> dict[str, Function]:
        """Its own `fn`s, by name."""
        return {function.name: function for function in self.functions}

    @cached_property
    def node_calls(self) -> frozenset[str]:
        """The `fn`s a call of which is one node: those that it lists, and `first`."""
        return frozenset(self.definitions) & {*self.by_name, self.first}


def counted(number: int, noun: str) -> str:
    """`1 state`, `2 states`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def in_words(numbers: Range, noun: str) -> str:
    """`1 state`, `1 or 2 states`, `1 to 3 states`, `1 or more states`."""
    least, most = numbers
    if least == most:
        return counted(least, noun)
    between = "or" if most == least + 1 else "to"
    return f"{least} or more {noun}s" if most is None else f"{least} {between} {most} {noun}s"
