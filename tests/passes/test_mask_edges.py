"""`mask_edges` multiplies the operands of matrices, one mask a source, and touches nothing else."""

from __future__ import annotations

import pytest

from fenas_lang.check.loader import loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.passes.mask_edges import KINDS, mask_edges, mask_of, masked_source

SOURCE = """
cell C in open (x, h, c) -> (n, m) {
    a = tanh(@x, @x, @h)
    b = sigmoid(@a, @.c, h)
    n = relu_skip(a, c)
    m = n - b
}
"""


@pytest.fixture
def graph() -> Graph:
    return expand(lower(loads(SOURCE)))


def masks(graph: Graph) -> dict[str, list[str]]:
    """Of every mask: the edges whose operand it multiplies."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        for operand in node.operands:
            for leaf in graph.nodes[operand].operands if graph.nodes[operand].op == "mul" else ():
                source = masked_source(str(graph.nodes[leaf].attribute))
                if source is not None:
                    assert node.op == "linear"
                    found.setdefault(source, []).append(str(node.attribute))
    return found


def test_one_mask_serves_every_edge_from_a_source(graph: Graph) -> None:
    assert masks(mask_edges(graph, KINDS)) == {
        "x": ["a.x", "a.x.2"],
        "h": ["a.h"],
        "a": ["b.a", "n.gate.a", "n.a"],
        "c": ["n.gate.c", "n.c"],
    }


@pytest.mark.parametrize(
    ("kind", "sources"), [("x", {"x"}), ("h", {"h", "c"}), ("edges", {"a"})], ids=KINDS
)
def test_kinds_of_sources(graph: Graph, kind: str, sources: set[str]) -> None:
    assert masks(mask_edges(graph, [kind])).keys() == sources


def test_no_kind_is_no_change(graph: Graph) -> None:
    assert mask_edges(graph, []) == graph


def test_what_is_no_edge_reads_the_unmasked_value(graph: Graph) -> None:
    masked = mask_edges(graph, KINDS)
    index = dict(masked.values)
    assert masked.nodes[index["m"]].operands == (index["n"], index["b"])
    assert masked.parameters == graph.parameters


def test_a_mask_is_no_name_of_a_parameter() -> None:
    assert masked_source(mask_of("x")) == "x"
    assert masked_source("mask.x") is None
