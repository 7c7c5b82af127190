"""What a node at one place of a cell may be: for sampling, counting and mutation.

The choices are numbered and never listed, for `open` has tens of thousands a node.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from fenas_lang.spaces.model import Space
from fenas_lang.spaces.nodes import read
from fenas_lang.spaces.operations import NodeChoice, Operation, first_operation, operations
from fenas_lang.syntax.ast import Expr


@dataclass(frozen=True)
class Choices:
    """All choices at one place, numbered from 0; `inputs` of its `sources` are input and states."""

    operations: tuple[Operation, ...]
    inputs: int
    sources: int

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(o.count(self.pool(o)) for o in self.operations))

    @property
    def count(self) -> int:
        """How many there are."""
        return self._ends[-1]

    def pool(self, operation: Operation) -> int:
        """How many possible parents an operation has here."""
        return self.sources - self.first_parent(operation)

    def first_parent(self, operation: Operation) -> int:
        """The first possible parent of an operation."""
        return 0 if operation.inputs else self.inputs

    def __getitem__(self, index: int) -> NodeChoice:
        if not 0 <= index < self.count:
            raise IndexError(f"there are {self.count} choices, none has the number {index}")
        place = bisect_right(self._ends, index)
        operation = self.operations[place]
        before = self._ends[place - 1] if place else 0
        first = self.first_parent(operation)
        parents = operation.at(index - before, self.pool(operation))
        return NodeChoice(operation, tuple(first + parent for parent in parents))

    def __iter__(self) -> Iterator[NodeChoice]:
        return (self[index] for index in range(self.count))

    def draw(self, rng: random.Random) -> NodeChoice:
        """One of them, all with the same probability."""
        return self[rng.randrange(self.count)]

    def find(self, value: Expr, sources: Sequence[str]) -> NodeChoice | None:
        """The choice that a flat node is; None where it is none (it has a literal, for example)."""
        function, edges = read(value, sources)
        for operation in self.operations:
            if operation.function == function and operation.edges == tuple(e for e, _ in edges):
                first = self.first_parent(operation)
                if all(parent >= first for _, parent in edges):
                    return operation.choose([parent for _, parent in edges])
        return None


@lru_cache(maxsize=512)
def choices(space: Space, position: int, states: int) -> Choices:
    """All that the node at a 1-based position may be, in a cell of so many states."""
    inputs = 1 + states
    if space.first and position == 1:
        return Choices((first_operation(space, space.first),), inputs, inputs)
    return Choices(operations(space), inputs, inputs + position - 1)
