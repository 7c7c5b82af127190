"""What a node of a space may do: a function, a form, and parents, numbered by arithmetic.

Parents whose order means nothing form a group and are chosen as a multiset, so that `a + b` and
`b + a` are one choice.  The zero vector is no parent: where it may stand in for a second one,
`f(a, zero)` is `f(a)`, and counts once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import comb, prod

from fenas_lang.functions import ACTIVATION, FUNCTIONS, SKIP
from fenas_lang.spaces import model
from fenas_lang.spaces.model import CALL, ELEMENTWISE, MIXED, PLAIN, WEIGHTED, FunctionRule, Space

EDGES = (PLAIN, WEIGHTED, ELEMENTWISE)
ORDER = (PLAIN, WEIGHTED, ELEMENTWISE, MIXED, model.SKIP, CALL)


@dataclass(frozen=True, slots=True)
class Group:
    """`size` parents in any order, whose edges are all of one kind."""

    edge: str
    size: int

    def count(self, pool: int) -> int:
        """How many multisets of `pool` possible parents there are."""
        return comb(pool + self.size - 1, self.size)

    def at(self, index: int, pool: int) -> tuple[int, ...]:
        """The multiset with a number, ascending (the combinatorial number system)."""
        found = []
        for size in range(self.size, 0, -1):
            number = _largest(index, size, pool)
            index -= comb(number, size)
            found.append(number - size + 1)
        return tuple(reversed(found))


def _largest(index: int, size: int, pool: int) -> int:
    """The largest n with comb(n, size) <= index."""
    return bisect_right(range(pool + size), index, key=lambda n: comb(n, size)) - 1


@dataclass(frozen=True, slots=True)
class Operation:
    """A function, its form and its parents' groups, as a space allows them.

    `inputs` says whether the cell's input and states may be parents; `fixed` that the parents are
    just these, in order.
    """

    function: str
    form: str
    groups: tuple[Group, ...]
    inputs: bool = True
    fixed: bool = False

    @property
    def edges(self) -> tuple[str, ...]:
        """The kind of each parent's edge."""
        return tuple(group.edge for group in self.groups for _ in range(group.size))

    def count(self, pool: int) -> int:
        """How many choices of parents there are among `pool` possible ones."""
        return 1 if self.fixed else prod(group.count(pool) for group in self.groups)

    def at(self, index: int, pool: int) -> tuple[int, ...]:
        """The parents with a number, each from 0 to `pool`, exclusive."""
        if self.fixed:
            return tuple(range(len(self.groups)))
        parents: tuple[int, ...] = ()
        for group in self.groups:
            index, own = divmod(index, group.count(pool))
            parents += group.at(own, pool)
        return parents

    def choose(self, parents: Sequence[int]) -> NodeChoice:
        """The choice of these parents, as many as `edges`, in whatever order within a group."""
        ordered: tuple[int, ...] = ()
        for group in self.groups:
            start = len(ordered)
            ordered += tuple(sorted(parents[start : start + group.size]))
        return NodeChoice(self, ordered)


@dataclass(frozen=True, slots=True)
class NodeChoice:
    """An operation with its parents: 0 is the cell's input, then its states, then its nodes."""

    operation: Operation
    parents: tuple[int, ...]


@lru_cache(maxsize=256)
def operations(space: Space) -> tuple[Operation, ...]:
    """All that a node may do, whatever its parents, `first` left aside."""
    return tuple(operation for rule in space.rules for operation in _operations(space, rule))


def _operations(space: Space, rule: FunctionRule) -> Iterator[Operation]:
    unbounded = max(rule.min_parents, space.sampled_parents)
    most = unbounded if rule.max_parents is None else rule.max_parents
    for form in sorted(rule.forms, key=ORDER.index):
        for number in range(rule.min_parents, most + 1):
            for groups in _groups(rule.name, form, number):
                yield Operation(rule.name, form, groups, rule.inputs)


def takes_zero(rule: FunctionRule, form: str) -> bool:
    """Whether `zero` may stand for a second parent (in a sum that the function is of)."""
    kind = FUNCTIONS[rule.name].kind if rule.name in FUNCTIONS else None
    return kind in (ACTIVATION, SKIP) and rule.zero != "never" and form != MIXED


def _groups(function: str, form: str, number: int) -> list[tuple[Group, ...]]:
    """The ways to give a function so many parents in a form."""
    if form == MIXED:
        return list(_mixed(number))
    edge = form if form in EDGES else PLAIN
    ordered = function not in FUNCTIONS or not FUNCTIONS[function].commutative
    return [(Group(edge, 1),) * number if ordered else (Group(edge, number),)]


def _mixed(number: int) -> Iterator[tuple[Group, ...]]:
    for sizes in product(range(number), repeat=len(EDGES)):
        if sum(sizes) == number:
            yield tuple(Group(e, size) for e, size in zip(EDGES, sizes, strict=True) if size)


def first_operation(space: Space, first: str) -> Operation:
    """The call that the first node of a space's cells must be."""
    parameters = len(space.definitions[first].parameters)
    return Operation(first, CALL, (Group(PLAIN, 1),) * parameters, fixed=True)
