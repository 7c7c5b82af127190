"""A claim evaluated with fifty digits at random points: a refuter that knows no normal form.

What two cells are said to have in common is computed from their graphs alone, with exact rational
parameters.  So a mistake in the normal form or its laws, which the checker shares with the prover,
would be seen, unless it makes no difference at any of the points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenas_lang.ir.graph import Graph
from fenas_lang.proof import precise
from fenas_lang.proof.substitution import Applied, Diagonal, Factor, Link, Substitution, VectorValue

POINTS = 2
"""Each with two components."""
SEEDS = (0, 1)
TOLERANCE = 1e-9
"""Relative; what is compared is right to a double's digits."""
Exact = NDArray[Any]
"""Of fractions."""


def agree(general: Graph, special: Graph, values: Substitution, square: bool) -> bool:
    """Whether the general cell is the special one at some random points.

    `square` takes D = H, else D is one more.
    """
    return all(_agree(general, special, values, (2 if square else 3, 2), seed) for seed in SEEDS)


def _agree(
    general: Graph, special: Graph, values: Substitution, sizes: tuple[int, int], seed: int
) -> bool:
    rng = np.random.default_rng(seed)
    parameters = {p.name: _draw(rng, p.sizes(*sizes)) for p in special.parameters}
    shapes = {p.name: p.sizes(*sizes) for p in general.parameters}
    others = {name: number(values[name], parameters, shape) for name, shape in shapes.items()}
    x = _draw(rng, (POINTS, sizes[0]))
    states = [_draw(rng, (POINTS, sizes[1])) for _ in special.states]
    pairs = zip(
        precise.outputs(general, x, states, others),
        precise.outputs(special, x, states, parameters),
        strict=True,
    )
    return all(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True) for a, b in pairs)


def _draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Exact:
    """Eighths between -2 and 2."""
    return _exact(rng.integers(-16, 17, shape)) / 8


def _exact(values: NDArray[Any]) -> Exact:
    exact: Exact = np.array([Fraction(int(v)) for v in values.ravel()], dtype=object)
    return exact.reshape(values.shape)


def number(value: Any, parameters: Mapping[str, Exact], shape: Sequence[int]) -> Exact:
    """What a parameter of this shape is where the other cell's parameters are given."""
    total = _exact(np.zeros(shape, dtype=int))
    if isinstance(value, VectorValue):
        for coefficient, factors in value.terms:
            total = total + coefficient * _vector(factors, parameters, shape[0])
        return total
    for coefficient, links in value.terms:
        product = _exact(np.eye(shape[-1], dtype=int))
        for link in reversed(links):
            product = _matrix(link, parameters) @ product
        total = total + coefficient * product
    return total


def _matrix(link: Link, parameters: Mapping[str, Exact]) -> Exact:
    if isinstance(link, Diagonal):
        vector = parameters[link.vector]
        return _exact(np.eye(len(vector), dtype=int)) * vector[:, None]
    return parameters[link]


def _vector(factors: tuple[Factor, ...], parameters: Mapping[str, Exact], size: int) -> Exact:
    product = _exact(np.ones(size, dtype=int))
    for factor in factors:
        if isinstance(factor, Applied):
            matrix = parameters[factor.matrix]
            product = product * (matrix @ _vector(factor.operand, parameters, matrix.shape[1]))
        else:
            product = product * parameters[factor]
    return product


__all__ = ["agree", "number"]
