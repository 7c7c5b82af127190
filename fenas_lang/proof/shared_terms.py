"""A normal form as a graph without names in which equal parts are one vertex.

A polynomial is a vertex over its monomials, a monomial one over its atoms.  The terms
`c1·W(m1) + c2·W(m2)` of a polynomial are one vertex, W over the polynomial `c1·m1 + c2·m2`: what
two matrices are applied to is shared, where a vertex for each `W(m)` would be several times as
many.  The normal form can be read off the graph, so two graphs are isomorphic exactly when the
normal forms are the same up to names of parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import lcm
from typing import NamedTuple

from fenas_lang.ir.polynomial import UNIT, Coefficient, Monomial, Polynomial
from fenas_lang.ir.sweeps import Labelled
from fenas_lang.proof.normal_form import Key, NormalForm, Ring

_MATRIX = 1
"""Label of the edge to the parameter that is a linear map's matrix.

The edges of a polynomial are labelled with the places of their coefficients among its own.
"""


class _Parts(NamedTuple):
    """A polynomial taken apart: matrices with what they are applied to, and other terms."""

    maps: Mapping[str, Key]
    terms: tuple[tuple[Monomial, Coefficient], ...]


class SharedTerms:
    """A normal form as a `graph`; `parameters` are its vertices by name."""

    def __init__(self, form: NormalForm, shapes: Mapping[str, str]):
        self.graph = Labelled()
        self.parameters: dict[str, int] = {}
        self._ring: Ring = form.ring
        self._shapes = shapes
        self._atoms: dict[int, int] = {}
        self._products: dict[Monomial, int] = {}
        self._maps: dict[tuple[str, Key], int] = {}
        self._polynomials: dict[Key, int] = {}
        for number in form.atoms:
            self._place_atom(number)
        for position, polynomial in enumerate(form.outputs):
            divisor, whole = _whole(polynomial)
            value = self._polynomial(whole)
            self.graph.add(f"output {position} / {divisor:x}", [value])

    def _parameter(self, name: str) -> int:
        if name not in self.parameters:
            self.parameters[name] = self.graph.add(f"parameter {self._shapes[name]}")
        return self.parameters[name]

    def _place_atom(self, number: int) -> None:
        """Its vertex; a matrix gets one where a polynomial has it."""
        op, name, operand = self._ring.atoms[number]
        if op == "param":
            self._atoms[number] = self._parameter(str(name))
        elif operand is None:
            self._atoms[number] = self.graph.add(f"{op} {name}")
        elif op != "linear":
            self._atoms[number] = self.graph.add(op, [self._polynomial(operand)])

    def _polynomial(self, wanted: Key) -> int:
        """Its vertex.  Iterative, since matrices may be nested thousands deep."""
        waiting = [] if wanted in self._polynomials else [(wanted, self._parts(wanted))]
        while waiting:
            key, parts = waiting[-1]
            missing = [k for k in self._inside(parts) if k not in self._polynomials]
            waiting.extend((k, self._parts(k)) for k in missing)
            if not missing:
                waiting.pop()
                self._place_polynomial(key, parts)
        return self._polynomials[wanted]

    def _parts(self, key: Key) -> _Parts:
        atoms = self._ring.atoms
        maps: dict[str, list[tuple[Monomial, Coefficient]]] = {}
        terms = []
        for monomial, coefficient in key:
            atom = atoms[monomial[0]] if len(monomial) == 1 else None
            if atom is not None and atom.op == "linear":
                ((inner, _),) = atom.operand or frozenset()
                maps.setdefault(str(atom.name), []).append((inner, coefficient))
            else:
                terms.append((monomial, coefficient))
        return _Parts({name: frozenset(m) for name, m in maps.items()}, tuple(terms))

    def _inside(self, parts: _Parts) -> Iterable[Key]:
        """The polynomials that matrices in it are applied to."""
        yield from parts.maps.values()
        for monomial, _ in parts.terms:
            if monomial not in self._products:
                for number in monomial:
                    if number not in self._atoms:
                        yield self._ring.atoms[number].operand or frozenset()

    def _place_polynomial(self, key: Key, parts: _Parts) -> None:
        if key in self._polynomials:
            return
        coefficients: list[Coefficient] = [1] * len(parts.maps)
        operands = [self._map(name, inner) for name, inner in parts.maps.items()]
        constant: Coefficient = 0
        for monomial, coefficient in parts.terms:
            if monomial == UNIT:
                constant = coefficient
            else:
                coefficients.append(coefficient)
                operands.append(self._product(monomial))
        places = {c: k for k, c in enumerate(sorted(set(coefficients)), start=1)}
        label = f"sum {' '.join(map(_exactly, places))} + {_exactly(constant)}"
        edges = [places[c] for c in coefficients]
        self._polynomials[key] = self.graph.add(label, (), edges, operands)

    def _product(self, monomial: Monomial) -> int:
        if len(monomial) == 1:
            return self._factor(monomial[0])
        if monomial not in self._products:
            factors = [self._factor(number) for number in monomial]
            self._products[monomial] = self.graph.add("product", factors)
        return self._products[monomial]

    def _factor(self, number: int) -> int:
        if number in self._atoms:
            return self._atoms[number]
        _, name, operand = self._ring.atoms[number]
        return self._map(str(name), operand or frozenset())

    def _map(self, name: str, operand: Key) -> int:
        if (name, operand) not in self._maps:
            matrix = self._parameter(name)
            place = self.graph.add("linear", [self._polynomials[operand]], [_MATRIX], [matrix])
            self._maps[name, operand] = place
        return self._maps[name, operand]


def _whole(polynomial: Polynomial) -> tuple[int, Key]:
    """A polynomial as one with whole coefficients, which are quick to handle, over a divisor."""
    divisor = lcm(*{c.denominator for c in polynomial.values()})
    return divisor, frozenset(
        (monomial, c.numerator * (divisor // c.denominator)) for monomial, c in polynomial.items()
    )


def _exactly(coefficient: Coefficient) -> str:
    """In hexadecimal digits, of which Python writes any number."""
    return f"{coefficient.numerator:x}/{coefficient.denominator:x}"
