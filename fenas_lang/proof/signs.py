"""Cells that become equal when some parameters are negated: `z` against `1 - z`.

With all gates written as tanh and all coefficients without sign, the normal forms of two such cells
agree.  Their correspondence gives linear equations over two elements, which the signs of parameters
and of odd functions solve.  What is found is to be verified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.labelling import canonical_digest
from fenas_lang.ir.polynomial import Polynomial, constant
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.normal_form import Law, Ring, normal_form
from fenas_lang.proof.renaming import TermGraph, order_of

BUDGET = 60_000
_ODD, _EVEN = frozenset({"tanh", "erf", "sin"}), frozenset({"cos"})


def _as_tanh(ring: Ring, operand: Polynomial) -> Polynomial:
    inner = ring.apply("tanh", ring.sum({}, operand, scale=Fraction(1, 2)))
    return ring.sum(constant(Fraction(1, 2)), inner, scale=Fraction(1, 2))


_PARITY: Mapping[str, Sequence[Law]] = {
    "sigmoid": (_as_tanh,),
    "tanh": LAWS["tanh"][:2],
    **{name: LAWS[name] for name in ("sin", "cos", "erf")},
}
"""Laws under which a sign never changes how many monomials there are."""


def equal_up_to_signs(one: Graph, two: Graph) -> dict[str, tuple[int, str]] | None:
    """(sign, name) for each parameter of the first cell that has influence; None if not found.

    Raises OutOfBudget.
    """
    terms, others = _unsigned(one), _unsigned(two)
    if sorted(terms.labels) != sorted(others.labels):
        return None
    order, other_order = order_of(terms), order_of(others)
    digests = (
        canonical_digest(t.labels, t.operands, o)
        for t, o in ((terms, order), (others, other_order))
    )
    if next(digests) != next(digests):
        return None
    partner = dict(zip(order, other_order, strict=True))
    signs = _Equations(terms, others, partner).solution()
    if signs is None:
        return None
    names = {vertex: name for name, vertex in others.parameters.items()}
    return {
        name: (-1 if vertex in signs else 1, names[partner[vertex]])
        for name, vertex in terms.parameters.items()
    }


def _unsigned(graph: Graph) -> TermGraph:
    return TermGraph(normal_form(graph, Ring(BUDGET, _PARITY)), signed=False)


class _Equations:
    """Signs as bits: each vertex's is a sum of unknown bits, number 0 being the constant 1."""

    def __init__(self, terms: TermGraph, others: TermGraph, partner: Mapping[int, int]):
        self.terms, self.others, self.partner = terms, others, partner
        self.sums: list[int] = []
        self.equations: list[int] = []
        for vertex, label in enumerate(terms.labels):
            self.sums.append(self._sum(vertex, label.split(" ")[0]))

    def _sum(self, vertex: int, kind: str) -> int:
        """The sign of a vertex, its equations noted."""
        unknown = 1 << (vertex + 1)
        if kind == "parameter":
            return unknown
        if kind == "linear" or vertex in self.terms.coefficients:
            return self._product(vertex)
        free = unknown if kind in _ODD | _EVEN else 0
        self.equations += [self._term(m) ^ free for _, m in self.terms.operands[vertex]]
        return unknown if kind in _ODD else 0

    def _product(self, vertex: int) -> int:
        total = 0
        for _, operand in self.terms.operands[vertex]:
            total ^= self.sums[operand]
        return total

    def _term(self, vertex: int) -> int:
        """A monomial's sign, against that of its partner."""
        one = self.terms.coefficients[vertex] < 0
        two = self.others.coefficients[self.partner[vertex]] < 0
        return self.sums[vertex] ^ int(one != two)

    def solution(self) -> set[int] | None:
        """Vertices with a negative sign, unknowns that stay free being positive."""
        pivots: dict[int, int] = {}
        for equation in self.equations:
            while equation > 1 and (top := equation.bit_length() - 1) in pivots:
                equation ^= pivots[top]
            if equation == 1:
                return None
            if equation:
                pivots[equation.bit_length() - 1] = equation
        values = 1
        for top in sorted(pivots):
            if (pivots[top] & values).bit_count() % 2:
                values |= 1 << top
        return {k - 1 for k in range(1, values.bit_length()) if values >> k & 1}
