"""A plan as ONNX: what is hoisted over whole sequences, and the time loop as a `Scan`.

Weights are stacked outside the Scan, from constants, so that a runtime does it once at loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from fenas_lang.emit.onnx_graph import Writer
from fenas_lang.ir.graph import Graph
from fenas_lang.plan.plan import Column, Level, Plan, Product

BATCH = "batch"

ROWS: dict[str, tuple[str, ...]] = {
    "add": ("Add",),
    "sub": ("Sub",),
    "mul": ("Mul",),
    "neg": ("Neg",),
    "tanh": ("Tanh",),
    "sigmoid": ("Sigmoid",),
    "relu": ("Relu",),
    "step": ("Relu", "Sign"),
    "exp": ("Exp",),
    "log": ("Log",),
    "reciprocal": ("Reciprocal",),
    "sin": ("Sin",),
    "cos": ("Cos",),
    "erf": ("Erf",),
}
"""Elementwise primitives as operators, one behind the other."""

Parameter = Callable[[str], str]
"""From the name of an edge to the value that holds its weight."""


def scan_direction(
    writer: Writer,
    plan: Plan,
    x: str,
    states: list[str],
    parameter: Parameter,
    sizes: tuple[int, int],
    reverse: bool,
) -> tuple[str, list[str]]:
    """The output (T, B, H) and the states after the last step, from x (T, B, D), states (B, H).

    `sizes` are D and H.
    """
    before = _Before(writer, plan, parameter, sizes, x)
    before.run(plan.before)
    body = _Body(before)
    body.run(plan.loop)
    return body.scan(states, reverse)


class _Values:
    """The values of a plan's nodes, written as they are computed.

    A value that depends on neither input nor state has no rows: it is a scalar, (H) or (1, H).
    The columns of a fused product stay side by side (`groups`) until one is read by itself.
    """

    def __init__(
        self, writer: Writer, plan: Plan, parameter: Parameter, sizes: tuple[int, int]
    ) -> None:
        self.writer, self.plan, self.parameter, self.sizes = writer, plan, parameter, sizes
        self.nodes = plan.graph.nodes
        self.values: dict[int, str] = {}
        self.groups: dict[tuple[int, ...], str] = {}
        self.inside: dict[int, tuple[int, ...]] = {}

    def run(self, levels: Iterable[Level]) -> None:
        for level in levels:
            for product in level.products:
                self._multiply(product)
            for index in level.pointwise:
                self.values[index] = self._compute(index)

    def value(self, index: int) -> str:
        """A node's value by itself."""
        if index in self.inside:
            self._split(self.inside[index])
        if index not in self.values:
            self.values[index] = self._leaf(index)
        return self.values[index]

    def _split(self, group: tuple[int, ...]) -> None:
        parts = self.writer.split(self.groups[group], [self._hint(k) for k in group])
        for index, part in zip(group, parts, strict=True):
            self.values[index] = part
            del self.inside[index]

    def group(self, group: tuple[int, ...]) -> str | None:
        """The values of several nodes side by side, where they are already."""
        return self.groups.get(group)

    def width(self, index: int) -> int:
        return self.sizes[0 if self.nodes[index].op == "input" else 1]

    def _leaf(self, index: int) -> str:
        node = self.nodes[index]
        if node.op == "const":
            return self.writer.constant(float(node.attribute))  # type: ignore[arg-type]
        assert node.op == "param", node.op
        return self.parameter(str(node.attribute))

    def _multiply(self, product: Product) -> None:
        columns = product.columns
        weights = [self.parameter(str(self.nodes[c.linear].attribute)) for c in columns]
        addend, late = self._addend([c.base for c in columns])
        weight = self.writer.root.concat(weights, axis=0, hint="weights")
        total = self._linear(product.source, weight, addend)
        group = tuple(c.result for c in columns)
        self.groups[group] = total
        self.inside.update(dict.fromkeys(group, group))
        if late:
            self._split(group)
            del self.groups[group]
            self._add_late(columns, late)

    def _add_late(self, columns: Iterable[Column], late: set[int]) -> None:
        for c in columns:
            if c.base is not None and c.base in late:
                terms = self.values[c.result], self.value(c.base)
                self.values[c.result] = self.writer.node("Add", *terms, hint=self._hint(c.result))

    def _addend(self, bases: list[int | None]) -> tuple[str | None, set[int]]:
        """What a fused product accumulates onto as a whole, and what is added column by column."""
        given = [base for base in bases if base is not None]
        if len(bases) == 1 or not given:
            return (self.value(given[0]) if given else None), set()
        together = self.group(tuple(given)) if len(given) == len(bases) else None
        if together is not None:
            return together, set()
        late = {base for base in given if self.nodes[base].op != "param"}
        if late == set(given):
            return None, late
        biases = [self._zeros() if b is None or b in late else self.value(b) for b in bases]
        return self.writer.root.concat(biases, axis=0, hint="biases"), late

    def _zeros(self) -> str:
        return self.writer.constant(np.zeros(self.sizes[1]))

    def _linear(self, source: int, weight: str, addend: str | None) -> str:
        raise NotImplementedError

    def _compute(self, index: int) -> str:
        node = self.nodes[index]
        operands = [self.value(k) for k in node.operands]
        if node.op == "elementwise_weight":
            weight = self.parameter(str(node.attribute))
            return self.writer.node("Mul", *operands, weight, hint=self._hint(index))
        for op in ROWS[node.op]:
            operands = [self.writer.node(op, *operands, hint=self._hint(index))]
        return operands[0]

    def _hint(self, index: int) -> str:
        return self._names.get(index, f"v{index}")

    @cached_property
    def _names(self) -> dict[int, str]:
        return {index: name for name, index in self.plan.graph.values}


