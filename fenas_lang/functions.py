"""Every node function of the language, written once: signature, edges it takes, and its meaning.

A function's meaning is a term over primitives, so that one entry here is known to the checker,
every backend, the prover and the mutator.  Its *kind* fixes what its arguments may be:

* `atomic`:     `add sub mul`, two plain operands; and `neg`, one (unary minus of `open`);
* `activation`: one function of the sum of its edges (and of a bias if an edge has a weight);
* `skip`:       Pasunuru & Bansal 2020, section 3.1: with pre-activation u, gate pre-activation v
                and plain sum s, `(1 - sigmoid(v)) * s + sigmoid(v) * f(u)`;
* `mean`:       the elementwise mean of its operands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from fenas_lang.primitives import (
    Term,
    cos,
    erf,
    exp,
    log,
    reciprocal,
    relu,
    sigmoid,
    sin,
    tanh,
    term,
)

UnaryBody = Callable[[Term], Term]

ATOMIC, ACTIVATION, SKIP, MEAN = "atomic", "activation", "skip", "mean"


@dataclass(frozen=True)
class NodeFunction:
    """A node function; `max_arity` None means any number of arguments.

    `activation` is f for activations and skips; `combine` the body of the other kinds.
    """

    name: str
    kind: str
    min_arity: int
    max_arity: int | None
    commutative: bool = True
    activation: UnaryBody | None = None
    combine: Callable[..., Term] | None = None
    description: str = ""


def _mean(*operands: Term) -> Term:
    total = operands[0]
    for operand in operands[1:]:
        total = total + operand
    return term(Fraction(1, len(operands))) * total if len(operands) > 1 else total


def _abs(u: Term) -> Term:
    return relu(u) + relu(-u)


ROOT_HALF = term("0.70710678118654752440")

# Spelled so that the derivatives at 0 are right too, where those of relu and abs are taken as 0.
ACTIVATIONS: dict[str, tuple[UnaryBody, str]] = {
    "tanh": (tanh, "hyperbolic tangent"),
    "relu": (relu, "max(u, 0)"),
    "sigmoid": (sigmoid, "1 / (1 + exp(-u))"),
    "identity": (lambda u: u, "u"),
    "leaky_relu": (
        lambda u: term("0.01") * u + term("0.99") * relu(u),
        "u, or u/100 where negative",
    ),
    "silu": (lambda u: u * sigmoid(u), "u * sigmoid(u), also called swish"),
    "gelu": (lambda u: u * (term("0.5") * (1 + erf(ROOT_HALF * u))), "exact GELU, with erf"),
    "elu": (lambda u: u + relu(-u) + (exp(-relu(-u)) - 1), "u, or exp(u) - 1 where negative"),
    "softplus": (
        lambda u: term("0.5") * (relu(u) + (u + relu(-u))) + log(1 + exp(-_abs(u))),
        "log(1 + exp(u))",
    ),
    "softsign": (lambda u: u * reciprocal(1 + _abs(u)), "u / (1 + |u|)"),
    "exp": (exp, "exponential"),
    "sin": (sin, "sine"),
    "cos": (cos, "cosine"),
    "erf": (erf, "error function"),
    "abs": (_abs, "absolute value"),
    "square": (lambda u: u * u, "u * u"),
}
SKIPS = ("tanh", "relu", "sigmoid")
OPERATORS = {"+": "add", "-": "sub", "*": "mul"}
SYMBOLS = {function: symbol for symbol, function in OPERATORS.items()}

FUNCTIONS: dict[str, NodeFunction] = {
    row.name: row
    for row in (
        NodeFunction("add", ATOMIC, 2, 2, combine=lambda a, b: a + b, description="a + b"),
        NodeFunction("sub", ATOMIC, 2, 2, False, combine=lambda a, b: a - b, description="a - b"),
        NodeFunction("mul", ATOMIC, 2, 2, combine=lambda a, b: a * b, description="a * b"),
        NodeFunction("neg", ATOMIC, 1, 1, combine=lambda a: -a, description="-a"),
        NodeFunction("mean", MEAN, 1, None, combine=_mean, description="elementwise mean"),
        *(
            NodeFunction(name, ACTIVATION, 1, None, activation=body, description=text)
            for name, (body, text) in ACTIVATIONS.items()
        ),
        *(
            NodeFunction(
                f"{name}_skip",
                SKIP,
                1,
                2,
                activation=ACTIVATIONS[name][0],
                description=f"{name} with a learned gate around the plain sum",
            )
            for name in SKIPS
        ),
    )
}

KEYWORDS = frozenset({"cell", "fn", "in", "without", "bias"})
RESERVED = KEYWORDS | {"gate", "zero"} | frozenset(FUNCTIONS)


def skip_body(activation: UnaryBody, pre: Term, gate: Term, plain: Term) -> Term:
    """`(1 - c) * s + c * f(u)`, with `c = sigmoid(v)` (Pasunuru & Bansal 2020, section 3.1)."""
    c = sigmoid(gate)
    return (1 - c) * plain + c * activation(pre)
