"""Are two cells the same function under a renaming of their parameters?

Both normal forms are written as term graphs without names and labelled canonically; where these
agree, parameters in the same place correspond.  The answer is then verified by substitution: the
first cell, renamed, must have exactly the second's normal form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fenas_lang.diagnostics import FenError
from fenas_lang.ir.dependence import forces_square
from fenas_lang.ir.graph import HIDDEN_SIZE, INPUT_SIZE, Graph
from fenas_lang.ir.labelling import canonical_order
from fenas_lang.ir.polynomial import Coefficient, Monomial, OutOfBudget
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.normal_form import DEFAULT_BUDGET, Atom, NormalForm, Ring, normal_form
from fenas_lang.proof.shared_terms import SharedTerms

_PLAIN, _MATRIX = 0, 1
"""Edge labels: an operand, and the parameter that is a linear map's matrix."""


@dataclass(frozen=True)
class CanonicalForm:
    """A normal form up to names: equal digests mean equal functions up to a renaming.

    `parameters` are those that occur, in canonical order.
    """

    digest: str
    parameters: tuple[str, ...]


def equal_up_to_renaming(first: Graph, second: Graph) -> dict[str, str] | None:
    """The second graph's parameter for each of the first's, or None where the forms differ.

    States correspond by position.  Parameters that have no influence on any output are left out.
    Raises OutOfBudget where the question stays open.
    """
    forms = unnamed_form(first), unnamed_form(second)
    if forms[0].signature != forms[1].signature:
        return None
    one, two = map(canonical_of, forms)
    if one.digest != two.digest:
        return None
    renaming = dict(zip(one.parameters, two.parameters, strict=True))
    return renaming if verify_renaming(first, second, renaming) else None


def verify_renaming(first: Graph, second: Graph, renaming: dict[str, str]) -> bool:
    """Whether the first graph, its parameters renamed, has exactly the second's normal form.

    Shapes must agree too, and different parameters get different names.  Raises OutOfBudget.
    """
    shapes, other_shapes = shapes_of(first), shapes_of(second)
    if len(set(renaming.values())) < len(renaming) or any(
        shapes.get(name) != other_shapes.get(other) for name, other in renaming.items()
    ):
        return False
    ring = Ring(laws=LAWS)
    renamed = normal_form(first, ring, renaming)
    return renamed.outputs == normal_form(second, ring).outputs


def unnamed_form(graph: Graph, budget: int = DEFAULT_BUDGET) -> NormalForm:
    """The normal form under laws, with signs that no renaming changes.  Raises OutOfBudget."""
    return normal_form(graph, Ring(budget, LAWS, shapes_of(graph)))


def canonical_form(graph: Graph, budget: int = DEFAULT_BUDGET) -> CanonicalForm:
    """The normal form's digest, the same for all spellings and names.  Raises OutOfBudget."""
    return canonical_of(unnamed_form(graph, budget))


def canonical_of(form: NormalForm) -> CanonicalForm:
    """The same of an unnamed form.  Raises OutOfBudget."""
    terms = SharedTerms(form, shapes_of(form.graph))
    try:
        order = terms.graph.order()
    except FenError as error:
        raise OutOfBudget from error
    names = {vertex: name for name, vertex in terms.parameters.items()}
    return CanonicalForm(
        terms.graph.digest(order),
        tuple(names[vertex] for vertex in order if vertex in names),
    )


def order_of(terms: TermGraph) -> tuple[int, ...]:
    """The vertices in canonical order.  Raises OutOfBudget."""
    try:
        return canonical_order(terms.labels, terms.operands)
    except FenError as error:
        raise OutOfBudget from error


class TermGraph:
    """A normal form as a labelled graph whose vertices precede their users.

    `coefficients` are those of the vertices that are monomials; without `signed`, labels hold
    their absolute values.
    """

    def __init__(self, form: NormalForm, signed: bool = True):
        self.signed = signed
        self.coefficients: dict[int, Coefficient] = {}
        self.labels: list[str] = []
        self.operands: list[list[tuple[int, int]]] = []
        self.parameters: dict[str, int] = {}
        self._atoms: dict[int, int] = {}
        self._shapes = shapes_of(form.graph)
        for number in form.atoms:
            self._atoms[number] = self._atom(form.ring.atoms[number])
        for position, polynomial in enumerate(form.outputs):
            self._vertex(f"output {position}", self._terms(polynomial.items()))

    def _vertex(self, label: str, operands: list[tuple[int, int]]) -> int:
        self.labels.append(label)
        self.operands.append(operands)
        return len(self.labels) - 1

    def _atom(self, atom: Atom) -> int:
        if atom.op == "param":
            return self._parameter(str(atom.name))
        if atom.operand is None:
            return self._vertex(f"{atom.op} {atom.name}", [])
        operands = self._terms(atom.operand)
        if atom.op == "linear":
            operands.append((_MATRIX, self._parameter(str(atom.name))))
        return self._vertex(atom.op, operands)

    def _parameter(self, name: str) -> int:
        if name not in self.parameters:
            self.parameters[name] = self._vertex(f"parameter {self._shapes[name]}", [])
        return self.parameters[name]

    def _terms(self, terms: Iterable[tuple[Monomial, Coefficient]]) -> list[tuple[int, int]]:
        """A vertex for each monomial, labelled with its coefficient."""
        return [(_PLAIN, self._monomial(*term)) for term in terms]

    def _monomial(self, monomial: Monomial, coefficient: Coefficient) -> int:
        shown: Coefficient = coefficient if self.signed else max(coefficient, -coefficient)
        vertex = self._vertex(_exactly(shown), [(_PLAIN, self._atoms[n]) for n in monomial])
        self.coefficients[vertex] = coefficient
        return vertex


def _exactly(coefficient: Coefficient) -> str:
    """In hexadecimal digits, of which Python writes any number."""
    return f"{coefficient.numerator:x}/{coefficient.denominator:x}"


def shapes_of(graph: Graph) -> dict[str, str]:
    """Shapes by name; D is H where the graph takes its input without a matrix."""
    square = forces_square(graph)
    return {
        p.name: " by ".join(HIDDEN_SIZE if square and s == INPUT_SIZE else s for s in p.shape)
        for p in graph.parameters
    }