class _Before(_Values):
    """What depends on no state, for all time steps at once: values with rows are (T, B, ·)."""

    def __init__(
        self,
        writer: Writer,
        plan: Plan,
        parameter: Parameter,
        sizes: tuple[int, int],
        x: str,
    ):
        super().__init__(writer, plan, parameter, sizes)
        self.x = x
        self.with_rows = _depending_on("input", plan.graph)

    def _leaf(self, index: int) -> str:
        return self.x if self.nodes[index].op == "input" else super()._leaf(index)

    def _linear(self, source: int, weight: str, addend: str | None) -> str:
        value = self.value(source)
        if source not in self.with_rows:
            value = self.writer.node("Expand", value, self.writer.integers(1, self.sizes[1]))
        turned = self.writer.root.node("Transpose", weight, hint="weights_turned", perm=[1, 0])
        total = self.writer.node("MatMul", value, turned, hint="products")
        return total if addend is None else self.writer.node("Add", total, addend, hint="sums")


class _Body(_Values):
    """One time step, the body of the Scan: values are (B, ·)."""

    def __init__(self, before: _Before):
        plan, outside = before.plan, before.writer
        writer = Writer(outside.dtype, outside)
        super().__init__(writer, plan, before.parameter, before.sizes)
        self.before = before
        self.states = {name: writer.name(f"{name}_in") for name in plan.graph.states}
        self.scanned: dict[str, tuple[str, int]] = {}

    def scan(self, states: list[str], reverse: bool) -> tuple[str, list[str]]:
        """The Scan over this body: the outputs of all steps, the states after the last one."""
        graph, outside = self.plan.graph, self.before.writer
        if not self.scanned:
            self._scan_input(self.before.x, self.sizes[0])
        finals = [self._final(k, state) for k, state in enumerate(self.states.values())]
        emitted = self.writer.node("Identity", finals[0], hint="step_output")
        inner = (*((name, self.sizes[1]) for name in self.states.values()), *self.scanned.values())
        body = self.writer.graph(
            self.writer.name("step"),
            [self.writer.variable(name, BATCH, width) for name, width in inner],
            [self.writer.variable(name, BATCH, self.sizes[1]) for name in (*finals, emitted)],
        )
        direction = int(reverse)
        *results, output = outside.outputs(
            "Scan",
            (*states, *self.scanned),
            [*(f"{name}_out" for name in graph.states), "steps"],
            body=body,
            num_scan_inputs=len(self.scanned),
            scan_input_directions=[direction] * len(self.scanned),
            scan_output_directions=[direction],
        )
        return output, results

    def _final(self, k: int, state: str) -> str:
        """The next value of a state, as a value that nothing else is."""
        output, hint = self.plan.graph.outputs[k], f"{self.plan.graph.states[k]}_next"
        value = self.value(output)
        if output in self.before.with_rows | _depending_on("state", self.plan.graph):
            return self.writer.node("Identity", value, hint=hint)
        return self.writer.node("Expand", value, self.writer.node("Shape", state), hint=hint)

    def group(self, group: tuple[int, ...]) -> str | None:
        handed = self.before.group(group)
        return super().group(group) if handed is None else self._handed(handed, group)

    def _leaf(self, index: int) -> str:
        node = self.nodes[index]
        if node.op == "state":
            return self.states[str(node.attribute)]
        if node.op in ("const", "param"):
            return super()._leaf(index)
        return self._handed(self.before.value(index), (index,))

    def _handed(self, value: str, group: tuple[int, ...]) -> str:
        """The rows of this time step; a value without rows is read as it is."""
        if not self.before.with_rows.intersection(group):
            return value
        return self._scan_input(value, sum(map(self.width, group)))

    def _scan_input(self, value: str, width: int) -> str:
        if value not in self.scanned:
            self.scanned[value] = self.writer.name(f"{value}_now"), width
        return self.scanned[value][0]

    def _linear(self, source: int, weight: str, addend: str | None) -> str:
        inputs = [self.value(source), weight, *([] if addend is None else [addend])]
        return self.writer.node("Gemm", *inputs, hint="sums", transB=1)


def _depending_on(op: str, graph: Graph) -> frozenset[int]:
    found: set[int] = set()
    for index, node in enumerate(graph.nodes):
        if node.op == op or not found.isdisjoint(node.operands):
            found.add(index)
    return frozenset(found)
