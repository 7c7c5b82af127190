"""How two graphs are related: from equal up to names, over containment, to refuted or open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import islice

from fenas_lang.ir.dependence import forces_square
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.polynomial import OutOfBudget
from fenas_lang.proof.dimension import Dimension
from fenas_lang.proof.invariants import invariants
from fenas_lang.proof.laws import LAWS
from fenas_lang.proof.matching import UNARY, Matching
from fenas_lang.proof.normal_form import Ring, normal_form
from fenas_lang.proof.refutation import Refutation, refute
from fenas_lang.proof.renaming import equal_up_to_renaming
from fenas_lang.proof.signs import equal_up_to_signs
from fenas_lang.proof.substitution import MatrixValue, Substitution, Value, VectorValue
from fenas_lang.proof.verdicts import Finding, Kind
from fenas_lang.proof.verification import becomes, needs_square

SEARCH_BUDGET = 10_000
"""Units of arithmetic for one search: below a quarter of a second."""
MAX_SOLUTIONS = 12
"""Solutions that are looked at for one that is invertible, or holds also where D is not H."""
_STATES = "their numbers of states differ"


def relate(one: Graph, two: Graph) -> Finding:
    """The strongest verdict that is found within the budget."""
    if len(one.states) != len(two.states):
        return Finding(Kind.DIFFERENT, obstacle=_STATES)
    try:
        return equal_by_names_and_signs(one, two) or _by_search(one, two)
    except OutOfBudget:
        return Finding(Kind.UNKNOWN, obstacle="a normal form is too large for the budget")


def equal_by_names_and_signs(one: Graph, two: Graph) -> Finding | None:
    """Equal or Reparametrised, where names and signs of parameters are all that differs.

    No search is made.  Raises OutOfBudget where a normal form is too large.
    """
    if len(one.states) != len(two.states):
        return None
    return _by_renaming(one, two) or _by_signs(one, two)


def _by_renaming(one: Graph, two: Graph) -> Finding | None:
    renaming = equal_up_to_renaming(one, two)
    if renaming is None:
        return None
    back = {other: name for name, other in renaming.items()}
    return Finding(
        Kind.EQUAL,
        _renamed(one, renaming),
        _renamed(two, back),
        ignored=_ignored(one, renaming),
    )


def _by_signs(one: Graph, two: Graph) -> Finding | None:
    if _functions(one) != _functions(two):
        return None
    with suppress(OutOfBudget):
        found = equal_up_to_signs(one, two)
        if found is not None:
            values = {
                p.name: _scaled(p.kind != "weight", *_signed(found.get(p.name)))
                for p in one.parameters
            }
            if not needs_square(one, two, values) and becomes(one, two, values):
                return _inverse(one, two, values)
    return None


def _functions(graph: Graph) -> Counter[str]:
    """How often each function occurs, which a change of signs keeps."""
    form = invariants(graph).form
    operations = (form.ring.atoms[number].op for number in form.atoms)
    return Counter(op for op in operations if op in UNARY)


def _signed(found: tuple[int, str] | None) -> tuple[Fraction, str | None]:
    return (Fraction(1), None) if found is None else (Fraction(found[0]), found[1])


def _renamed(graph: Graph, names: dict[str, str]) -> Substitution:
    """Values of all parameters; those without influence are zero."""
    return {
        p.name: _scaled(p.kind != "weight", Fraction(1), names.get(p.name))
        for p in graph.parameters
    }


def _scaled(vector: bool, factor: Fraction, name: str | None) -> Value:
    if vector:
        return VectorValue(() if name is None else ((factor, (name,)),))
    return MatrixValue(() if name is None else ((factor, (name,)),))


def _ignored(graph: Graph, present: Sequence[str] | dict[str, str]) -> tuple[str, ...]:
    return tuple(p.name for p in graph.parameters if p.name not in present)


def _by_search(one: Graph, two: Graph) -> Finding:
    not_in, not_holding = refute(one, two), refute(two, one)
    invertible = not_in is None and not_holding is None
    values = None if _settles(not_holding) else _search(one, two, invertible)
    if values is not None and invertible:
        inverse = _inverse(one, two, values)
        if inverse is not None:
            return inverse
    back = None if _settles(not_in) else _search(two, one, False)
    refuted = (None if back else not_in, None if values else not_holding)
    return _summary(one, two, values, back, refuted)


def _settles(refutation: Refutation | None) -> bool:
    """Whether a containment is refuted where D = H, too."""
    if refutation is None:
        return False
    violated = refutation.violated
    return not isinstance(violated, Dimension) or violated.sizes[0] == violated.sizes[1]


def _summary(
    one: Graph,
    two: Graph,
    values: Substitution | None,
    back: Substitution | None,
    refuted: tuple[Refutation | None, Refutation | None],
) -> Finding:
    """From what was found in both directions, and what was refuted."""
    square = (
        forces_square(one) != forces_square(two)
        or (values is not None and needs_square(one, two, values))
        or (back is not None and needs_square(two, one, back))
    )
    kinds: dict[tuple[bool, bool], Kind] = {
        (True, True): Kind.SAME_FAMILY,
        (True, False): Kind.CONTAINS,
        (False, True): Kind.CONTAINED_IN,
    }
    kind = kinds.get((values is not None, back is not None))
    square = square and kind is not None
    if kind is None:
        kind = Kind.DIFFERENT if any(refuted) else Kind.UNKNOWN
    obstacle = "no correspondence was found" if kind == Kind.UNKNOWN else ""
    return Finding(kind, values, back, *refuted, square=square, obstacle=obstacle)


def _search(general: Graph, special: Graph, invertible: bool) -> Substitution | None:
    """Verified values of the general cell's parameters; `invertible` ones are preferred."""
    found: list[Substitution] = []

    def rank(values: Substitution) -> tuple[bool, bool]:
        return invertible and _invertible(values) is None, needs_square(general, special, values)

    with suppress(OutOfBudget):
        form = normal_form(special, Ring(SEARCH_BUDGET, LAWS))
        for values in islice(Matching(general, form).solutions(), MAX_SOLUTIONS):
            if becomes(general, special, values, square=True):
                found.append(values)
                if not any(rank(values)):
                    break
    return min(found, key=rank, default=None)


def _invertible(values: Substitution) -> dict[str, tuple[Fraction, str]] | None:
    """(factor, name) of each parameter that is not zero, where no name comes twice."""
    given = {name: value for name, value in values.items() if value.terms}
    single = {name: value.single for name, value in given.items()}
    pairs = {name: pair for name, pair in single.items() if pair is not None}
    if len(pairs) < len(given) or len({name for _, name in pairs.values()}) < len(pairs):
        return None
    return pairs


def _inverse(one: Graph, two: Graph, values: Substitution) -> Finding | None:
    """Equal or Reparametrised, where the change can be undone and both directions verify."""
    pairs = _invertible(values)
    if pairs is None or needs_square(one, two, values):
        return None
    if forces_square(one) != forces_square(two):
        return None
    undone = {other: (1 / factor, name) for name, (factor, other) in pairs.items()}
    back = {
        p.name: _scaled(p.kind != "weight", *undone.get(p.name, (Fraction(1), None)))
        for p in two.parameters
    }
    if needs_square(two, one, back) or not becomes(two, one, back):
        return None
    plain = all(factor == 1 for factor, _ in pairs.values())
    kind = Kind.EQUAL if plain else Kind.REPARAMETRISED
    return Finding(kind, values, back, ignored=_ignored(one, list(pairs)))
