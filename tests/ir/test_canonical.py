"""The canonical key: the same for the same live graph, different for any other."""

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networkx.algorithms.isomorphism import categorical_edge_match, categorical_node_match
from strategies import cells_of_any_space

from fenas_lang.check.loader import load, loads, shipped_cells
from fenas_lang.diagnostics import FenError
from fenas_lang.functions import ACTIVATION, FUNCTIONS, SKIP
from fenas_lang.ir.canonical import canonical_key, canonical_names
from fenas_lang.ir.graph import PLAIN, WEIGHTED, Dataflow, Edge, FlatNode
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower

GOLDEN = {
    "LSTM": "fen1:1d7142c85a8c02d7c4149984d3d051e6",
    "GRU": "fen1:b6328a87f1a5f733c09e721d634de714",
    "ENAS": "fen1:6d0467f1f0861eb6fa5cc6ecdca82418",
}
"""A change of these makes every stored key worthless: give it a new version in that case."""


def key(text: str, header: str = "cell C in open(x, h, c) -> (n, m)") -> str:
    return canonical_key(lower(loads(f"{header} {{\n{text}\n}}")))


def one_state(text: str) -> str:
    return key(text, "cell C in open(x, h) -> n")


def shuffled(flow: Dataflow, rng: random.Random) -> Dataflow:
    """The same cell with new names, in another order, and with operands changed about."""
    numbers = rng.sample(range(len(flow.nodes)), len(flow.nodes))
    names = {node.name: f"v{k}" for node, k in zip(flow.nodes, numbers, strict=True)}
    waiting, order = list(flow.nodes), []
    while waiting:
        defined = {node.name for node in order} | {flow.input, *flow.states}
        chosen = rng.choice([node for node in waiting if set(node.sources) <= defined])
        waiting.remove(chosen)
        order.append(chosen)
    nodes = []
    for node in order:
        edges = [replace(e, source=names.get(e.source, e.source)) for e in node.edges]
        if node.definition.commutative:
            rng.shuffle(edges)
        nodes.append(replace(node, name=names[node.name], edges=tuple(edges)))
    outputs = tuple(names.get(name, name) for name in flow.outputs)
    return replace(flow, name="Other", nodes=tuple(nodes), outputs=outputs)


NODES = (
    ("add", PLAIN),
    ("sub", PLAIN),
    ("tanh", PLAIN),
    ("tanh", WEIGHTED),
    ("tanh_skip", WEIGHTED),
)


def random_cell(rng: random.Random) -> Dataflow:
    """A small cell over few functions, so that many of them are isomorphic."""
    sources: list[str] = ["x", "h"]
    nodes = []
    for number in range(rng.randint(2, 4)):
        function, kind = rng.choice(NODES)
        definition = FUNCTIONS[function]
        arity = 2 if definition.min_arity == 2 else rng.randint(1, 2)
        edges = [Edge(rng.choice(sources), kind) for _ in range(arity)]
        if definition.kind in (ACTIVATION, SKIP) and rng.random() < 0.2:
            edges.append(Edge(None))
        biased = "b" if kind == WEIGHTED else None
        gate = biased if definition.kind == SKIP else None
        nodes.append(FlatNode(f"n{number}", function, tuple(edges), biased, gate))
        sources.append(f"n{number}")
    return Dataflow("C", "x", ("h",), (nodes[-1].name,), True, tuple(nodes))


def picture(flow: Dataflow) -> nx.DiGraph:
    """A cell as a labelled graph, for a brute-force test of isomorphism."""
    graph = nx.DiGraph()
    for place, name in enumerate((flow.input, *flow.states)):
        graph.add_node(name, label=("leaf", place, name in flow.outputs))
    for node in flow.live:
        graph.add_node(node.name, label=(node.function, node.bias, node.name in flow.outputs))
        for source in set(node.sources):
            roles = [
                (edge.kind, node.function == "sub" and place)
                for place, edge in enumerate(node.edges)
                if edge.source == source
            ]
            graph.add_edge(source, node.name, roles=tuple(sorted(roles)))
    return graph


def isomorphic(one: Dataflow, two: Dataflow) -> bool:
    labels, roles = categorical_node_match("label", None), categorical_edge_match("roles", None)
    return nx.is_isomorphic(picture(one), picture(two), node_match=labels, edge_match=roles)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_keys(name):
    assert canonical_key(lower(load(name))) == GOLDEN[name]


