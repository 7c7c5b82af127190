"""Canonical labelling: equal digests exactly for isomorphic graphs, whatever their symmetry."""

import itertools
import random

import networkx as nx
import pytest
from networkx.algorithms.isomorphism import categorical_edge_match, categorical_node_match

from fenas_lang.diagnostics import FenError
from fenas_lang.ir import sweeps
from fenas_lang.ir.labelling import canonical_digest, canonical_order

Labelled = tuple[list[str], list[list[tuple[int, int]]]]


def labelled(graph: Labelled) -> sweeps.Labelled:
    """The same graph as sweeps take it: edges labelled 0 apart."""
    made = sweeps.Labelled()
    for label, edges in zip(*graph, strict=True):
        others = [(e, u) for e, u in edges if e]
        made.add(
            label, [u for e, u in edges if not e], [e for e, _ in others], [u for _, u in others]
        )
    return made


def swept_order(*graph) -> tuple[int, ...]:
    return labelled(graph).order()


@pytest.fixture(params=[canonical_order, swept_order], ids=["digests", "sweeps"])
def order_of(request):
    return request.param


@pytest.fixture
def digest(order_of):
    def digest(graph: Labelled) -> str:
        order = order_of(*graph)
        assert sorted(order) == list(range(len(graph[0])))
        return canonical_digest(*graph, order)

    return digest


def shuffled(graph: Labelled, rng: random.Random) -> Labelled:
    """The same graph in another topological order, operands in another order."""
    labels, operands = graph
    waiting = set(range(len(labels)))
    place: dict[int, int] = {}
    while waiting:
        ready = sorted(v for v in waiting if all(u in place for _, u in operands[v]))
        chosen = rng.choice(ready)
        waiting.remove(chosen)
        place[chosen] = len(place)
    order = sorted(place, key=place.__getitem__)
    mixed = [[(e, place[u]) for e, u in operands[v]] for v in order]
    for edges in mixed:
        rng.shuffle(edges)
    return [labels[v] for v in order], mixed


def random_graph(rng: random.Random) -> Labelled:
    """Few labels and few kinds of edges, so that many graphs are symmetric or isomorphic."""
    size = rng.randint(3, 6)
    labels = [rng.choice("ab") for _ in range(size)]
    operands = [
        [(rng.choice((0, 0, 1)), rng.randrange(v)) for _ in range(rng.randint(0, min(v, 2)))]
        for v in range(size)
    ]
    return labels, operands


def isomorphic(one: Labelled, two: Labelled) -> bool:
    graphs = []
    for labels, operands in (one, two):
        graph = nx.DiGraph()
        graph.add_nodes_from((k, {"label": label}) for k, label in enumerate(labels))
        for vertex, edges in enumerate(operands):
            for source in {u for _, u in edges}:
                kinds = tuple(sorted(e for e, u in edges if u == source))
                graph.add_edge(source, vertex, kinds=kinds)
        graphs.append(graph)
    nodes, edges = categorical_node_match("label", ""), categorical_edge_match("kinds", ())
    return nx.is_isomorphic(*graphs, node_match=nodes, edge_match=edges)


def encoded(graph: nx.Graph) -> Labelled:
    """An undirected graph: its vertices, and a reader of both ends for each edge."""
    place = {vertex: k for k, vertex in enumerate(graph)}
    ends = [[(0, place[a]), (0, place[b])] for a, b in graph.edges]
    return ["v"] * len(place) + ["e"] * len(ends), [*([] for _ in place), *ends]


def shrikhande() -> nx.Graph:
    """Strongly regular with the parameters of the 4 by 4 rook's graph, and not isomorphic to it."""
    steps = ((0, 1), (1, 0), (1, 1))
    return nx.Graph(
        ((i, j), ((i + a) % 4, (j + b) % 4))
        for i, j in itertools.product(range(4), repeat=2)
        for a, b in steps
    )


def cai_furer_immerman(base: nx.Graph, twisted: bool) -> nx.Graph:
    """Twisted and untwisted look the same to every refinement of bounded dimension."""
    graph = nx.Graph()
    for vertex in base:
        for size in range(0, base.degree(vertex) + 1, 2):
            for chosen in itertools.combinations(base[vertex], size):
                for other in base[vertex]:
                    graph.add_edge((vertex, chosen), (vertex, other, other in chosen))
    for number, (a, b) in enumerate(base.edges):
        crossed = twisted and number == 0
        for bit in (False, True):
            graph.add_edge((a, b, bit), (b, a, bit != crossed))
    return graph


