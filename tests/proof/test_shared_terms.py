"""The graph that ring keys are made of: as exact as one vertex a term, and much smaller."""

from __future__ import annotations

import random

import pytest

from fenas_lang.check.loader import load, loads
from fenas_lang.ir.graph import Graph
from fenas_lang.ir.labelling import canonical_digest
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.renaming import TermGraph, canonical_form, order_of, shapes_of, unnamed_form
from fenas_lang.proof.ring_key import NO_RING_KEY, ring_key
from fenas_lang.proof.shared_terms import SharedTerms
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

GOLDEN = {
    "LSTM": "ring1:c51ea320caf0e1e726b43b14cc5d3d7a",
    "GRU": "ring1:f3e18193e94265ec40fc575e562de54d",
    "ENAS": "ring1:7a4821c167dd25db62739bd46e5d876f",
    "SRU": "ring1:d06c4eca8e34aa000524c2ab5e004c3c",
}
"""A change of these makes every stored key worthless: give it a new version in that case."""


@pytest.mark.parametrize("name", GOLDEN)
def test_a_key_stays_what_it_is(name: str) -> None:
    assert ring_key(expand(lower(load(name)))) == GOLDEN[name]


def unshared(graph: Graph) -> str:
    terms = TermGraph(unnamed_form(graph))
    return canonical_digest(terms.labels, terms.operands, order_of(terms))


def test_sharing_keeps_apart_and_merges_the_same_cells() -> None:
    """Small cells, of which many are the same."""
    rng = random.Random(4)
    graphs = []
    for name, nodes in (("fenas", 3), ("enas", 4), ("nas_bench_nlp", 4), ("open", 2)):
        space = load_space(name)
        graphs += [
            expand(lower(sample(space, rng=rng, nodes=rng.randint(2, nodes)))) for _ in range(100)
        ]
    shared = [canonical_form(graph).digest for graph in graphs]
    plain = [unshared(graph) for graph in graphs]
    pairs = set(zip(shared, plain, strict=True))
    assert len(pairs) == len(set(shared)) == len(set(plain)) < len(graphs) - 50


def test_what_two_matrices_read_is_there_once() -> None:
    text = "a = tanh(@x, @h); b = a*h + x; c = tanh(@b); d = sigmoid(@b); y = c*d"
    form = unnamed_form(expand(lower(loads(f"cell C in open (x, h) -> y {{ {text} }}"))))
    terms = SharedTerms(form, shapes_of(form.graph))
    assert terms.graph.labels.count("linear") == 4
    assert len(terms.graph.labels) < len(TermGraph(form).labels)


def test_matrices_nested_deeply_have_a_key() -> None:
    nested = "; ".join(f"a{k} = identity(@{f'a{k - 1}' if k else 'x'})" for k in range(1200))
    for last in ("tanh(@a1199, @h)", "a1199 - h", "tanh(a1199, h) * sigmoid(a1199 - h)"):
        cell = loads(f"cell C in open (x, h) -> y without bias {{ {nested}; y = {last} }}")
        assert ring_key(expand(lower(cell))) != NO_RING_KEY