@pytest.mark.parametrize("name", shipped_cells())
def test_names_order_and_commuted_operands_do_not_count(name):
    flow = lower(load(name))
    rng = random.Random(name)
    for _ in range(5):
        assert canonical_key(shuffled(flow, rng)) == canonical_key(flow)


@given(cells_of_any_space(), st.randoms(use_true_random=False))
def test_sampled_cells_keep_their_key_and_their_meaning(cell, rng):
    flow = lower(cell)
    other = shuffled(flow, rng)
    assert canonical_key(other) == canonical_key(flow)
    graph, other_graph = expand(flow), expand(other)
    numbers = np.random.default_rng(0)
    values = random_parameters(graph, 3, 3, numbers)
    x, states = numbers.normal(size=3), [numbers.normal(size=3) for _ in flow.states]
    one, two = (interpret(g, x, states, values) for g in (graph, other_graph))
    np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def test_keys_of_random_cells_are_equal_exactly_for_isomorphic_ones():
    rng = random.Random(5)
    cells = [random_cell(rng) for _ in range(300)]
    keys = [canonical_key(cell) for cell in cells]
    for (one, first), (two, second) in itertools.combinations(zip(cells, keys, strict=True), 2):
        if len(one.live) == len(two.live):
            assert isomorphic(one, two) == (first == second), (one, two)
    assert 50 < len(set(keys)) < 270


SAME = [
    ("n = tanh(@x, @h)", "n = tanh(@h, @x)"),
    ("n = x + h", "n = add(h, x)"),
    ("n = tanh(x, @h, @.x)", "n = tanh(@.x, x, @h)"),
    ("n = mean(x, h, x)", "n = mean(x, x, h)"),
    ("n = tanh(@x, zero)", "n = tanh(@x)"),
    ("n = tanh(zero, x)", "n = tanh(x)"),
    ("n = tanh_skip(x, zero)", "n = tanh_skip(x)"),
    ("a = x * h\nn = tanh(a)", "dead = tanh(@x)\nn = tanh(x * h)"),
    ("n = 0.5 * x", "n = x * 0.50"),
    ("a = tanh(@x)\nb = relu(@x)\nn = a + b", "b = relu(@x)\na = tanh(@x)\nn = b + a"),
    ("f = tanh(x)\nn = f * h", "g = tanh(x)\nn = h * g"),
]

