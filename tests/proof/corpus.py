"""Twins and mutants of sampled cells, and verdicts evaluated in numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from rewriting import edited, graph_of, renamed, rewritten, terms_of

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.primitives import Term
from fenas_lang.proof.substitution import Applied, Factor, Substitution, Value, VectorValue
from fenas_lang.proof.verdicts import Finding
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample

SPACES = ("fenas", "enas", "darts", "nas_bench_nlp", "open")
MOST_TERMS = 3000
SIZE = 3


def originals(seed: int, count: int, most_nodes: int = 8) -> Iterator[Graph]:
    """Graphs of sampled cells of all spaces in turn, not too large to write as trees."""
    rng, made = random.Random(seed), 0
    spaces = [load_space(name) for name in SPACES]
    while made < count:
        space = spaces[made % len(spaces)]
        graph = expand(lower(sample(space, rng=rng, nodes=rng.randint(3, most_nodes))))
        if sum(map(_size, terms_of(graph))) < MOST_TERMS:
            made += 1
            yield graph


def _size(tree: Term) -> int:
    return 1 + sum(map(_size, tree.operands))


def twin(graph: Graph, rng: random.Random, flips: bool) -> Graph:
    """The same cell, rewritten and renamed; with `flips`, some parameters negated."""
    names = [p.name for p in graph.parameters]
    flipped = {n for n in names if flips and rng.random() < 0.3}
    trees = tuple(rewritten(_flipped(tree, flipped), rng) for tree in terms_of(graph))
    shuffled = rng.sample(range(len(names)), len(names))
    new = {name: f"p{k}" for name, k in zip(names, shuffled, strict=True)}
    return renamed(graph_of(trees, graph), new)


def _flipped(tree: Term, names: set[str]) -> Term:
    inner = replace(tree, operands=tuple(_flipped(t, names) for t in tree.operands))
    parametric = tree.op in ("param", "linear", "elementwise_weight")
    return -inner if parametric and tree.attribute in names else inner


def mutants(seed: int, count: int) -> Iterator[tuple[Graph, Graph]]:
    """Cells and single edits of them."""
    rng = random.Random(seed)
    for graph in originals(seed, 10 * count):
        mutant = edited(graph, rng)
        if mutant is not None:
            yield graph, renamed(mutant, {p.name: f"m.{p.name}" for p in graph.parameters})
            count -= 1
        if not count:
            return


def holds(one: Graph, two: Graph, finding: Finding, seed: int = 0) -> bool:
    """Whether the values of a positive finding make the cells agree at random points."""
    directions = ((one, two, finding.values), (two, one, finding.back))
    return all(_agree(a, b, values, seed) for a, b, values in directions if values is not None)


def _agree(general: Graph, special: Graph, values: Substitution, seed: int) -> bool:
    generator = np.random.default_rng(seed)
    parameters = random_parameters(special, SIZE, SIZE, generator)
    others = {name: number(value, parameters) for name, value in values.items()}
    x, *states = 1.5 * generator.standard_normal((1 + len(special.states), 5, SIZE))
    pairs = zip(
        interpret(general, x, states, others),
        interpret(special, x, states, parameters),
        strict=True,
    )
    return all(np.allclose(a, b, rtol=1e-8, atol=1e-8, equal_nan=True) for a, b in pairs)


def number(value: Value, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    """A value for given parameters of the other cell."""
    if isinstance(value, VectorValue):
        total = np.zeros(SIZE)
        for coefficient, factors in value.terms:
            total += float(coefficient) * _product(factors, parameters)
        return total
    matrix = np.zeros((SIZE, SIZE))
    for coefficient, names in value.terms:
        term = np.eye(SIZE)
        for name in names:
            term = term @ parameters[name]
        matrix += float(coefficient) * term
    return matrix


def _product(factors: tuple[Factor, ...], parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    result = np.ones(SIZE)
    for factor in factors:
        if isinstance(factor, Applied):
            result = result * (parameters[factor.matrix] @ _product(factor.operand, parameters))
        else:
            result = result * parameters[factor]
    return result
