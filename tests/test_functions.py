"""The node functions as terms: their values and derivatives are those of torch, at zero too."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fenas_lang.functions import ACTIVATIONS
from fenas_lang.primitives import PRIMITIVES, Term

U = Term("input", (), "u")
TORCH = {
    "leaky_relu": F.leaky_relu,
    "silu": F.silu,
    "gelu": F.gelu,
    "elu": F.elu,
    "softplus": F.softplus,
    "softsign": F.softsign,
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "abs": torch.abs,
    "exp": torch.exp,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
    "square": torch.square,
    "identity": lambda u: u * 1,
}


def evaluate(term: Term, u: float) -> tuple[float, float]:
    """Value and derivative by u of a term, in forward mode, from the table of primitives."""
    if term.op == "input":
        return u, 1.0
    if term.op == "const":
        return float(term.attribute), 0.0  # type: ignore[arg-type]
    primitive = PRIMITIVES[term.op]
    parts = [evaluate(operand, u) for operand in term.operands]
    assert primitive.numpy and primitive.derivative
    value = float(primitive.numpy(np, *(np.float64(v) for v, _ in parts)))
    leaves = [Term("const", (), _exact(v)) for v, _ in parts]
    slopes = [evaluate(partial, u)[0] for partial in primitive.derivative(*leaves)]
    return value, sum(s * d for s, (_, d) in zip(slopes, parts, strict=True))


def _exact(value: float) -> Fraction:

    return Fraction(value)


def test_torch_has_them_all() -> None:
    assert TORCH.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("u", [-3.0, -0.5, 0.0, 0.5, 3.0])
def test_value_and_derivative(name: str, u: float) -> None:
    value, slope = evaluate(ACTIVATIONS[name][0](U), u)
    x = torch.tensor(u, dtype=torch.float64, requires_grad=True)
    y = TORCH[name](x)
    y.backward()
    assert value == pytest.approx(y.item(), abs=1e-12)
    assert slope == pytest.approx(x.grad.item(), abs=1e-12)
