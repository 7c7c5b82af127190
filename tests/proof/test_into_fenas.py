"""ENAS and DARTS in FENAS: translations are proved, and have the numbers of nodes in the docs."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import combinations_with_replacement, product
from pathlib import Path

import pytest

import fenas_lang as fen
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.certificate import certificate, verify
from fenas_lang.proof.into_fenas import into_fenas
from fenas_lang.proof.refutation import refute
from fenas_lang.proof.relate import relate
from fenas_lang.proof.verdicts import Kind
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

CERTIFICATES = Path(__file__).parent / "certificates"
NODES = {
    "ENAS": (17, 14),
    "ENAS_loose_ends": (13, 10),
    "ENAS_original": (16, 13),
    "DARTS_V1": (18, 15),
    "DARTS_V2": (18, 15),
}


@pytest.mark.parametrize("square", [False, True])
@pytest.mark.parametrize("name", NODES)
def test_a_published_cell_is_contained(name: str, square: bool) -> None:
    original = fen.load(name)
    made = into_fenas(original, square)
    assert made.nodes == NODES[name][square]
    document = certificate(made.finding(original), str(made.cell), str(original))
    file = CERTIFICATES / f"{made.cell.name}{'_D_is_H' if square else ''}.json"
    assert json.loads(file.read_text("utf-8")) == json.loads(json.dumps(document))
    assert verify(document) == "Contains"
    biases = [value for name, value in made.values.items() if name.endswith("bias")]
    assert biases and not any(value.terms for value in biases)


@pytest.mark.parametrize("space", ["enas", "darts"])
def test_every_cell_of_the_space_is_contained(space: str) -> None:
    rng = random.Random(1)
    for k in range(8):
        output = "loose" if space == "enas" and k % 2 else "all"
        original = sample(load_space(space), rng=rng, nodes=rng.randint(2, 6), output=output)
        assert into_fenas(original, square=k % 3 == 0).finding(original).kind == "Contains"


def test_other_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="no node of ENAS or DARTS"):
        into_fenas(fen.load("GRU"))


GATED_IDENTITY = "g = sigmoid(@h); i = identity(@h); y = h + g*(i - h)"


def graph(body: str, output: str, space: str) -> Graph:
    bias = " without bias" if space == "open" else ""
    return expand(lower(fen.loads(f"cell C in {space} (x, h) -> {output}{bias} {{ {body} }}")))


def nodes_over(sources: list[str]) -> Iterator[str]:
    """All nodes of FENAS that read the last of the sources."""
    for op, (a, b) in product("+-*", product(sources, repeat=2)):
        if sources[-1] in (a, b) and (op == "-" or sources.index(a) <= sources.index(b)):
            yield f"{a} {op} {b}"
    pairs = combinations_with_replacement(sources, 2)
    for parents in (*((source,) for source in sources), *pairs):
        if sources[-1] in parents:
            weighted = [f"@{parent}" for parent in parents]
            for name in ("tanh", "relu", "identity", "sigmoid"):
                yield f"{name}({', '.join(parents)})"
                yield f"{name}({', '.join(weighted)})"
            for name in ("tanh", "relu", "sigmoid"):
                yield f"{name}_skip({', '.join(parents)})"


def test_one_node_is_no_gated_identity() -> None:
    target = graph(GATED_IDENTITY, "y", "open")
    nodes = list(nodes_over(["h"]))
    assert len(nodes) == 25
    assert all(refute(target, graph(f"a = {node}", "a", "fenas")) for node in nodes)


@pytest.mark.slow
def test_two_nodes_were_not_found_to_be_a_gated_identity() -> None:
    target = graph(GATED_IDENTITY, "y", "open")
    bodies = [
        f"a = {one}; b = {two}" for one in nodes_over(["h"]) for two in nodes_over(["h", "a"])
    ]
    made = [graph(body, "b", "fenas") for body in bodies]
    left = [cell for cell in made if refute(target, cell) is None]
    assert (len(made), len(left)) == (1000, 67)
    assert all(relate(cell, target).kind not in (Kind.CONTAINS, Kind.EQUAL) for cell in left)
