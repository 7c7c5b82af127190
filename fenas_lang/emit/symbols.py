"""How people write the pieces of a cell: `h_prev` is h at the step before, `mul` a ring dot."""

from __future__ import annotations

import re

from fenas_lang.functions import ATOMIC, SYMBOLS
from fenas_lang.ir.graph import ELEMENTWISE, PLAIN, Dataflow, Edge, FlatNode
from fenas_lang.ir.text import number_text

FUNCTION_SYMBOLS = {
    "add": "+",
    "sub": "−",
    "mul": "⊙",
    "neg": "−",
    "sigmoid": "σ",
    "relu": "ReLU",
    "identity": "id",
    "leaky_relu": "LReLU",
    "silu": "SiLU",
    "gelu": "GELU",
    "elu": "ELU",
    "tanh_skip": "tanh-s",
    "relu_skip": "ReLU-s",
    "sigmoid_skip": "σ-s",
}
"""Short forms for drawings (skips as in Fig. 3 of the FENAS paper); others show their own name."""

_EARLIER = re.compile(r"(.+?)_?(?:prev|previous|old|last)")


def function_symbol(function: str) -> str:
    """What a node of this function shows in a drawing."""
    return FUNCTION_SYMBOLS.get(function, function)


def state_bases(dataflow: Dataflow) -> tuple[str, ...]:
    """The letter of each state: `h` for `h_prev`, so that state and output pair as h(t-1), h(t).

    The names themselves, where shortened ones would not be distinct.
    """
    matches = [(_EARLIER.fullmatch(state), state) for state in dataflow.states]
    bases = tuple(match[1] if match else state for match, state in matches)
    distinct = len({*bases, dataflow.input}) == len(bases) + 1
    return bases if distinct else dataflow.states


def argument(edge: Edge) -> str:
    """An edge's source as it is written: a name, a decimal or `zero`."""
    if edge.source is None:
        return "zero"
    return edge.source if isinstance(edge.source, str) else number_text(edge.source)


def expression(node: FlatNode) -> str:
    """The right-hand side of a flat node, as .fen text."""
    if node.definition.kind == ATOMIC:
        operator, arguments = SYMBOLS.get(node.function, "-"), [argument(e) for e in node.edges]
        return f" {operator} ".join(arguments) if len(arguments) > 1 else operator + arguments[0]
    return f"{node.function}({', '.join(_mark(e) + argument(e) for e in node.edges)})"


def _mark(edge: Edge) -> str:
    if edge.kind == PLAIN or edge.gate_parameter:
        return ""
    return "@." if edge.kind == ELEMENTWISE else "@"
