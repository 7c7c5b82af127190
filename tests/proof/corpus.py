"""Twins and mutants of sampled cells, and verdicts evaluated in numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from rewriting import graph_of, renamed, rewritten, terms_of

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import interpret, random_parameters
from fenas_lang.ir.lower import expand, lower
from fenas_lang.primitives import Term
from fenas_lang.proof.substitution import (
    Applied,
    Diagonal,
    Factor,
    Substitution,
    Value,
    VectorValue,
)
from fenas_lang.proof.verdicts import Finding
from fenas_lang.registry import discover
from fenas_lang.search.mutation import FOLDER, mutate
from fenas_lang.spaces.choices import choices
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.nodes import build
from fenas_lang.spaces.outputs import RULES
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

SPACES = ("fenas", "enas", "darts", "nas_bench_nlp", "open")
MOST_TERMS = 3000
SIZE = 3


@dataclass(frozen=True)
class Original:
    """A sampled cell, its space, and the rule for its first output."""

    cell: Cell
    space: Space
    rule: str

    @property
    def graph(self) -> Graph:
        return expand(lower(self.cell))

    def with_dead_node(self, rng: random.Random) -> Cell:
        """With one more node that nothing reads, where the output rule leaves it dead."""
        if self.rule not in ("last", "any"):
            return self.cell
        position = rng.randrange(len(self.cell.nodes))
        sources = [self.cell.input, *self.cell.states]
        sources += [node.name for node in self.cell.nodes[:position]]
        drawn = choices(self.space, position + 1, len(self.cell.states)).draw(rng)
        nodes = list(self.cell.nodes)
        nodes.insert(position, build(drawn, "dead", sources))
        return replace(self.cell, nodes=tuple(nodes))


def originals(seed: int, count: int, most_nodes: int = 8) -> Iterator[Original]:
    """Sampled cells of all spaces in turn, not too large to write as trees."""
    rng, made = random.Random(seed), 0
    spaces = [load_space(name) for name in SPACES]
    while made < count:
        space = spaces[made % len(spaces)]
        rule = rng.choice([word for word, rule in RULES.items() if rule in space.output])
        cell = sample(space, rng=rng, nodes=rng.randint(3, most_nodes), output=rule)
        original = Original(cell, space, rule)
        if sum(map(_size, terms_of(original.graph))) < MOST_TERMS:
            made += 1
            yield original


def _size(tree: Term) -> int:
    return 1 + sum(map(_size, tree.operands))


def twin(original: Original, rng: random.Random, flips: bool) -> Graph:
    """The same cell, rewritten and renamed; with `flips`, some parameters negated.

    Negating all parameters of a gate makes `z` into `1 - z`.
    """
    graph = expand(lower(original.with_dead_node(rng)))
    names = [p.name for p in graph.parameters]
    flipped = _to_flip(names, rng) if flips else set()
    trees = tuple(rewritten(_flipped(tree, flipped), rng) for tree in terms_of(graph))
    shuffled = rng.sample(range(len(names)), len(names))
    new = {name: f"p{k}" for name, k in zip(names, shuffled, strict=True)}
    return renamed(graph_of(trees, graph), new)


def _to_flip(names: list[str], rng: random.Random) -> set[str]:
    """All parameters of some nodes, and some others."""
    nodes = {name: rng.random() < 0.2 for name in sorted({n.split(".")[0] for n in names})}
    return {n for n in names if nodes[n.split(".")[0]] or rng.random() < 0.2}


def _flipped(tree: Term, names: set[str]) -> Term:
    inner = replace(tree, operands=tuple(_flipped(t, names) for t in tree.operands))
    parametric = tree.op in ("param", "linear", "elementwise_weight")
    return -inner if parametric and tree.attribute in names else inner


MUTATIONS = tuple(discover(FOLDER))
"""The search's seven."""


def mutants(seed: int, count: int) -> Iterator[tuple[str, Original, Graph]]:
    """Cells, and single edits of them by one of the search's mutations, whose name comes first."""
    rng = random.Random(seed)
    for original in originals(seed, 10 * count):
        kind = rng.choice(MUTATIONS)
        made = mutate(original.cell, original.space, rng, RULES[original.rule], {kind: 1})
        if made is None:
            continue
        graph = expand(lower(made.cell))
        yield kind, original, renamed(graph, {p.name: f"m.{p.name}" for p in graph.parameters})
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


def number(value: Value, parameters: Mapping[str, np.ndarray], size: int = SIZE) -> np.ndarray:
    """A value for given parameters of the other cell, D and H being `size`."""
    if isinstance(value, VectorValue):
        total = np.zeros(size)
        for coefficient, factors in value.terms:
            total += float(coefficient) * _product(factors, parameters)
        return total
    matrix = np.zeros((size, size))
    for coefficient, names in value.terms:
        term = np.eye(size)
        for name in names:
            diagonal = isinstance(name, Diagonal)
            term = term @ (np.diag(parameters[name.vector]) if diagonal else parameters[name])
        matrix += float(coefficient) * term
    return matrix


def _product(factors: tuple[Factor, ...], parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    result: np.ndarray = np.ones(())
    for factor in factors:
        if isinstance(factor, Applied):
            matrix = parameters[factor.matrix]
            operand = np.broadcast_to(_product(factor.operand, parameters), len(matrix))
            result = result * (matrix @ operand)
        else:
            result = result * parameters[factor]
    return result
