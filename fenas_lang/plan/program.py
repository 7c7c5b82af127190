"""A step as a program for tiles of columns: what the kernel interprets, forward and backward.

A program is levels one behind the other.  Within a level, each tile of columns is computed alone:
its matrix products first, then instructions over the tile.  A value lives in a slot as long as it
is wanted in its own tile and level only, else in an array, which other levels and products read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from fenas_lang.ir.graph import Graph
from fenas_lang.plan.plan import Level, Plan
from fenas_lang.plan.reverse import (
    HANDED,
    OUTPUT,
    PARAMETER,
    STATE,
    TRANSPOSED,
    VALUE,
    Reverse,
    Role,
)

CONSTANT, SCRATCH, GRADIENT = "const", "scratch", "gradient of "
COPY = "copy"
NOTHING: Mapping[int, int] = {}


class Array(NamedTuple):
    """Values with a row for each row of the batch; `shift` is 1 for the time step after this one.

    `kind` is `handed`, `state`, `param`, `const`, `value` (of the forward step), `scratch`, or
    `gradient of …`; `of` says of which node, state or parameter.
    """

    kind: str
    of: int | str | Fraction = 0
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """The weight of an edge by its name."""

    name: str
    transposed: bool = False


Operand = Array | int
"""An array, or the number of a slot."""


@dataclass(frozen=True, slots=True)
class Multiply:
    """`result = base + matrix · source`; the source is an array that earlier levels completed."""

    matrix: Matrix
    source: Array
    base: Operand | None
    result: Operand


@dataclass(frozen=True, slots=True)
class Instruction:
    """`result = op(operands)`, elementwise; `op` is a primitive or `copy`."""

    op: str
    result: Operand
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A level: per tile of columns the products, then the instructions."""

    products: tuple[Multiply, ...]
    instructions: tuple[Instruction, ...]

    @property
    def read(self) -> tuple[Array, ...]:
        """The arrays that instructions and products read tile by tile."""
        bases = (p.base for p in self.products)
        operands = (operand for i in self.instructions for operand in i.operands)
        return _arrays((*bases, *operands))

    @property
    def written(self) -> tuple[Array, ...]:
        products = (product.result for product in self.products)
        return _arrays((*products, *(step.result for step in self.instructions)))