DIFFERENT = [
    ("n = tanh(@x, @h)", "n = tanh(@x)"),
    ("n = tanh(@x)", "n = tanh(x)"),
    ("n = relu(@.x)", "n = relu(@x)"),
    ("n = tanh(@x, h)", "n = tanh(x, @h)"),
    ("n = tanh(@x, @x)", "n = tanh(@x)"),
    ("n = x - h", "n = h - x"),
    ("n = x - h", "n = x + h"),
    ("n = x + zero", "n = identity(x)"),
    ("n = mean(x, zero)", "n = mean(x)"),
    ("n = mean(x, h)", "n = mean(x, x, h)"),
    ("n = identity(tanh(x))", "n = tanh(x)"),
    ("n = tanh_skip(x)", "n = relu_skip(x)"),
    ("n = 0.5 * x", "n = 0.25 * x"),
    ("n = 1 - x", "n = x - 1"),
    ("n = -x", "n = 0 - x"),
    ("a = tanh(@x)\nn = a * a", "a = tanh(@x)\nb = tanh(@x)\nn = a * b"),
    ("a = tanh(x)\nn = a * a", "a = tanh(x)\nb = tanh(x)\nn = a * b"),
    ("n = (x + h) + x", "n = (x + x) + h"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_one_cell_written_in_two_ways(one, two):
    assert one_state(one) == one_state(two)


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_two_cells(one, two):
    assert one_state(one) != one_state(two)


def test_states_and_outputs_count_by_position():
    body = "n = tanh(h)\nm = relu(c)"
    swapped = key(body, "cell C in open(x, h, c) -> (m, n)")
    exchanged = key("n = tanh(c)\nm = relu(h)")
    both = key("n = tanh(c)\nm = relu(h)", "cell C in open(x, h, c) -> (m, n)")
    assert len({key(body), swapped, exchanged, both}) == 4
    renamed = key("p = tanh(s)\nq = relu(t)", "cell D in open(i, s, t) -> (p, q)")
    assert renamed == key(body)


def test_input_and_states_may_be_outputs_and_unread():
    passed = key("n = tanh(h)", "cell C in open(x, h, c) -> (n, c)")
    crossed = key("n = tanh(h)", "cell C in open(x, h, c) -> (n, h)")
    repeated = key("n = tanh(h)", "cell C in open(x, h, c) -> (n, n)")
    alone = key("n = tanh(h)", "cell C in open(x, h) -> n")
    assert len({passed, crossed, repeated, alone}) == 4


def test_a_bias_counts_only_where_a_node_has_one():
    plain, weighted = "n = tanh(x, h)", "n = tanh(@x, @h)"
    without = "cell C in open(x, h) -> n without bias"
    assert one_state(plain) == key(plain, without)
    assert one_state(weighted) != key(weighted, without)


def test_the_space_does_not_count():
    body = "n = tanh(@x, @h)"
    assert key(body, "cell C(x, h) -> n") == one_state(body)


def test_an_edit_of_one_edge_or_function_changes_the_key():
    flow = lower(load("LSTM"))
    edited = [
        replace(flow, nodes=(*flow.nodes[:number], changed, *flow.nodes[number + 1 :]))
        for number, node in enumerate(flow.nodes)
        for changed in _edits(node, ("x", *flow.states, *(n.name for n in flow.nodes[:number])))
    ]
    assert len(edited) > 50
    for other in edited:
        assert not isomorphic(other, flow)
        assert canonical_key(other) != canonical_key(flow)


def _edits(node: FlatNode, sources: Sequence[str]):
    for place, edge in enumerate(node.edges):
        for source in sources:
            if source != edge.source:
                edges = list(node.edges)
                edges[place] = replace(edge, source=source)
                yield replace(node, edges=tuple(edges))
    for function in ("tanh", "relu") if node.definition.kind == ACTIVATION else ("add", "mul"):
        if function != node.function:
            yield replace(node, function=function)


def test_names_correspond_for_equal_keys():
    flow = lower(load("NASCell"))
    other = shuffled(flow, random.Random(1))
    image = dict(zip(canonical_names(flow), canonical_names(other), strict=True))
    assert [image[name] for name in ("x", *flow.states)] == ["x", *flow.states]
    for node in flow.live:
        partner = other.by_name[image[node.name]]
        assert partner.function == node.function
        assert sorted(image[s] for s in node.sources) == sorted(partner.sources)


def test_large_cells_are_quick():
    many = "\n".join(f"a{k} = tanh(@x)" for k in range(60))
    same = "\n".join(f"b{k} = tanh(@x)" for k in reversed(range(60)))
    assert one_state(f"{many}\nn = mean({', '.join(f'a{k}' for k in range(60))})") == one_state(
        f"{same}\nn = mean({', '.join(f'b{k}' for k in range(60))})"
    )
    keys = set()
    for prefix in "ab":
        names = ["x", *(f"{prefix}{k}" for k in range(4000))]
        nodes = [FlatNode(n, "tanh", (Edge(p, WEIGHTED, "w"),)) for p, n in pairwise(names)]
        flow = Dataflow("C", "x", ("h",), (names[-1],), False, tuple(nodes))
        keys.add(canonical_key(flow))
    assert len(keys) == 1


def test_a_graph_past_the_bound_has_no_key(monkeypatch):
    monkeypatch.setattr("fenas_lang.ir.refinement.MAX_WORK", 100)
    ring = "\n".join(f"a{k} = tanh(@x)" for k in range(9))
    pairs = ", ".join(f"a{k} * a{(k + 1) % 9}" for k in range(9))
    with pytest.raises(FenError, match="FEN259"):
        one_state(f"{ring}\nn = mean({pairs})")


def test_a_key_is_the_same_in_another_process():
    program = (
        "from fenas_lang.check.loader import load;"
        "from fenas_lang.ir.lower import lower;"
        "from fenas_lang.ir.canonical import canonical_key;"
        "print(canonical_key(lower(load('ENAS'))))"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        result = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True
        )
        assert result.stdout.strip() == GOLDEN["ENAS"], result.stderr
