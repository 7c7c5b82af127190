"""A `Graph` as readable text, one primitive a line: `%7 = tanh %6`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction

from fenas_lang.ir.graph import HIDDEN_SIZE, INPUT_SIZE, Graph, Node
from fenas_lang.primitives import PRIMITIVES, Attribute


def graph_text(graph: Graph) -> str:
    """The dump of a graph: its inputs and parameters with their shapes, then every primitive.

    Behind a `#` stands the node of the cell whose value a primitive holds.
    """
    return "\n".join([f"graph {graph.name} {{", *_declarations(graph), *_body(graph), "}"]) + "\n"


def number_text(value: Fraction) -> str:
    """An exact decimal without trailing zeros; a fraction `p/q` where there is no such decimal."""
    places = _decimal_places(value.denominator)
    if places is None:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


def _decimal_places(denominator: int) -> int | None:
    """How many decimals 1/denominator has, or None for endlessly many."""
    powers, rest = [], denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        powers.append(count)
    return max(powers) if rest == 1 else None


def _declarations(graph: Graph) -> Iterator[str]:
    yield f"  input {graph.input}: [{INPUT_SIZE}]"
    yield from (f"  state {state}: [{HIDDEN_SIZE}]" for state in graph.states)
    yield from (f"  param {p.name}: [{', '.join(p.shape)}]" for p in graph.parameters)


def _body(graph: Graph) -> Iterator[str]:
    names: defaultdict[int, list[str]] = defaultdict(list)
    for name, index in graph.values:
        if PRIMITIVES[graph.nodes[index].op].arity:
            names[index].append(name)
    width = len(f"%{len(graph.nodes) - 1}")
    lines = [f"  {f'%{k}':>{width}} = {_primitive(node)}" for k, node in enumerate(graph.nodes)]
    column = max(map(len, lines)) + 2
    for k, line in enumerate(lines):
        yield f"{line:<{column}}# {', '.join(names[k])}" if names[k] else line
    yield f"  return {', '.join(f'%{k}' for k in graph.outputs)}"


def _primitive(node: Node) -> str:
    attribute = [] if node.attribute is None else [_attribute(node.attribute)]
    return " ".join([node.op, *attribute, *(f"%{k}" for k in node.operands)])


def _attribute(attribute: Attribute) -> str:
    return number_text(attribute) if isinstance(attribute, Fraction) else str(attribute)
