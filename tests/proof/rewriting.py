"""Random rewritings of graphs that never change what they compute, and edits that may."""

from __future__ import annotations

import random
from dataclasses import replace

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.primitives import Term


def terms_of(graph: Graph) -> tuple[Term, ...]:
    """The outputs as trees."""
    trees: list[Term] = []
    for node in graph.nodes:
        trees.append(Term(node.op, tuple(trees[k] for k in node.operands), node.attribute))
    return tuple(trees[k] for k in graph.outputs)


def graph_of(terms: tuple[Term, ...], like: Graph) -> Graph:
    """Trees as a graph with the signature of another."""
    nodes: list[Node] = []
    known: dict[Node, int] = {}

    def place(tree: Term) -> int:
        node = Node(tree.op, tuple(map(place, tree.operands)), tree.attribute)
        if node not in known:
            known[node] = len(nodes)
            nodes.append(node)
        return known[node]

    outputs = tuple(map(place, terms))
    return replace(like, nodes=tuple(nodes), outputs=outputs, values=())


def _rewritings(tree: Term) -> list[Term]:
    """The tree by one law at its root; the input stays bare under its matrix, as D may not be H."""
    if tree.op == "input":
        return [tree]
    found = [0 - (-tree), tree + 0, 1 * tree, tree + (tree - tree)]
    match tree:
        case Term("add" | "mul", (a, b)):
            found.append(Term(tree.op, (b, a)))
            if a.op == tree.op:
                found.append(Term(tree.op, (a.operands[0], Term(tree.op, (a.operands[1], b)))))
        case Term("sub", (a, b)):
            found += [a + -b, -(b - a)]
    match tree:
        case Term("mul", (a, Term("add" | "sub" as op, (b, c)))):
            found.append(Term(op, (a * b, a * c)))
        case Term("mul", (Term("add" | "sub" as op, (b, c)), a)):
            found.append(Term(op, (b * a, c * a)))
        case Term("tanh" | "sigmoid" | "relu", (a,)):
            found.append(tree + 0 * a)
        case Term("linear", (Term("add" | "sub" as op, (a, b)),)):
            found.append(Term(op, (_linear(tree, a), _linear(tree, b))))
        case Term("linear", (a,)) if a.op != "input":
            found.append(-_linear(tree, -a))
        case Term("elementwise_weight", (a,)):
            found.append(a * Term("param", (), tree.attribute))
    return found + _laws(tree)


def _laws(tree: Term) -> list[Term]:
    """By a law of the functions, or by factoring."""
    match tree:
        case Term("tanh", (a,)):
            return [-Term("tanh", (-a,)), 2 * Term("sigmoid", (2 * a,)) - 1]
        case Term("sigmoid", (a,)):
            return [1 - Term("sigmoid", (-a,))]
        case Term("add" | "sub" as op, (Term("mul", (a, b)), Term("mul", (c, d)))) if a == c:
            return [a * Term(op, (b, d))]
    return []


def _linear(tree: Term, operand: Term) -> Term:
    return Term("linear", (operand,), tree.attribute)


def rewritten(tree: Term, rng: random.Random, rate: float = 0.4) -> Term:
    """The tree with laws applied at random places."""
    inner = tuple(rewritten(operand, rng, rate) for operand in tree.operands)
    current = replace(tree, operands=inner)
    return rng.choice(_rewritings(current)) if rng.random() < rate else current


def renamed(graph: Graph, names: dict[str, str]) -> Graph:
    """The graph with other names for its parameters."""
    nodes = tuple(
        replace(node, attribute=names.get(str(node.attribute), node.attribute))
        if node.op in ("param", "linear", "elementwise_weight")
        else node
        for node in graph.nodes
    )
    shapes = tuple(replace(p, name=names.get(p.name, p.name)) for p in graph.parameters)
    return replace(graph, nodes=nodes, parameters=shapes)


OTHER = {
    "add": ("sub", "mul"),
    "sub": ("add", "mul"),
    "mul": ("add", "sub"),
    "tanh": ("sigmoid", "relu"),
    "sigmoid": ("tanh", "relu"),
    "relu": ("tanh", "sigmoid"),
}


def edited(graph: Graph, rng: random.Random) -> Graph | None:
    """The graph with one primitive replaced by another, if it has one to replace."""
    places = [k for k, node in enumerate(graph.nodes) if node.op in OTHER]
    if not places:
        return None
    place = rng.choice(places)
    node = graph.nodes[place]
    nodes = list(graph.nodes)
    nodes[place] = replace(node, op=rng.choice(OTHER[node.op]))
    return replace(graph, nodes=tuple(nodes))
