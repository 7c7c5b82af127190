"""The values of a graph as polynomials over earlier values, unfolded step by step.

`h = d + z*s` with `d = n - z*n` is, one step on, `n - z*n + z*s`.  How much a bound on a value says
depends on how far it is unfolded, so all stages are kept, up to a size, in which some value occurs
twice; the others say no more than their operands do.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.polynomial import (
    ZERO,
    Budget,
    Coefficient,
    Monomial,
    OutOfBudget,
    Polynomial,
    add,
    atom,
    constant,
    multiply,
)
from fenas_lang.primitives import COMMUTATIVE

RING = frozenset({"add", "sub", "mul", "neg"})
MAX_MONOMIALS = 24
MAX_DEGREE = 8
MAX_STAGES = 12
_UNLIMITED = sys.maxsize
_WORK = 400_000
"""Units for all stages of one graph: below a second."""


class Unfolding:
    """A graph's values, those that are computed alike under one number (that of the first).

    `definitions` holds each value as a polynomial over its operands' numbers, or over itself where
    it is none; `stages` the unfoldings of each that say more.
    """

    def __init__(self, graph: Graph):
        self.nodes = graph.nodes
        self.number = congruent(graph)
        self.definitions: list[Polynomial] = []
        self._budget = Budget(_WORK)
        for index in range(len(self.nodes)):
            self.definitions.append(self._definition(index))
        self.stages = [self._stages(k) for k in range(len(self.nodes))]

    def operands(self, index: int) -> tuple[int, ...]:
        """The numbers of a value's operands."""
        return tuple(self.number[k] for k in self.nodes[index].operands)

    def _definition(self, index: int) -> Polynomial:
        node, budget = self.nodes[index], Budget(_UNLIMITED)
        if isinstance(node.attribute, Fraction):
            return constant(node.attribute)
        if node.op not in RING:
            return atom(index)
        first, *rest = (self._read(k) for k in self.operands(index))
        if node.op == "mul":
            return multiply(first, rest[0], budget)
        if node.op == "neg":
            return add(ZERO, first, budget, -1)
        return add(first, rest[0], budget, -1 if node.op == "sub" else 1)

    def _read(self, index: int) -> Polynomial:
        return self.definitions[index] if self.nodes[index].op == "const" else atom(index)

    def _stages(self, index: int) -> tuple[Polynomial, ...]:
        if self.number[index] != index or self.nodes[index].op not in RING:
            return ()
        return tuple(filter(_repeats, islice(self._unfold(index), MAX_STAGES)))

    def _unfold(self, index: int) -> Iterator[Polynomial]:
        """Its definition, then that with the latest value in it replaced by its definition, …"""
        current = self.definitions[index]
        while len(current) <= MAX_MONOMIALS and all(len(m) <= MAX_DEGREE for m in current):
            yield current
            open_atoms = {a for m in current for a in m if self.nodes[a].op in RING}
            if not open_atoms:
                return
            try:
                current = self._substitute(current, max(open_atoms))
            except OutOfBudget:
                return

    def _substitute(self, polynomial: Polynomial, index: int) -> Polynomial:
        total: Polynomial = ZERO
        for monomial, coefficient in polynomial.items():
            rest = tuple(a for a in monomial if a != index)
            term: Polynomial = {rest: coefficient}
            for _ in range(len(monomial) - len(rest)):
                term = multiply(term, self.definitions[index], self._budget)
            total = add(total, term, self._budget)
        return total


def congruent(graph: Graph) -> list[int]:
    """For each node, the first that computes the same from the same operands."""
    known: dict[Node, int] = {}
    numbers: list[int] = []
    for index, node in enumerate(graph.nodes):
        operands = [numbers[k] for k in node.operands]
        if node.op in COMMUTATIVE:
            operands.sort()
        numbers.append(known.setdefault(Node(node.op, tuple(operands), node.attribute), index))
    return numbers


def _repeats(polynomial: Polynomial) -> bool:
    """Whether an atom occurs twice in it."""
    atoms = [a for monomial in polynomial for a in monomial]
    return len(set(atoms)) < len(atoms)


def shared_atom(polynomial: Polynomial, admits: Callable[[int], bool]) -> int | None:
    """The admitted atom that most monomials share, at least two, each to the first power."""
    readers = Counter(a for monomial in polynomial for a in set(monomial))
    squared = {a for monomial in polynomial for a in monomial if monomial.count(a) > 1}
    shared = [a for a, n in readers.items() if n > 1 and a not in squared and admits(a)]
    return max(shared, key=lambda a: (readers[a], a), default=None)


def restrict(polynomial: Polynomial, index: int, value: Coefficient) -> Polynomial:
    """The polynomial with an atom, of degree one, set to a number."""
    result: dict[Monomial, Coefficient] = {}
    for monomial, coefficient in polynomial.items():
        if index in monomial:
            monomial = tuple(a for a in monomial if a != index)
            coefficient = coefficient * value
        result[monomial] = result.get(monomial, 0) + coefficient
    return {m: c for m, c in result.items() if c}
