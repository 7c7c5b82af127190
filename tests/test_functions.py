"""The node functions as terms: their values and derivatives are those of torch, at zero too."""

from __future__ import annotations

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


def value_of(term: Term, u: float) -> float:
    """A term's value, from the table of primitives."""
    if not term.operands:
        return u if term.op == "input" else float(term.attribute)  # type: ignore[arg-type]
    compute = PRIMITIVES[term.op].numpy
    assert compute is not None
    return float(compute(np, *(np.float64(value_of(o, u)) for o in term.operands)))


def slope_of(term: Term, u: float) -> float:
    """A term's derivative by u, by the chain rule over the table of primitives."""
    if not term.operands:
        return float(term.op == "input")
    derivative = PRIMITIVES[term.op].derivative
    assert derivative is not None
    partials = derivative(*term.operands)
    return sum(
        value_of(p, u) * slope_of(o, u) for p, o in zip(partials, term.operands, strict=True)
    )


def test_torch_has_them_all() -> None:
    assert TORCH.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("u", [-3.0, -0.5, 0.0, 0.5, 3.0])
def test_value_and_derivative(name: str, u: float) -> None:
    body = ACTIVATIONS[name][0](U)
    x = torch.tensor(u, dtype=torch.float64, requires_grad=True)
    y = TORCH[name](x)
    y.backward()
    assert value_of(body, u) == pytest.approx(y.item(), abs=1e-12)
    assert slope_of(body, u) == pytest.approx(x.grad.item(), abs=1e-12)
