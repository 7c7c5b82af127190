"""The output that a rule makes, from the nodes alone."""

from __future__ import annotations

import pytest

from fenas_lang.source import SourceFile
from fenas_lang.spaces.model import ALL, LAST, LOOSE
from fenas_lang.spaces.outputs import loose_ends, rule_output
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax.ast import Node
from fenas_lang.syntax.formatter import format_expression
from fenas_lang.syntax.parser import parse

FORKED = "n1 = tanh(@x, @h); n2 = n1 * h; n3 = n1 - x"
CHAIN = "n1 = tanh(@x, @h); n2 = n1 * h; n3 = n2 - x"


def nodes_of(text: str) -> tuple[Node, ...]:
    return parse(SourceFile(f"cell C(x, h) -> n3 {{ {text} }}"))[0].cells[0].nodes


@pytest.mark.parametrize(
    "name, rule, text, output, mean",
    [
        ("fenas", LAST, FORKED, "n3", None),
        ("fenas", LOOSE, FORKED, "out", "mean(n2, n3)"),
        ("fenas", LOOSE, CHAIN, "n3", None),
        ("enas", LOOSE, FORKED, "out", "mean(n2, n3)"),
        ("enas", ALL, CHAIN, "out", "mean(n2, n3)"),
        ("fenas", ALL, CHAIN, "out", "mean(n1, n2, n3)"),
        ("enas", ALL, "n1 = first(x, h); n2 = tanh_skip(n1)", "n2", None),
    ],
)
def test_rules(name: str, rule: str, text: str, output: str, mean: str | None) -> None:
    nodes = nodes_of(text)
    whole, first = rule_output(load_space(name), rule, nodes, name="out")
    assert first == output
    added = [format_expression(node.value) for node in whole[len(nodes) :]]
    assert added == ([mean] if mean else [])


def test_loose_ends_are_in_order() -> None:
    assert loose_ends(nodes_of("b = x + h; a = tanh(@b); c = a + a; n3 = relu(@(a*b))")) == (
        "c",
        "n3",
    )
