"""The normal form of cells in the theory of commutative rings, unary functions and additive maps.

A term is a polynomial with rational coefficients over *atoms*.  An atom is the input, a state, a
parameter (a bias, or an elementwise weight), `f(p)` of a polynomial p, or `W(m)` of one monomial m:
a matrix distributes over sums and rational factors, `W(p + k·q) = W(p) + k·W(q)`.  Two terms are
equal in this theory exactly when their normal forms are the same (PROVER.md, steps 1 to 4); what
only holds for particular functions, `tanh(-a) = -tanh(a)`, are laws, which a `Ring` can be given.

Atoms are numbered by a `Ring`; normal forms of one ring are compared with `==`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.ir.interval import Interval
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

__all__ = ["Atom", "NormalForm", "OutOfBudget", "Ring", "normal_form"]

DEFAULT_BUDGET = 100_000
"""Units of work for one graph: well under a tenth of a second; a GRU takes about 80."""

Key = frozenset[tuple[Monomial, Coefficient]]
"""A polynomial as a value."""


class Atom(NamedTuple):
    """What a ring numbers: `op` is a primitive of `primitives.py`.

    `name` is a parameter's name, or a state's position; `operand` the polynomial that a function or
    a matrix is applied to (for a matrix, one monomial with coefficient 1).
    """

    op: str
    name: str | int | None = None
    operand: Key | None = None


Law = Callable[["Ring", Polynomial], Polynomial | None]
"""A law of a unary function f: another form of f(p), or None where it does not apply."""


class Matrix(Protocol):
    """What may stand in the place of a matrix: any additive map."""

    def applied(self, ring: Ring, operand: Polynomial) -> Polynomial:
        """The map's value at a polynomial."""


class Vector(Protocol):
    """What may stand in the place of a bias or an elementwise weight."""

    def value(self, ring: Ring) -> Polynomial:
        """Its polynomial."""


class Ring:
    """Numbers atoms, applies laws, and pays for all arithmetic from one budget.

    `laws` maps a primitive's name to its laws; the first that applies is used, and noted in `used`,
    in the order of first use.  `shapes` makes
    signs the same under every renaming of parameters: these count by their shapes, not by name.
    """

    def __init__(
        self,
        budget: int = DEFAULT_BUDGET,
        laws: Mapping[str, Sequence[Law]] | None = None,
        shapes: Mapping[str, str] | None = None,
    ):
        self.budget = Budget(budget)
        self.laws = laws or {}
        self.shapes = shapes
        self.used: dict[Law, None] = {}
        self.atoms: list[Atom] = []
        self._numbers: dict[Atom, int] = {}
        self._digests: dict[int, bytes] = {}
        self.intervals: dict[int, Interval] = {}

    def number(self, value: Atom) -> int:
        """The atom's number, the same whenever it comes again."""
        number = self._numbers.setdefault(value, len(self.atoms))
        if number == len(self.atoms):
            self.atoms.append(value)
        return number

    def leaf(self, op: str, name: str | int | None = None) -> Polynomial:
        """An input, state or parameter."""
        return atom(self.number(Atom(op, name)))

    def apply(self, function: str, operand: Polynomial) -> Polynomial:
        """A unary primitive applied elementwise."""
        for law in self.laws.get(function, ()):
            result = law(self, operand)
            if result is not None:
                self.used[law] = None
                return result
        self.budget.spend(len(operand) + 1)
        return atom(self.number(Atom(function, None, frozenset(operand.items()))))

    def linear(self, matrix: str, operand: Polynomial) -> Polynomial:
        """A matrix applied to each monomial."""
        self.budget.spend(len(operand) + 1)
        return {
            (self.number(Atom("linear", matrix, frozenset([(monomial, 1)]))),): coefficient
            for monomial, coefficient in operand.items()
        }

    def sum(self, left: Polynomial, right: Polynomial, *, scale: Coefficient = 1) -> Polynomial:
        """`left + scale * right`."""
        return add(left, right, self.budget, scale)

    def product(self, left: Polynomial, right: Polynomial) -> Polynomial:
        return multiply(left, right, self.budget)

    def sign(self, polynomial: Polynomial) -> int:
        """1 or -1, the opposite for the opposite polynomial; 0 where the two look alike."""
        self.budget.spend(len(polynomial))
        total = sum(polynomial.values())
        if total:
            return 1 if total > 0 else -1
        positive = self._signature(polynomial.items())
        negative = self._signature((m, -c) for m, c in polynomial.items())
        return (positive > negative) - (positive < negative)

    def _signature(self, terms: Iterable[tuple[Monomial, Coefficient]]) -> list[tuple[Any, ...]]:
        """The terms without the numbers of atoms, in order."""
        return sorted((sorted(map(self._digest, m)), c) for m, c in terms)

    def _digest(self, number: int) -> bytes:
        """Of what an atom is computed from.  Iterative, since matrices may be nested deeply."""
        waiting = [] if number in self._digests else [number]
        while waiting:
            operand = self.atoms[waiting[-1]].operand or ()
            missing = [n for monomial, _ in operand for n in monomial if n not in self._digests]
            waiting.extend(missing)
            if not missing:
                last = waiting.pop()
                self._digests[last] = self._digest_over(*self.atoms[last])
        return self._digests[number]

    def _digest_over(self, op: str, name: str | int | None, operand: Key | None) -> bytes:
        if self.shapes is not None and op in ("param", "linear"):
            name = self.shapes.get(str(name))
        inner = [
            (b"".join(factors), c.numerator, c.denominator)
            for factors, c in self._signature(operand or ())
        ]
        text = repr((op, name, inner)).encode(errors="surrogatepass")
        return blake2b(text, digest_size=12).digest()

    def reachable(self, polynomials: Iterable[Polynomial]) -> list[int]:
        """The numbers of all atoms in them and inside their atoms, in order."""
        found: set[int] = set()
        waiting = {number for p in polynomials for monomial in p for number in monomial}
        while waiting:
            found |= waiting
            operands = [self.atoms[number].operand or () for number in waiting]
            waiting = {n for operand in operands for m, _ in operand for n in m} - found
        return sorted(found)


