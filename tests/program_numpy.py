"""Programs over a sequence in NumPy, slow and obvious; the native kernel does the same in tiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fenas_lang.ir.graph import Graph
from fenas_lang.ir.interpret import _evaluate
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.program import (
    CONSTANT,
    COPY,
    GRADIENT,
    SCRATCH,
    Array,
    Operand,
    Program,
    backward_program,
    forward_program,
    value_array,
)
from fenas_lang.plan.reverse import EDGE, GATE, HANDED, OUTPUT, PARAMETER, STATE, reverse
from fenas_lang.plan.schedule import make_plan
from fenas_lang.plan.storage import storage
from fenas_lang.primitives import PRIMITIVES

Values = NDArray[np.float64]


@dataclass
class Memory:
    """Arrays by kind, number and time; `parameters` by name."""

    parameters: Mapping[str, Values]
    shape: tuple[int, int]
    held: dict[tuple[str, object, int], Values] = field(default_factory=dict)
    slots: dict[int, Values] = field(default_factory=dict)

    def read(self, operand: Operand, time: int) -> Values:
        if not isinstance(operand, Array):
            return self.slots[operand]
        if operand.kind == CONSTANT:
            assert isinstance(operand.of, Fraction)
            return np.full(self.shape, float(operand.of))
        if operand.kind == PARAMETER:
            return self.parameters[str(operand.of)]
        return self.held[operand.kind, operand.of, time + operand.shift]

    def write(self, operand: Operand, time: int, value: Values) -> None:
        if isinstance(operand, Array):
            key = (operand.kind, operand.of, time + operand.shift)
            self.held[key] = np.broadcast_to(value, self.shape).copy()
        else:
            self.slots[operand] = value


def execute(program: Program, memory: Memory, time: int) -> None:
    """One step; slots are forgotten between stages, scratch arrays between steps."""
    for stage in program.stages:
        memory.slots.clear()
        for product in stage.products:
            weight = memory.parameters[product.matrix.name]
            weight = weight if product.matrix.transposed else weight.T
            value = memory.read(product.source, time) @ weight
            if product.base is not None:
                value = value + memory.read(product.base, time)
            memory.write(product.result, time, value)
        for step in stage.instructions:
            operands = [memory.read(operand, time) for operand in step.operands]
            if step.op == GATE:
                operands = [np.where(operands[1] > 0, operands[0], 0)]
            elif step.op != COPY:
                compute = PRIMITIVES[step.op].numpy
                assert compute is not None
                operands = [compute(np, *operands)]
            memory.write(step.result, time, operands[0])
    for key in [key for key in memory.held if key[0] == SCRATCH]:
        del memory.held[key]


@dataclass(frozen=True)
class Gradients:
    """Of the sum of products of outputs and final states with given weights."""

    outputs: Values
    x: Values
    states: tuple[Values, ...]
    parameters: dict[str, Values]


def handed_values(plan: Plan, x: Values, parameters: Mapping[str, Values]) -> dict[int, Values]:
    """What the plan hands to the loop, at one time step."""
    values: list[Values] = []
    size = next((v.shape[0] for v in parameters.values()), x.shape[-1])
    leaves = {plan.graph.input: x, **parameters}
    for node in plan.graph.nodes:
        missing = node.op == "state" or any(values[k] is None for k in node.operands)
        values.append(None if missing else _evaluate(node, values, leaves, size))  # type: ignore
    return {k: values[k] for k in plan.handed}


def forward(
    graph: Graph, xs: Values, states: Sequence[Values], parameters: Mapping[str, Values]
) -> tuple[Plan, Memory]:
    """The forward program over a sequence, with everything that the way back needs."""
    plan = make_plan(graph)
    backwards = reverse(plan)
    program = forward_program(plan, backwards.saved, storage(plan, backwards).over)
    memory = Memory(parameters, states[0].shape)  # type: ignore[arg-type]
    for k, state in enumerate(states):
        memory.held[STATE, k, 0] = state
    for t, x in enumerate(xs):
        for k, value in handed_values(plan, x, parameters).items():
            memory.write(Array(HANDED, k), t, value)
        execute(program, memory, t)
    return plan, memory


def backward(
    plan: Plan, memory: Memory, output_gradients: Values, state_gradients: Sequence[Values]
) -> None:
    """The backward program over the sequence; leaves its gradients in the memory."""
    backwards = reverse(plan)
    program = backward_program(plan, backwards, over=storage(plan, backwards).over)
    times = len(output_gradients)
    for k, gradient in enumerate(state_gradients):
        memory.held[GRADIENT + STATE, k, times] = gradient
    for t in reversed(range(times)):
        memory.held[GRADIENT + OUTPUT, 0, t] = output_gradients[t]
        execute(program, memory, t)


def edge_gradients(plan: Plan, memory: Memory, times: int) -> dict[str, Values]:
    """Gradients of the loop's matrices, by one product each over the rows of all time steps."""
    found = {}
    for _, linear, _ in {key for key in memory.held if key[0] == GRADIENT + EDGE and key[2] == 0}:
        assert isinstance(linear, int)
        node = plan.graph.nodes[linear]
        source = value_array(plan, node.operands[0], storage(plan, reverse(plan)).over)
        rows = [memory.held[GRADIENT + EDGE, linear, t] for t in range(times)]
        values = [memory.read(source, t) for t in range(times)]
        found[str(node.attribute)] = np.concatenate(rows).T @ np.concatenate(values)
    return found
