"""Search for parameters of one cell, the general, under which it is another, the special.

The general cell is evaluated node by node over the special one's atoms, its own parameters being
unknown.  Where a function meets unknowns, its operand is made equal to that of one of the special
cell's atoms, which settles them: `W(m)` against `V(m)` makes W the matrix V, against `m` itself
the identity, against nothing zero; two unknowns against the same settle on a share.  The
outputs settle what is left.  This finds, it does not prove: what it returns is to be verified.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import islice, permutations
from typing import Any

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.polynomial import Budget, Coefficient, Monomial, Polynomial
from fenas_lang.primitives import ELEMENTWISE
from fenas_lang.proof.normal_form import NormalForm, Ring, binding, node_value
from fenas_lang.proof.substitution import (
    NO_MATRIX,
    NO_VECTOR,
    Diagonal,
    Link,
    MatrixValue,
    Value,
    is_vector,
    vector_of,
)

MAX_CANDIDATES = 10_000
"""Choices that one search may try; most end sooner, by the ring's budget."""
MAX_ORDERS = 6
"""Ways to share out equal places among unknowns that are tried."""
PARAMETRIC = frozenset({"param", "linear", "elementwise_weight"})
UNARY = ELEMENTWISE - {"add", "sub", "mul", "neg"}
"""The functions of one operand."""
_UNKNOWN = "?"
"""What the names of unknowns begin with in the ring; no name of the language has it."""
_SQUASHING = {"tanh": Fraction(1), "sigmoid": Fraction(1, 2)}
"""Functions of one family, σ(a) = (1 + tanh(a / 2)) / 2, with the argument's scale."""

Found = Mapping[str, Value]


class _Mismatch(Exception):
    """The choices so far cannot lead anywhere."""


@dataclass(frozen=True)
class _Meeting:
    """A polynomial with unknowns in it: a function's operand at node `index`, or an output."""

    function: str
    polynomial: Polynomial
    index: int


@dataclass(frozen=True)
class _Unknown:
    """A monomial with an unknown factor: `coefficient · rest · matrices(unknown of inner)`.

    `inner` is None for a vector.
    """

    name: str
    coefficient: Coefficient
    rest: Monomial
    matrices: tuple[str, ...]
    inner: Monomial | None

    @property
    def place(self) -> tuple[Any, ...]:
        """Unknowns of one place could take each other's terms."""
        return self.rest, self.matrices, self.inner


@dataclass(frozen=True)
class _State:
    """What is settled: parameters, operands of functions at nodes, and the first nodes' values."""

    found: Found
    expected: Mapping[int, Polynomial]
    values: list[Polynomial]


