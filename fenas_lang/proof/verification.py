"""Whether a cell becomes another one under given values of its parameters: a check, no search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fenas_lang.ir.dependence import forces_square
from fenas_lang.ir.graph import HIDDEN_SIZE, INPUT_SIZE, Graph, ParameterShape
from fenas_lang.proof.laws import LAWS, names_of
from fenas_lang.proof.normal_form import Law, Ring, normal_form
from fenas_lang.proof.substitution import (
    Applied,
    Diagonal,
    Factor,
    Link,
    MatrixValue,
    Substitution,
    VectorValue,
)

Laws = Mapping[str, Sequence[Law]]
BUDGET = 400_000
"""More than any search has."""


def becomes(
    general: Graph,
    special: Graph,
    values: Substitution,
    square: bool = False,
    laws: Laws = LAWS,
) -> bool:
    """Whether the general cell's outputs are the special one's, for all x, states, parameters.

    `square` allows D = H to be used where the cells do not force it.  Raises OutOfBudget.
    """
    square = square or forces_square(general) or forces_square(special)
    shapes = {p.name: p for p in special.parameters}
    if len(general.states) != len(special.states) or not all(
        p.name in values and _fits(p, values[p.name], shapes, square) for p in general.parameters
    ):
        return False
    return _compare(general, special, values, Ring(BUDGET, laws))


def laws_used(general: Graph, special: Graph, values: Substitution) -> tuple[str, ...]:
    """The laws that this comparison takes, in the order of first use.  Raises OutOfBudget."""
    ring = Ring(BUDGET, LAWS)
    _compare(general, special, values, ring)
    return names_of(ring.used)


def _compare(general: Graph, special: Graph, values: Substitution, ring: Ring) -> bool:
    made = normal_form(general, ring, values)
    return made.outputs == normal_form(special, ring).outputs


def needs_square(general: Graph, special: Graph, values: Substitution) -> bool:
    """Whether values have the right shapes only where D = H."""
    shapes = {p.name: p for p in special.parameters}
    square = forces_square(general) or forces_square(special)
    return not all(_fits(p, values[p.name], shapes, square) for p in general.parameters)


def _fits(
    parameter: ParameterShape,
    value: MatrixValue | VectorValue,
    shapes: Mapping[str, ParameterShape],
    square: bool,
) -> bool:
    """Whether a value has a parameter's shape."""
    if parameter.kind == "weight":
        return isinstance(value, MatrixValue) and all(
            _chain_fits(parameter.shape[1], chain, shapes, square) for _, chain in value.terms
        )
    return isinstance(value, VectorValue) and all(
        _factor_fits(factor, shapes, square) for _, factors in value.terms for factor in factors
    )


def _chain_fits(
    columns: str, chain: tuple[Link, ...], shapes: Mapping[str, ParameterShape], square: bool
) -> bool:
    """Whether a product of matrices takes vectors of one size to vectors of size H."""
    size = columns
    for link in reversed(chain):
        if isinstance(link, Diagonal):
            shape = shapes.get(link.vector)
            if shape is None or shape.kind == "weight" or not _same(size, HIDDEN_SIZE, square):
                return False
            continue
        shape = shapes.get(link)
        if shape is None or shape.kind != "weight" or not _same(size, shape.shape[1], square):
            return False
        size = shape.shape[0]
    return _same(size, HIDDEN_SIZE, square)


def _factor_fits(factor: Factor, shapes: Mapping[str, ParameterShape], square: bool) -> bool:
    if isinstance(factor, Applied):
        return _chain_fits(HIDDEN_SIZE, (factor.matrix,), shapes, square) and all(
            _factor_fits(inner, shapes, square) for inner in factor.operand
        )
    return factor in shapes and shapes[factor].kind != "weight"


def _same(one: str, two: str, square: bool) -> bool:
    return one == two or (square and {one, two} <= {INPUT_SIZE, HIDDEN_SIZE})
