"""What a gene may compute at its place: the operations of a space, and a gene made to fit one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from fenas_lang.search.genome import WEIGHTS, Edge, Gene, Genome
from fenas_lang.spaces.model import MIXED, PLAIN, FunctionRule, Space
from fenas_lang.syntax import ast


@dataclass(frozen=True, slots=True)
class Operation:
    """A function of the space in one of its forms."""

    rule: FunctionRule
    form: str

    @property
    def least(self) -> int:
        """How many parents it needs; edges that are not all alike are at least two."""
        return max(self.rule.min_parents, 2 if self.form == MIXED else 1)

    @property
    def most(self) -> int | None:
        return self.rule.max_parents


def operations(space: Space, position: int) -> list[Operation]:
    """All operations that can stand at a position, in the order of the space."""
    if space.first is not None and position == 0:
        return []
    return [
        operation
        for rule in space.rules
        if rule.name != space.first and (rule.inputs or position > 0)
        for form in sorted(rule.forms)
        if (operation := Operation(rule, form)) and fits(operation)
    ]


def fits(operation: Operation) -> bool:
    """Whether the operation can have as many parents as it needs."""
    return operation.most is None or operation.least <= operation.most


def operation_of(gene: Gene, space: Space) -> Operation:
    """What a gene computes now."""
    return Operation(space.by_name[gene.function], gene.form)


def mutable(genome: Genome) -> range:
    """Positions that mutations may touch: all but a first node that the space prescribes."""
    return range(0 if genome.space.first is None else 1, len(genome.genes))


def fitted(genome: Genome, position: int, operation: Operation, rng: Random) -> Gene:
    """The gene at a position made to compute `operation`.

    Its parents stay as far as the operation can read them; missing ones are drawn at random.
    """
    gene = genome.genes[position]
    sources = genome.before(position, inputs=operation.rule.inputs)
    edges = [edge for edge in gene.edges if _readable(edge, operation, sources)]
    if operation.most is not None and len(edges) > operation.most:
        kept = sorted(rng.sample(range(len(edges)), operation.most))
        edges = [edges[k] for k in kept]
    return with_parents(gene.name, operation, edges, sources, rng)


def drawn(
    name: str, operation: Operation, sources: Sequence[str], rng: Random, reads: Sequence[str] = ()
) -> Gene:
    """A new gene with random parents, the parents `reads` among them where they have room."""
    most = operation.least + 1 if operation.most is None else operation.most
    count = rng.randint(operation.least, most)
    edges = [Edge(ast.Name(parent)) for parent in reads[:count] if parent in sources]
    edges += [_random_edge(sources, rng) for _ in range(count - len(edges))]
    return with_parents(name, operation, edges, sources, rng)


def with_parents(
    name: str, operation: Operation, edges: Sequence[Edge], sources: Sequence[str], rng: Random
) -> Gene:
    """A gene of these edges, more drawn at random where there are too few, in the right form."""
    found = list(edges)
    while len(found) < operation.least:
        found.append(_random_edge(sources, rng))
    if all(edge.parent is None for edge in found):
        found[rng.randrange(len(found))] = _random_edge(sources, rng)
    forms = _forms(operation.form, found, rng)
    weighted = (Edge(edge.atom, form) for edge, form in zip(found, forms, strict=True))
    return Gene(name, operation.rule.name, tuple(weighted))


def _readable(edge: Edge, operation: Operation, sources: Sequence[str]) -> bool:
    if edge.parent is not None:
        return edge.parent in sources
    return not edge.is_zero and operation.form in (PLAIN, MIXED)


def _random_edge(sources: Sequence[str], rng: Random) -> Edge:
    return Edge(ast.Name(rng.choice(sources)))


def _forms(form: str, edges: Sequence[Edge], rng: Random) -> list[str]:
    """The form of each edge; literals are always plain."""
    if form != MIXED:
        return [form if form in WEIGHTS else PLAIN] * len(edges)
    single = tuple(WEIGHTS)
    forms = [PLAIN if edge.parent is None else rng.choice(single) for edge in edges]
    if len(set(forms)) == 1:
        named = [k for k, edge in enumerate(edges) if edge.parent is not None]
        forms[rng.choice(named)] = rng.choice([other for other in single if other != forms[0]])
    return forms