@dataclass(frozen=True)
class NormalForm:
    """The outputs of a graph as polynomials over the atoms of `ring`."""

    graph: Graph
    ring: Ring
    outputs: tuple[Polynomial, ...]

    @cached_property
    def atoms(self) -> tuple[int, ...]:
        """Numbers of the atoms that occur."""
        return tuple(self.ring.reachable(self.outputs))

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names of the parameters that occur: others have no influence on any output."""
        atoms = (self.ring.atoms[number] for number in self.atoms)
        return frozenset(str(a.name) for a in atoms if a.op in ("param", "linear"))

    @cached_property
    def signature(self) -> tuple[object, ...]:
        """Equal for forms that are equal up to a renaming; quick to compare."""
        operations = Counter(self.ring.atoms[number].op for number in self.atoms)
        return tuple(map(len, self.outputs)), frozenset(operations.items())

    def leaves(self, output: int) -> frozenset[Atom]:
        """The input and states that output number `output` depends on."""
        alone = len(self.outputs) == 1
        numbers = self.atoms if alone else self.ring.reachable([self.outputs[output]])
        atoms = (self.ring.atoms[number] for number in numbers)
        return frozenset(a for a in atoms if a.op in ("input", "state"))


def normal_form(
    graph: Graph,
    ring: Ring | None = None,
    substitution: Mapping[str, str | Matrix | Vector] | None = None,
) -> NormalForm:
    """Normalise a graph, in `ring` or one of its own.

    `substitution` puts other names, or values, in the places of parameters.  Raises OutOfBudget
    where expansion takes too long.
    """
    ring = ring or Ring()
    names = binding(graph, substitution)
    values: list[Polynomial] = []
    for node in graph.nodes:
        values.append(node_value(ring, node, names, [values[k] for k in node.operands]))
    return NormalForm(graph, ring, tuple(values[k] for k in graph.outputs))


Binding = Mapping[Any, Any]
"""What stands for an attribute of a graph's nodes, where it is not the attribute itself."""


def binding(
    graph: Graph, substitution: Mapping[str, str | Matrix | Vector] | None = None
) -> Binding:
    """States by their position, parameters as in the substitution."""
    names: dict[Any, Any] = {**(substitution or {})}
    names.update((name, position) for position, name in enumerate(graph.states))
    return names


def node_value(ring: Ring, node: Node, names: Binding, operands: list[Polynomial]) -> Polynomial:
    """One node over the values of its operands."""
    op, name = node.op, names.get(node.attribute, node.attribute)
    match op:
        case "input":
            return ring.leaf(op)
        case "state":
            return ring.leaf(op, name)
        case "param":
            return _vector(ring, name)
        case "const":
            return constant(name)
        case "linear" if isinstance(name, str):
            return ring.linear(name, *operands)
        case "linear":
            return name.applied(ring, *operands)  # type: ignore[no-any-return]
        case "elementwise_weight":
            return ring.product(_vector(ring, name), *operands)
        case "add":
            return ring.sum(*operands)
        case "sub":
            return ring.sum(*operands, scale=-1)
        case "neg":
            return ring.sum(ZERO, *operands, scale=-1)
        case "mul":
            return ring.product(*operands)
    return ring.apply(op, *operands)


def _vector(ring: Ring, name: str | Vector) -> Polynomial:
    return ring.leaf("param", name) if isinstance(name, str) else name.value(ring)