@dataclass
class Matching:
    """One search; `zeros` allows parameters to be zero where nothing corresponds."""

    general: Graph
    special: NormalForm
    zeros: bool = True
    candidates: Budget = field(default_factory=lambda: Budget(MAX_CANDIDATES))

    def __post_init__(self) -> None:
        self.ring: Ring = self.special.ring
        self.parameters = self.general.parameters
        self.is_vector = {p.name: p.kind != "weight" for p in self.parameters}
        self.influence = _influence(self.general)
        self.targets: dict[str, list[Polynomial]] = defaultdict(list)
        for number in self.special.atoms:
            atom = self.ring.atoms[number]
            self.targets[atom.op].append(dict(atom.operand or ()))
        self._known: dict[int, bool] = {}
        self._insides: dict[Monomial, tuple[str, Monomial] | None] = {}

    def solutions(self) -> Iterator[Found]:
        """Values for all of the general cell's parameters.  Raises OutOfBudget."""
        yield from self._extend(_State({}, {}, []), {})

    def _extend(self, state: _State, fresh: Found) -> Iterator[Found]:
        """From what is settled, `fresh` only now, to all solutions."""
        self.candidates.spend(1)
        state = _State({**state.found, **fresh}, state.expected, [*state.values])
        try:
            meeting = self._meeting(state, fresh.keys())
        except _Mismatch:
            return
        if meeting is None:
            yield {**self._nothing(self.is_vector), **state.found}
            return
        for target in self._targets_of(meeting, state.expected):
            aim = replace(state, expected={**state.expected, meeting.index: target})
            with suppress(_Mismatch):
                for more in self._settle(meeting.polynomial, target):
                    yield from self._extend(aim, more)
        if meeting.function and self.zeros and meeting.index not in state.expected:
            names = {self._outermost(n) for m in meeting.polynomial for n in self._factors(m)}
            yield from self._extend(state, self._nothing(names))

    def _nothing(self, names: Iterable[str]) -> dict[str, Value]:
        return {n: NO_VECTOR if self.is_vector[n] else NO_MATRIX for n in names}

    def _meeting(self, state: _State, fresh: Set[str]) -> _Meeting | None:
        """Where the first unknown stands in the way; None where there is none.

        Values that no fresh parameter influences are kept.  Raises _Mismatch where something is not
        as expected.
        """
        names = {p.name: state.found.get(p.name, _UNKNOWN + p.name) for p in self.parameters}
        bound, values = binding(self.general, names), state.values
        for index, node in enumerate(self.general.nodes):
            if index < len(values) and self.influence[index].isdisjoint(fresh):
                continue
            operands = [values[k] for k in node.operands]
            if node.op in UNARY:
                if self._has_unknown(operands[0]):
                    del values[index:]
                    return _Meeting(node.op, operands[0], index)
                if state.expected.get(index, operands[0]) != operands[0]:
                    raise _Mismatch
            values[index : index + 1] = [node_value(self.ring, node, bound, operands)]
        for position, index in enumerate(self.general.outputs):
            if self._has_unknown(values[index]):
                return _Meeting("", values[index], ~position)
            if values[index] != self.special.outputs[position]:
                raise _Mismatch
        return None

    def _targets_of(
        self, meeting: _Meeting, expected: Mapping[int, Polynomial]
    ) -> Iterator[Polynomial]:
        """What a polynomial with unknowns may become."""
        if not meeting.function:
            yield self.special.outputs[~meeting.index]
        elif meeting.index in expected:
            yield expected[meeting.index]
        else:
            yield from self._operands(meeting.function, meeting.polynomial)

    def _operands(self, function: str, polynomial: Polynomial) -> Iterator[Polynomial]:
        """Those of the special cell's functions that this one can imitate, both signs.

        First those with parameters of the same names, as cells of one family often have.
        """
        names = self._names(polynomial)

        def rank(target: Polynomial) -> tuple[int, int]:
            return -len(names & self._names(target)), abs(len(target) - len(polynomial))

        own = _SQUASHING.get(function, Fraction(1))
        family = [function, *(f for f in _SQUASHING if f != function and function in _SQUASHING)]
        for other in family:
            scale = _SQUASHING.get(other, Fraction(1)) / own
            for target in sorted(self.targets[other], key=rank):
                yield self.ring.sum({}, target, scale=scale)
                yield self.ring.sum({}, target, scale=-scale)

    def _names(self, polynomial: Polynomial) -> frozenset[str]:
        """The parameters at the top of a polynomial, unknown or not."""
        atoms = (self.ring.atoms[n] for monomial in polynomial for n in monomial)
        return frozenset(
            str(a.name).removeprefix(_UNKNOWN) for a in atoms if a.op in ("param", "linear")
        )

    def _settle(self, polynomial: Polynomial, target: Polynomial) -> Iterator[dict[str, Value]]:
        """Values of unknowns that may make a polynomial equal to a target."""
        factors = {m: self._factors(m) for m in polynomial}
        plain = {m: c for m, c in polynomial.items() if not factors[m]}
        left = self.ring.sum(target, plain, scale=-1)
        places: dict[tuple[Any, ...], list[_Unknown]] = defaultdict(list)
        for monomial, coefficient in polynomial.items():
            if len(factors[monomial]) == 1:
                unknown = self._unknown(monomial, coefficient, factors[monomial][0])
                places[unknown.place].append(unknown)
        if places:
            yield from self._settle_places(list(places.values()), left, {})
            return
        product = next(m for m in polynomial if factors[m])
        yield from self._settle_product(product, factors[product], left)

    def _settle_product(
        self, monomial: Monomial, factors: Sequence[int], left: Polynomial
    ) -> Iterator[dict[str, Value]]:
        """A product of unknowns, with one of the target's terms: the first is settled."""
        unknown = self._unknown(monomial, 1, factors[0])
        known = tuple(n for n in monomial if n not in factors)
        for term in left:
            rest = _without(term, known)
            if rest is None or len(rest) != len(factors):
                continue
            for number in rest:
                what = self._what(unknown, (number,))
                if what is not None:
                    yield {unknown.name: self._value(unknown, [(what, 1)])}

    def _settle_places(
        self, places: Sequence[list[_Unknown]], left: Polynomial, done: dict[str, Value]
    ) -> Iterator[dict[str, Value]]:
        if not places:
            yield done
            return
        first, *rest = places
        for more in self._shares(first, left):
            if all(done.get(name, value) == value for name, value in more.items()):
                yield from self._settle_places(rest, left, {**done, **more})

    def _shares(self, place: list[_Unknown], left: Polynomial) -> Iterator[dict[str, Value]]:
        """Ways for the unknowns of one place to take the terms that belong there."""
        inner = place[0].inner
        if inner is not None and self._factors(inner):
            yield from self._outer(place[0], left)
            return
        self.ring.budget.spend(1 + len(left) // 4)
        parts: list[tuple[Any, Coefficient]] = []
        for monomial, coefficient in left.items():
            other = _without(monomial, place[0].rest)
            what = None if other is None else self._what(place[0], other)
            if what is not None:
                parts.append((what, coefficient))
        orders = permutations(place) if parts else iter([tuple(place)])
        for order in islice(orders, MAX_ORDERS):
            yield self._shared(order, parts)

    def _outer(self, unknown: _Unknown, left: Polynomial) -> Iterator[dict[str, Value]]:
        """A matrix around another unknown: one of the target's, or the identity."""
        names = {
            str(self.ring.atoms[n].name): None
            for monomial in left
            for n in monomial
            if self.ring.atoms[n].op == "linear"
        }
        for chain in (*((name,) for name in names), ()):
            yield {unknown.name: MatrixValue(((Fraction(1), chain),))}

    def _shared(
        self, place: Sequence[_Unknown], parts: Sequence[tuple[Any, Coefficient]]
    ) -> dict[str, Value]:
        """One term each, the last takes what is left, further ones zero."""
        values: dict[str, Value] = {}
        for position, unknown in enumerate(place):
            last = position == len(place) - 1
            share = parts[position:] if last else parts[position : position + 1]
            values.setdefault(unknown.name, self._value(unknown, share))
        return values

    def _value(self, unknown: _Unknown, share: Sequence[tuple[Any, Coefficient]]) -> Value:
        terms = {what: Fraction(c) / unknown.coefficient for what, c in share}
        if unknown.inner is None:
            return vector_of(self.ring, terms)
        return MatrixValue(tuple((c, what) for what, c in terms.items()))

    def _what(self, unknown: _Unknown, other: Monomial) -> Any:
        """What an unknown must be for its term to be `other`: a chain of matrices, or vectors."""
        for matrix in unknown.matrices:
            inside = self._inside(other)
            if inside is None or inside[0] != matrix:
                return None
            other = inside[1]
        if unknown.inner is None:
            return other if is_vector(self.ring, other) else None
        chain: tuple[Link, ...] = ()
        while other != unknown.inner:
            link, other = self._outermost_link(other)
            if link is None:
                return None
            chain = (*chain, link)
        return chain

    def _outermost_link(self, monomial: Monomial) -> tuple[Link | None, Monomial]:
        """The matrix that a monomial is under, or its first vector, and what is left."""
        inside = self._inside(monomial)
        if inside is not None:
            return inside
        for number in monomial if len(monomial) > 1 else ():
            if self.ring.atoms[number].op == "param":
                left = _without(monomial, (number,))
                return Diagonal(str(self.ring.atoms[number].name)), left or ()
        return None, monomial

    def _inside(self, monomial: Monomial) -> tuple[str, Monomial] | None:
        """The matrix that a monomial is under, and what is under it."""
        if monomial not in self._insides:
            self._insides[monomial] = None
            if len(monomial) == 1 and self.ring.atoms[monomial[0]].op == "linear":
                atom = self.ring.atoms[monomial[0]]
                ((inner, _),) = atom.operand or frozenset()
                self._insides[monomial] = str(atom.name), inner
        return self._insides[monomial]

    def _unknown(self, monomial: Monomial, coefficient: Coefficient, factor: int) -> _Unknown:
        rest = _without(monomial, (factor,)) or ()
        matrices: tuple[str, ...] = ()
        while not self._is_named_unknown(factor):
            inside = self._inside((factor,))
            assert inside is not None
            inner_factors = self._factors(inside[1])
            if len(inside[1]) > 1 or len(inner_factors) != 1:
                raise _Mismatch
            matrices, factor = (*matrices, inside[0]), inner_factors[0]
        atom = self.ring.atoms[factor]
        inside = self._inside((factor,))
        name = str(atom.name).removeprefix(_UNKNOWN)
        return _Unknown(name, coefficient, rest, matrices, inside and inside[1])

    def _outermost(self, factor: int) -> str:
        """The name of an unknown in an atom."""
        while not self._is_named_unknown(factor):
            inside = self._inside((factor,))
            assert inside is not None
            factor = self._factors(inside[1])[0]
        return str(self.ring.atoms[factor].name).removeprefix(_UNKNOWN)

    def _factors(self, monomial: Monomial) -> tuple[int, ...]:
        """The factors of a monomial that have an unknown in them."""
        return tuple(n for n in monomial if self._is_unknown(n))

    def _has_unknown(self, polynomial: Polynomial) -> bool:
        return any(self._factors(monomial) for monomial in polynomial)

    def _is_unknown(self, number: int) -> bool:
        if number not in self._known:
            inside = self._inside((number,))
            deeper = inside is not None and bool(self._factors(inside[1]))
            self._known[number] = self._is_named_unknown(number) or deeper
        return self._known[number]

    def _is_named_unknown(self, number: int) -> bool:
        atom = self.ring.atoms[number]
        return atom.op in ("param", "linear") and str(atom.name).startswith(_UNKNOWN)


def _influence(graph: Graph) -> list[frozenset[str]]:
    """The parameters that each node depends on."""
    found: list[frozenset[str]] = []
    for node in graph.nodes:
        own = {str(node.attribute)} if node.op in PARAMETRIC else set[str]()
        found.append(frozenset(own).union(*(found[k] for k in node.operands)))
    return found


def _without(monomial: Monomial, rest: Monomial) -> Monomial | None:
    """A monomial divided by another, or None where it does not divide."""
    left = list(monomial)
    for number in rest:
        if number not in left:
            return None
        left.remove(number)
    return tuple(left)
