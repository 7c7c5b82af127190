"""`latex`: the equations of a cell, as an `align*` of amsmath (KaTeX and MathJax read it too)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fenas_lang.emit.notation import Notation
from fenas_lang.emit.plain import comment_lines
from fenas_lang.emit.stages import Stages
from fenas_lang.emit.symbols import argument
from fenas_lang.functions import ACTIVATION, MEAN, SKIP
from fenas_lang.ir.graph import ELEMENTWISE, Dataflow, Edge, FlatNode

FUNCTIONS = {
    "tanh": (r"\tanh(", ")"),
    "sigmoid": (r"\sigma(", ")"),
    "relu": (r"\operatorname{ReLU}(", ")"),
    "identity": ("", ""),
    "leaky_relu": (r"\operatorname{LeakyReLU}(", ")"),
    "silu": (r"\operatorname{SiLU}(", ")"),
    "gelu": (r"\operatorname{GELU}(", ")"),
    "elu": (r"\operatorname{ELU}(", ")"),
    "exp": (r"\exp(", ")"),
    "sin": (r"\sin(", ")"),
    "cos": (r"\cos(", ")"),
    "abs": (r"\lvert ", r" \rvert"),
    "square": ("(", ")^2"),
}
"""What stands before and after an activation's argument; others get their name as an operator."""

RING, DOT = r"\odot", r"\cdot"
"""The product of two vectors, and of a number and a vector."""


def emit(stages: Stages) -> str:
    """One equation a live node; documentation and what was left out are LaTeX comments."""
    flow = stages.dataflow
    comments = comment_lines(stages.cell, "%")
    if flow.dead:
        comments.append(f"% Dead nodes, left out: {', '.join(node.name for node in flow.dead)}.")
    return "\n".join([*comments, r"\begin{align*}", *_joined(equations(flow)), r"\end{align*}", ""])


def _joined(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [rf"  {left} &= {right} \\" for left, right in rows[:-1]] + [
        f"  {left} &= {right}" for left, right in rows[-1:]
    ]


def equations(flow: Dataflow) -> list[tuple[str, str]]:
    """Left and right sides, in order of evaluation; last the outputs that are no node's own."""
    notation = Notation.of(flow)
    rows = [row for node in flow.live for row in _node(node, notation)]
    rows += [(state, notation.value(name)) for state, name in notation.renamed_outputs]
    return rows


def _node(node: FlatNode, notation: Notation) -> Iterator[tuple[str, str]]:
    left = notation.value(node.name)
    values = [_value(edge, notation) for edge in node.edges]
    match node.definition.kind:
        case kind if kind == SKIP:
            yield from _skip(node, notation)
        case kind if kind == ACTIVATION:
            yield left, _activation(node.function, _pre_activation(node, notation))
        case kind if kind == MEAN:
            yield left, _mean(values)
        case _:
            yield left, _atomic(node, values)


def _skip(node: FlatNode, notation: Notation) -> Iterator[tuple[str, str]]:
    """Pasunuru & Bansal 2020, section 3.1: the candidate, the gate, and their mixture."""
    name = notation.symbols[node.name]
    candidate, gate = name.hat, rf"c_{{{name.bare},t}}"
    pre_gate = _pre_activation(node, notation, gate=True)
    plain = [_value(e, notation) for e in node.edges if e.source is not None] or ["0"]
    whole = plain[0] if len(plain) == 1 else f"({_sum(plain)})"
    function = node.function.removesuffix("_skip")
    yield candidate, _activation(function, _pre_activation(node, notation))
    yield gate, _activation("sigmoid", pre_gate)
    mixture = f"(1 - {gate}) {RING} {whole} + {gate} {RING} {candidate}"
    yield notation.value(node.name), mixture


def _pre_activation(node: FlatNode, notation: Notation, gate: bool = False) -> str:
    terms = [_term(node, edge, notation, gate) for edge in node.edges if edge.source is not None]
    bias = node.gate_bias if gate else node.bias
    if bias is not None:
        terms.append(notation.bias("v" if gate else "b", node))
    return _sum(terms or ["0"])


def _term(node: FlatNode, edge: Edge, notation: Notation, gate: bool) -> str:
    name = edge.gate_parameter if gate else edge.parameter
    if name is None:
        return _value(edge, notation)
    letter = "V" if gate else "w" if edge.kind == ELEMENTWISE else "W"
    weight = notation.weight(letter, node, edge, name)
    times = f" {RING} " if edge.kind == ELEMENTWISE else " "
    return f"{weight}{times}{_value(edge, notation)}"


def _value(edge: Edge, notation: Notation) -> str:
    if isinstance(edge.source, str):
        return notation.value(edge.source)
    return "0" if edge.source is None else argument(edge)


def _activation(function: str, inner: str) -> str:
    operator = function.replace("_", r"\_")
    before, after = FUNCTIONS.get(function, (rf"\operatorname{{{operator}}}(", ")"))
    return before + inner + after


def _sum(terms: Sequence[str]) -> str:
    first, *rest = terms
    return first + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in rest)


def _mean(values: Sequence[str]) -> str:
    if len(values) == 1:
        return values[0]
    return rf"\tfrac{{1}}{{{len(values)}}} ({_sum(values)})"


def _signed(value: str) -> str:
    return f"({value})" if value.startswith("-") else value


def _atomic(node: FlatNode, values: Sequence[str]) -> str:
    first, last = values[0], _signed(values[-1])
    match node.function:
        case "add":
            return _sum(values)
        case "sub":
            return f"{first} - {last}"
        case "neg":
            return f"-{last}"
    scaled = any(not isinstance(edge.source, str) for edge in node.edges)
    return f"{first} {DOT if scaled else RING} {last}"
