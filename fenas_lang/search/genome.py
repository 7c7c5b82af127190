"""A flat cell as a list of genes, which mutations edit: one gene a counted node.

The mean that an output rule makes is no gene: it is taken off here and made anew when the genes are
put together again, so that every mutation leaves the output as the rule wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from fenas_lang.functions import FUNCTIONS, MEAN, OPERATORS, SYMBOLS
from fenas_lang.functions import SKIP as SKIP_KIND
from fenas_lang.spaces.model import (
    ALL,
    ANY,
    CALL,
    ELEMENTWISE,
    LAST,
    LOOSE,
    MIXED,
    PLAIN,
    SKIP,
    WEIGHTED,
    Space,
)
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Expr
from fenas_lang.syntax.formatter import format_expression

WEIGHTS = {PLAIN: None, WEIGHTED: False, ELEMENTWISE: True}
"""The forms of a single edge, and the `elementwise` of the `Weighted` around it."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A parent (name, literal or zero) and the form of the edge from it."""

    atom: Expr
    form: str = PLAIN

    @property
    def parent(self) -> str | None:
        """The name that is read; None for a literal or zero."""
        return self.atom.id if isinstance(self.atom, ast.Name) else None

    @property
    def is_zero(self) -> bool:
        return isinstance(self.atom, ast.Zero)

    def expression(self) -> Expr:
        elementwise = WEIGHTS[self.form]
        return self.atom if elementwise is None else ast.weighted(self.atom, elementwise)


@dataclass(frozen=True, slots=True)
class Gene:
    """`name = function(edges)`."""

    name: str
    function: str
    edges: tuple[Edge, ...]

    @property
    def form(self) -> str:
        """As a space names it; zeros count for nothing."""
        definition = FUNCTIONS.get(self.function)
        if definition is None:
            return CALL
        if definition.kind == SKIP_KIND:
            return SKIP
        forms = {edge.form for edge in self.edges if not edge.is_zero}
        return MIXED if len(forms) > 1 else next(iter(forms), PLAIN)

    @property
    def parents(self) -> tuple[str, ...]:
        """Names that it reads, in order."""
        return tuple(edge.parent for edge in self.edges if edge.parent is not None)

    def expression(self) -> Expr:
        """The right-hand side as syntax."""
        arguments = tuple(edge.expression() for edge in self.edges)
        if self.function in SYMBOLS:
            return ast.binary(SYMBOLS[self.function], *arguments)
        if self.function == "neg":
            return ast.negate(*arguments)
        return ast.call(self.function, arguments)

    def __str__(self) -> str:
        return format_expression(self.expression())

    def reading(self, substitute: Mapping[str, str]) -> Gene:
        """The same gene with some parents replaced."""
        if not any(name in substitute for name in self.parents):
            return self
        edges = (
            replace(edge, atom=ast.Name(substitute[edge.parent]))
            if edge.parent in substitute
            else edge
            for edge in self.edges
        )
        return replace(self, edges=tuple(edges))


def _edge(argument: Expr) -> Edge:
    if isinstance(argument, ast.Weighted):
        return Edge(argument.operand, ELEMENTWISE if argument.elementwise else WEIGHTED)
    return Edge(argument)


def _gene(node: ast.Node) -> Gene:
    match node.value:
        case ast.Binary(op, left, right):
            return Gene(node.name, OPERATORS[op], (_edge(left), _edge(right)))
        case ast.Negate(operand):
            return Gene(node.name, "neg", (_edge(operand),))
        case ast.Call(function, arguments):
            return Gene(node.name, function, tuple(map(_edge, arguments)))
    raise ValueError(f"`{node.name}` is no flat node")


@dataclass(frozen=True)
class Genome:
    """Genes in order, and the nodes that are outputs; `frame` is the cell they came from."""

    frame: Cell
    space: Space
    genes: tuple[Gene, ...]
    outputs: tuple[str, ...]

    @classmethod
    def of(cls, cell: Cell, space: Space) -> Genome:
        """The genes of a flat cell of the space."""
        genes = tuple(map(_gene, cell.nodes))
        made = rule_mean(genes, cell.output_names, space)
        return cls(cell, space, tuple(g for g in genes if g.name != made), cell.output_names)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the cell's input and states."""
        return (self.frame.input, *self.frame.states)

    def before(self, position: int, *, inputs: bool = True) -> tuple[str, ...]:
        """What a gene at this position can read."""
        names = tuple(gene.name for gene in self.genes[:position])
        return (*self.inputs, *names) if inputs else names

    def fresh(self, stem: str = "n") -> str:
        """A name `n1, n2, …` that the cell does not use."""
        used = {*self.inputs, *(node.name for node in self.frame.nodes), *self.outputs}
        used.update(gene.name for gene in self.genes)
        return next(name for k in range(1, len(used) + 2) if (name := f"{stem}{k}") not in used)

    def having(self, gene: Gene, position: int) -> Genome:
        """With another gene at a position."""
        return replace(self, genes=(*self.genes[:position], gene, *self.genes[position + 1 :]))

    def cell(self, output: str) -> Cell:
        """The cell again, its first output formed by the rule `output`."""
        nodes = [ast.Node(gene.name, gene.expression()) for gene in self.genes]
        ends = RULES[output](self)
        first = ends[0]
        if len(ends) > 1:
            first = self._name_of_mean()
            nodes.append(ast.Node(first, ast.call("mean", tuple(map(ast.Name, ends)))))
        outputs = tuple(map(ast.Parameter, (first, *self.outputs[1:])))
        frame = self.frame
        return Cell(
            frame.name,
            frame.space,
            frame.parameters,
            outputs,
            frame.bias,
            tuple(nodes),
            source=frame.source,
        )

    def _name_of_mean(self) -> str:
        first = self.outputs[0]
        taken = {*self.inputs, *self.outputs[1:], *(gene.name for gene in self.genes)}
        return first if first not in taken else self.fresh("mean")


def loose_ends(genes: Sequence[Gene]) -> tuple[str, ...]:
    """Genes that no gene reads, in order."""
    read = {name for gene in genes for name in gene.parents}
    return tuple(gene.name for gene in genes if gene.name not in read)


def averaged(genes: Sequence[Gene], space: Space) -> tuple[str, ...]:
    """What `mean of all nodes` means: all but the space's first node, if there are others."""
    names = tuple(gene.name for gene in genes if gene.function != space.first)
    return names or (genes[-1].name,)


RULES: Mapping[str, Callable[[Genome], tuple[str, ...]]] = {
    LAST: lambda genome: (genome.genes[-1].name,),
    LOOSE: lambda genome: loose_ends(genome.genes),
    ALL: lambda genome: averaged(genome.genes, genome.space),
    ANY: lambda genome: genome.outputs[:1],
}


def rule_mean(genes: Sequence[Gene], outputs: Iterable[str], space: Space) -> str | None:
    """The name of the mean that the space's output rule makes, if the cell has one."""
    first = next(iter(outputs))
    made = next((gene for gene in genes if gene.name == first), None)
    if made is None or FUNCTIONS.get(made.function, FUNCTIONS["add"]).kind != MEAN:
        return None
    if "mean" not in space.by_name:
        return first
    others = [gene for gene in genes if gene is not made]
    wanted = [set(loose_ends(others))] if LOOSE in space.output else []
    wanted += [set(averaged(others, space))] if ALL in space.output and others else []
    return first if set(made.parents) in wanted else None