@dataclass(frozen=True)
class Program:
    """A step: stages in order, and how many slots a tile needs."""

    stages: tuple[Stage, ...]
    slots: int

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All arrays, in the order of first use."""
        parts = (
            (*(p.source for p in stage.products), *stage.read, *stage.written)
            for stage in self.stages
        )
        return _arrays(operand for part in parts for operand in part)

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        return tuple(dict.fromkeys(p.matrix for stage in self.stages for p in stage.products))


def forward_program(
    plan: Plan, saved: Iterable[int] = (), over: Mapping[int, int] = NOTHING
) -> Program:
    """The program of a plan's loop, which also stores the values of the nodes `saved`.

    Those in `over` are stored over a handed value.
    """
    graph = plan.graph
    leaves = {k: Array(HANDED, k) for k in plan.handed}
    for index, node in enumerate(graph.nodes):
        if node.op == "state":
            leaves[index] = Array(STATE, graph.states.index(str(node.attribute)))
    stores: dict[int, list[Array]] = {}
    for k, output in enumerate(graph.outputs):
        stores.setdefault(output, []).append(Array(STATE, k, 1))
    for index in saved:
        if index not in stores:
            stores[index] = [value_array(plan, index, over)]
    return _Lowering(graph, plan.loop, leaves, stores).program()


def backward_program(
    plan: Plan,
    backwards: Reverse,
    left_out: Collection[Role] = (),
    over: Mapping[int, int] = NOTHING,
) -> Program:
    """The program of the step backwards of `plan`, without storing the results `left_out`.

    What the step stored over a handed value is read there.
    """
    graph = backwards.plan.graph
    leaves = {
        index: _leaf(plan, backwards, str(node.attribute), over)
        for index, node in enumerate(graph.nodes)
        if node.op == "state"
    }
    stores: dict[int, list[Array]] = {}
    for role, output in zip(backwards.results, graph.outputs, strict=True):
        if role not in left_out:
            stores.setdefault(output, []).append(Array(GRADIENT + role.kind, role.of))
    levels = (*backwards.plan.before, *backwards.plan.loop)
    return _Lowering(graph, levels, leaves, stores).program()


def _leaf(plan: Plan, backwards: Reverse, name: str, over: Mapping[int, int]) -> Array:
    role = backwards.leaves[name]
    if role.kind in (STATE, OUTPUT):
        return Array(GRADIENT + role.kind, role.of, 1 if role.kind == STATE else 0)
    assert role.kind == VALUE and isinstance(role.of, int)
    return value_array(plan, role.of, over)


def value_array(plan: Plan, index: int, over: Mapping[int, int] = NOTHING) -> Array:
    """Where the value of a node of the forward step is found afterwards."""
    node = plan.graph.nodes[index]
    if index in over:
        return Array(HANDED, over[index])
    if node.op == "state":
        return Array(STATE, plan.graph.states.index(str(node.attribute)))
    if index in plan.handed:
        return Array(HANDED, index)
    if index in plan.graph.outputs:
        return Array(STATE, plan.graph.outputs.index(index), 1)
    return Array(VALUE, index)


class _Lowering:
    def __init__(
        self,
        graph: Graph,
        levels: tuple[Level, ...],
        leaves: Mapping[int, Array],
        stores: Mapping[int, list[Array]],
    ):
        self.nodes = graph.nodes
        self.levels = levels or (Level((), ()),)
        self.leaves = leaves
        self.stores = stores
        self.computed = {k: n for n, level in enumerate(self.levels) for k in level.computed}
        self.last_use: dict[int, int] = {}
        self.across = set(self._across())
        self.slot_of: dict[int, int] = {}
        self.slots = 0

    def program(self) -> Program:
        stages = tuple(self._stage(n, level) for n, level in enumerate(self.levels))
        return Program(stages, self.slots)

    def _across(self) -> Iterator[int]:
        """Values that a product or another level reads."""
        for n, level in enumerate(self.levels):
            for product in level.products:
                yield product.source
                bases = (c.base for c in product.columns if c.base is not None)
                yield from (base for base in bases if self._elsewhere(base, n))
            for index in level.pointwise:
                yield from (k for k in self.nodes[index].operands if self._elsewhere(k, n))

    def _elsewhere(self, index: int, level: int) -> bool:
        return self.computed.get(index, level) != level

    def _stage(self, n: int, level: Level) -> Stage:
        self.free: list[int] = []
        self.slot_of = {}
        self._count_uses(level)
        products = []
        instructions: list[Instruction] = []
        for product in level.products:
            for c in product.columns:
                base = None if c.base is None else self._operand(c.base)
                self._release(() if c.base is None else (c.base,))
                result = self._place(c.result)
                source = self._operand(product.source)
                assert isinstance(source, Array)
                matrix = self._matrix(c.linear)
                products.append(Multiply(matrix, source, base, result))
        for product in level.products:
            for c in product.columns:
                instructions += self._copies(c.result)
        for index in level.pointwise:
            instructions += [self._instruction(index), *self._copies(index)]
        if n == 0:
            leaves = (k for k in self.stores if k not in self.computed)
            instructions += [
                Instruction(COPY, array, (self._operand(k),))
                for k in leaves
                for array in self.stores[k]
            ]
        return Stage(tuple(products), tuple(instructions))

    def _count_uses(self, level: Level) -> None:
        self.last_use = {}
        bases = [c.base for p in level.products for c in p.columns if c.base is not None]
        reads = [k for index in level.pointwise for k in self.nodes[index].operands]
        for index in (*bases, *reads):
            self.last_use[index] = self.last_use.get(index, 0) + 1

    def _instruction(self, index: int) -> Instruction:
        node = self.nodes[index]
        operands = tuple(self._operand(k) for k in node.operands)
        op = node.op
        if op == "elementwise_weight":
            op, operands = "mul", (*operands, Array(PARAMETER, str(node.attribute)))
        self._release(node.operands)
        return Instruction(op, self._place(index), operands)

    def _copies(self, index: int) -> list[Instruction]:
        """Further places of a value that is stored more than once."""
        arrays = self.stores.get(index, [])[1:]
        return [Instruction(COPY, array, (self._operand(index),)) for array in arrays]

    def _matrix(self, linear: int) -> Matrix:
        name = str(self.nodes[linear].attribute)
        return Matrix(name.removesuffix(TRANSPOSED), name.endswith(TRANSPOSED))

    def _operand(self, index: int) -> Operand:
        node = self.nodes[index]
        if node.op == "const":
            assert isinstance(node.attribute, Fraction)
            return Array(CONSTANT, node.attribute)
        if node.op == "param":
            return Array(PARAMETER, str(node.attribute))
        home = self._home(index)
        return self.slot_of[index] if home is None else home

    def _home(self, index: int) -> Array | None:
        if index in self.leaves:
            return self.leaves[index]
        if index in self.stores:
            return self.stores[index][0]
        return Array(SCRATCH, index) if index in self.across else None

    def _place(self, index: int) -> Operand:
        home = self._home(index)
        if home is not None:
            return home
        if not self.free:
            self.free.append(self.slots)
            self.slots += 1
        self.slot_of[index] = self.free.pop()
        return self.slot_of[index]

    def _release(self, indices: Iterable[int]) -> None:
        """One use of each is done; a slot without further uses is free."""
        for index in indices:
            left = self.last_use.get(index, 0)
            self.last_use[index] = max(left - 1, 0)
            if left <= 1 and index in self.slot_of:
                self.free.append(self.slot_of.pop(index))


def _arrays(operands: Iterable[Operand | None]) -> tuple[Array, ...]:
    return tuple(dict.fromkeys(o for o in operands if isinstance(o, Array)))
