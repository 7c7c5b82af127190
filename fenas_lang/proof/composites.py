"""The matrices and vectors that a cell's outputs depend on, made of its parameters.

`V (W x + b)` depends on `V W` and `V b` only, and `W x + b + c` on `b + c`.  In a normal form, each
polynomial gathers what stands before one base: a sum of products of matrices, or of vectors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from fenas_lang.ir.graph import HIDDEN_SIZE, INPUT_SIZE
from fenas_lang.ir.polynomial import Coefficient, Monomial
from fenas_lang.proof.normal_form import NormalForm, Ring
from fenas_lang.proof.substitution import is_vector

Terms = Iterable[tuple[Monomial, Coefficient]]
_CHAIN, _VECTOR = "chain", "vector"


@dataclass(frozen=True)
class Composite:
    """A sum of terms, each a product with a coefficient; `shape` is in the symbols D and H."""

    terms: frozenset[tuple[object, Coefficient]]
    shape: tuple[str, ...]


def composites(form: NormalForm) -> frozenset[Composite]:
    """All of a normal form."""
    found = _Composites(form.ring)
    for polynomial in form.outputs:
        found.visit(polynomial.items())
    return frozenset(found.all)


class _Composites:
    def __init__(self, ring: Ring):
        self.ring = ring
        self.all: set[Composite] = set()
        self.seen: set[int] = set()

    def visit(self, terms: Terms) -> None:
        """Add those of a polynomial and of all inside it."""
        gathered: dict[tuple[object, ...], list[tuple[object, Coefficient]]] = defaultdict(list)
        shapes: dict[tuple[object, ...], tuple[str, ...]] = {}
        for monomial, coefficient in terms:
            for place, product, factor in self._parts(monomial, coefficient):
                gathered[place].append((product, factor))
                shapes[place] = self._shape(place)
        self.all |= {Composite(_normal(parts), shapes[place]) for place, parts in gathered.items()}

    def _parts(
        self, monomial: Monomial, coefficient: Coefficient
    ) -> Iterator[tuple[tuple[object, ...], object, Coefficient]]:
        """Where a term's parameters act, and what they are there."""
        vector = tuple(n for n in monomial if is_vector(self.ring, (n,)))
        rest = tuple(n for n in monomial if n not in vector)
        matrices = [n for n in rest if self.ring.atoms[n].op == "linear"]
        if vector:
            yield (_VECTOR, rest), vector, coefficient
        for number in matrices:
            chain, base = self._chain(number)
            alone = len(matrices) == 1 and not vector
            others = tuple(n for n in rest if n != number) if alone else ("", number)
            yield (_CHAIN, others, base), chain, coefficient if alone else 1
        for number in rest:
            self._inside(number)

    def _chain(self, number: int) -> tuple[tuple[str, ...], Monomial]:
        """The matrices of nested applications, and what the innermost is applied to."""
        names: list[str] = []
        base: Monomial = (number,)
        while len(base) == 1 and self.ring.atoms[base[0]].op == "linear":
            atom = self.ring.atoms[base[0]]
            names.append(str(atom.name))
            ((base, _),) = atom.operand or frozenset()
        return tuple(names), base

    def _inside(self, number: int) -> None:
        """Visit what a function is applied to, under matrices or not."""
        if number in self.seen:
            return
        self.seen.add(number)
        atom = self.ring.atoms[number]
        if atom.op == "linear":
            _, base = self._chain(number)
            self.visit([(base, 1)])
        elif atom.operand is not None:
            self.visit(atom.operand)

    def _shape(self, place: tuple[object, ...]) -> tuple[str, ...]:
        if place[0] == _VECTOR:
            return (HIDDEN_SIZE,)
        base = place[-1]
        assert isinstance(base, tuple)
        plain = len(base) == 1 and self.ring.atoms[base[0]].op == "input"
        return (HIDDEN_SIZE, INPUT_SIZE if plain else HIDDEN_SIZE)


def _normal(parts: list[tuple[object, Coefficient]]) -> frozenset[tuple[object, Coefficient]]:
    """The same for multiples of each other."""
    _, first = min(parts, key=lambda part: repr(part[0]))
    return frozenset((product, Fraction(c) / first) for product, c in parts)
