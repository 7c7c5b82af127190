"""What the writer of emitted torch asks about a plan: which values get a name of their own, which
are one torch function, and which fused products add to each other as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from fenas_lang.emit.torch_rows import NAMED, Row
from fenas_lang.functions import FUNCTIONS
from fenas_lang.ir.graph import Node
from fenas_lang.ir.readiness import BEFORE, readiness
from fenas_lang.plan.plan import Level, Plan, Product
from fenas_lang.primitives import LEAVES, Term

VARIABLE = Term("variable")


@dataclass(frozen=True)
class Outline:
    """A plan as the writer sees it; `written` are the names that the cell's author gave."""

    plan: Plan
    written: frozenset[str]

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.plan.graph.nodes

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        return (*self.plan.before, *self.plan.loop)

    @cached_property
    def products(self) -> dict[int, Product]:
        """Every fused product by its source; no two have the same."""
        return {product.source: product for level in self.levels for product in level.products}

    @cached_property
    def labels(self) -> dict[int, str]:
        """Every node that the cell has a name for, inputs and states first."""
        found: dict[int, str] = {}
        for name, index in sorted(self.plan.graph.values, key=lambda v: v[0] not in self.written):
            found.setdefault(index, name)
        for index, node in enumerate(self.nodes):
            if node.op in ("input", "state"):
                found[index] = str(node.attribute)
        return found

    @cached_property
    def named(self) -> frozenset[int]:
        """The nodes that keep the name their author wrote."""
        return frozenset(k for k, name in self.labels.items() if name in self.written)

    @cached_property
    def functions(self) -> dict[int, tuple[Row, int]]:
        """Where a node with all below it down to one operand is a torch function: both."""
        found: dict[int, tuple[Row, int]] = {}
        for index in reversed(range(len(self.nodes))):
            for name, row in NAMED.items():
                operand = self._operand_of(name, index)
                if operand is not None:
                    found[index] = (row, operand)
                    break
        return found

    @cached_property
    def absorbed(self) -> frozenset[int]:
        """The nodes inside torch functions."""
        inside = (self._inside(k, operand) for k, (_, operand) in self.functions.items())
        return frozenset().union(*inside)

    def _operand_of(self, function: str, index: int) -> int | None:
        body = FUNCTIONS[function].activation
        assert body is not None
        bound: list[int] = []
        if not self._matches(body(VARIABLE), index, bound) or self.nodes[bound[0]].op == "const":
            return None
        inside = self._inside(index, bound[0])
        private = all(self._users[k] <= inside | {index} for k in inside)
        return bound[0] if private and not inside & self.named else None

    def _matches(self, term: Term, index: int, bound: list[int]) -> bool:
        if term is VARIABLE:
            bound.append(index)
            return index == bound[0]
        node = self.nodes[index]
        return (
            node.op == term.op
            and node.attribute == term.attribute
            and all(
                self._matches(part, operand, bound)
                for part, operand in zip(term.operands, node.operands, strict=True)
            )
        )

    def _inside(self, root: int, operand: int) -> frozenset[int]:
        """The nodes strictly between a node and one of its indirect operands."""
        found: set[int] = set()
        stack = [root]
        while stack:
            inner = {k for k in self.nodes[stack.pop()].operands if k != operand}
            stack.extend(inner - found)
            found |= {k for k in inner if self.nodes[k].op not in LEAVES}
        return frozenset(found)

    @cached_property
    def _users(self) -> dict[int, set[int]]:
        users: dict[int, set[int]] = {k: set() for k in range(len(self.nodes))}
        for index, node in enumerate(self.nodes):
            for operand in node.operands:
                users[operand].add(index)
        return users

    @cached_property
    def slabs(self) -> dict[int, tuple[int, ...]]:
        """Fused products that are added to a stretch of an earlier one: their source, the values.

        All their columns then accumulate at once, and the stretch needs no names of its own.
        """
        reads = Counter(k for node in self.nodes for k in node.operands)
        reads.update(self.plan.graph.outputs)
        found: dict[int, tuple[int, ...]] = {}
        for product in self.products.values():
            bases = tuple(c.base for c in product.columns if c.base is not None)
            private = all(reads[k] == 1 and k not in self.labels for k in bases)
            whole = len(bases) == len(product.columns) > 1
            if whole and private and self._is_stretch(bases, found):
                found[product.source] = bases
        return found

    def _is_stretch(self, bases: tuple[int, ...], slabs: dict[int, tuple[int, ...]]) -> bool:
        product = self._product_of.get(bases[0])
        if product is None:
            return False
        direct = [c.result for c in product.columns if self._direct(product, c.base, slabs)]
        start = direct.index(bases[0]) if bases[0] in direct else 0
        return tuple(direct[start : start + len(bases)]) == bases

    @cached_property
    def _product_of(self) -> dict[int, Product]:
        return {c.result: product for product in self.products.values() for c in product.columns}

    def _direct(
        self, product: Product, base: int | None, slabs: dict[int, tuple[int, ...]]
    ) -> bool:
        return base is None or self.nodes[base].op == "param" or product.source in slabs

    def made(self, product: Product) -> list[int]:
        """What a product gives, column by column: a sum, or an edge that is added later."""
        return [
            c.result if self._direct(product, c.base, self.slabs) else c.linear
            for c in product.columns
        ]

    def pieces(self, product: Product) -> list[tuple[int, ...]]:
        """What a product gives, in stretches that later products are added to, or one by one."""
        stretches = {bases[0]: bases for bases in self.slabs.values()}
        covered = {k for bases in self.slabs.values() for k in bases[1:]}
        return [stretches.get(k, (k,)) for k in self.made(product) if k not in covered]

    def pointwise(self, level: Level) -> list[int]:
        """The elementwise statements of a level, sums that no product makes included, in order."""
        made = {k for product in level.products for k in self.made(product)}
        sums = (c.result for product in level.products for c in product.columns)
        rest = {*level.pointwise, *(k for k in sums if k not in made)}
        return sorted(rest - self.absorbed)

    def operands(self, index: int) -> tuple[int, ...]:
        """What the statement or expression of an elementwise node reads."""
        if index in self.functions:
            return (self.functions[index][1],)
        return self.nodes[index].operands

    @cached_property
    def reads(self) -> Counter[int]:
        """How often each value is read by elementwise work."""
        every = (k for level in self.levels for k in self.pointwise(level))
        return Counter(operand for index in every for operand in self.operands(index))

    @cached_property
    def assigned(self) -> frozenset[int]:
        """The elementwise values that are more than a part of one expression."""
        several = {k for k, count in self.reads.items() if count > 1}
        graph = self.plan.graph
        return self.named | several | {*graph.outputs, *self.plan.handed, *self.products}

    @cached_property
    def _owners(self) -> dict[int, str]:
        """Of values inside a pre-activation: the node that it belongs to, `r` or `n3.gate`."""
        found: dict[int, str] = {}
        for index, node in enumerate(self.nodes):
            if node.op in ("linear", "elementwise_weight"):
                found[index] = _owner(str(node.attribute))
            elif node.op == "add" and index not in self.labels:
                owner = next((found[k] for k in node.operands if k in found), None)
                if owner is not None:
                    found[index] = owner
        return found

    @cached_property
    def _edge_results(self) -> dict[int, str]:
        """Of values that a product gives for one edge, with or without the bias: its parameter."""
        columns = (c for product in self.products.values() for c in product.columns)
        return {
            index: str(self.nodes[c.linear].attribute)
            for c in columns
            for index in (c.linear, c.result)
            if index == c.linear or c.base is None or self.nodes[c.base].op == "param"
        }

    def suggestion(self, index: int, known: Mapping[int, str]) -> str:
        """What to call a value; `known` are the variables there are."""
        node = self.nodes[index]
        if index in self.labels:
            return self.labels[index]
        if index in self._edge_results:
            return self._edge_results[index].replace(".", "_")
        if index in self._owners:
            return self._owners[index].replace(".", "_") + "_pre"
        owners = [self._owners[k] for k in node.operands if k in self._owners]
        if node.op == "sigmoid" and owners and owners[0].endswith(".gate"):
            return owners[0].replace(".", "_")
        names = [known[k] for k in node.operands if k in known]
        if node.op == "add" and len(names) == 2:
            return "_plus_".join(names)
        if node.op == "mul" and names:
            return f"{names[0]}_scaled"
        return f"{node.op}_of_{names[0]}" if names else node.op

    def reads_constants_only(self, index: int) -> bool:
        """Whether nothing that a value is computed from is a tensor."""
        node = self.nodes[index]
        return all(self.nodes[k].op == "const" for k in node.operands)

    @cached_property
    def full_constants(self) -> tuple[int, ...]:
        """Constants that must be tensors, because nothing beside them is one."""
        outside = {*self.plan.graph.outputs, *self.products}
        return tuple(
            index
            for index, node in enumerate(self.nodes)
            if node.op == "const"
            and (index in outside or any(map(self.reads_constants_only, self._users[index])))
        )

    def is_hoisted(self, index: int) -> bool:
        """Whether a value is computed before the time loop."""
        return self._phases[index] == BEFORE

    @cached_property
    def _phases(self) -> tuple[int, ...]:
        return tuple(phase for phase, _ in readiness(self.plan.graph))


def _owner(parameter: str) -> str:
    """The node that a parameter belongs to: `r` for `r.x`, `n3.gate` for a skip node's gate."""
    node, second, *_ = parameter.split(".")
    return f"{node}.gate" if second == "gate" else node
