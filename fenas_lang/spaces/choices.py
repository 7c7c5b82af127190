"""What a node at one place of a cell may be, as numbered choices: for sampling, counting, mutation.

An *operation* is a function with its form and its number of parents; a *choice* is an operation
with parents.  Parents whose order means nothing form a group and are chosen as a multiset, so that
`a + b` and `b + a` are one choice.  Choices are numbered by arithmetic and never listed, for `open`
has tens of thousands a node.

`zero` is a choice only as the second parent of an activation or skip, and only where the space wants
two parents: where one parent is allowed, `f(a)` and `f(a, zero)` are the same and count once.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from math import comb, prod

from fenas_lang.functions import ACTIVATION, FUNCTIONS, SKIP, SYMBOLS
from fenas_lang.spaces.model import CALL, ELEMENTWISE, MIXED, PLAIN, WEIGHTED, FunctionRule, Space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Expr, Node

EDGES = (PLAIN, WEIGHTED, ELEMENTWISE)


@dataclass(frozen=True, slots=True)
class Group:
    """`size` parents in any order, whose edges are all of one kind."""

    edge: str
    size: int

    def count(self, sources: int) -> int:
        """How many multisets of parents there are."""
        return comb(sources + self.size - 1, self.size)

    def parents(self, index: int, sources: int) -> tuple[int, ...]:
        """The multiset with a number, ascending (the combinatorial number system)."""
        found = []
        for size in range(self.size, 0, -1):
            largest = bisect_right(range(sources + size), index, key=lambda n: comb(n, size)) - 1
            index -= comb(largest, size)
            found.append(largest - size + 1)
        return tuple(reversed(found))