def rook(size: int) -> nx.Graph:
    return nx.line_graph(nx.complete_bipartite_graph(size, size))


SYMMETRIC = {
    "one class of many": nx.empty_graph(60),
    "cycle": nx.cycle_graph(60),
    "two cycles": nx.disjoint_union(nx.cycle_graph(30), nx.cycle_graph(30)),
    "complete": nx.complete_graph(14),
    "complete bipartite": nx.complete_bipartite_graph(9, 9),
    "hypercube": nx.hypercube_graph(5),
    "petersen": nx.petersen_graph(),
    "many petersens": nx.disjoint_union_all([nx.petersen_graph()] * 12),
    "rook": rook(4),
    "shrikhande": shrikhande(),
    "tree": nx.balanced_tree(2, 6),
    "torus": nx.grid_2d_graph(8, 8, periodic=True),
    "regular": nx.random_regular_graph(3, 60, seed=1),
    "cfi": cai_furer_immerman(nx.petersen_graph(), False),
    "twisted cfi": cai_furer_immerman(nx.petersen_graph(), True),
}


def test_digests_are_equal_exactly_for_isomorphic_graphs(digest):
    rng = random.Random(0)
    graphs = [random_graph(rng) for _ in range(400)]
    digests = [digest(graph) for graph in graphs]
    equal = 0
    for (one, first), (two, second) in itertools.combinations(zip(graphs, digests, strict=True), 2):
        if sorted(one[0]) == sorted(two[0]):
            assert isomorphic(one, two) == (first == second), (one, two)
            equal += first == second
    assert equal > 100


@pytest.mark.parametrize("name", SYMMETRIC)
def test_a_symmetric_graph_has_one_digest(digest, name):
    graph = encoded(SYMMETRIC[name])
    rng = random.Random(name)
    assert len({digest(shuffled(graph, rng)) for _ in range(3)}) == 1


def test_different_symmetric_graphs_have_different_digests(digest):
    assert len({digest(encoded(graph)) for graph in SYMMETRIC.values()}) == len(SYMMETRIC)


def test_equal_digests_give_an_isomorphism(order_of):
    rng = random.Random(3)
    one = encoded(nx.petersen_graph())
    two = shuffled(one, rng)
    first, second = order_of(*one), order_of(*two)
    image = dict(zip(first, second, strict=True))
    for vertex, edges in enumerate(one[1]):
        assert sorted((e, image[u]) for e, u in edges) == sorted(two[1][image[vertex]])


def test_long_and_wide_graphs_are_quick(digest):
    size = 4000
    chain = ["a"] * size, [[], *([(0, v - 1)] for v in range(1, size))]
    two_chains = ["a"] * size, [[], [], *([(0, v - 2)] for v in range(2, size))]
    wide = ["a"] * size, [[] for _ in range(size)]
    assert len({digest(chain), digest(two_chains), digest(wide)}) == 3


def test_layers_that_read_all_or_all_but_one_of_the_layer_below(digest):
    size = 60
    for skipped in (None, 0, 1):
        layer = [
            [(0, v) for v in range(size) if skipped is None or v != (w + skipped) % size]
            for w in range(size)
        ]
        graph = ["a"] * (2 * size), [*([] for _ in range(size)), *layer]
        assert digest(graph) == digest(shuffled(graph, random.Random(0)))


def test_a_graph_past_the_bound_is_an_error_and_gets_no_digest(digest, monkeypatch):
    monkeypatch.setattr("fenas_lang.ir.refinement.MAX_WORK", 1000)
    with pytest.raises(FenError, match="FEN259"):
        digest(encoded(nx.hypercube_graph(5)))


def test_what_sweeps_leave_unsettled_is_refined(monkeypatch):
    rng = random.Random(5)
    graphs = [encoded(nx.random_regular_graph(3, 20, seed=k)) for k in range(4)]
    monkeypatch.setattr("fenas_lang.ir.sweeps.MAX_SWEEPS", 1)
    found = []
    for graph in graphs:
        twins = labelled(graph), labelled(shuffled(graph, rng))
        found.append({twin.digest(twin.order()) for twin in twins})
    assert all(len(digests) == 1 for digests in found)
    assert len(set.union(*found)) == len(graphs)
