"""Runs a plan in NumPy as a backend would: the hoisted part over all rows, then the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fenas_lang.plan.plan import Level, Plan
from fenas_lang.primitives import PRIMITIVES

Array = NDArray[np.float64]
Read = Callable[[int], Any]


def run_plan(
    plan: Plan, xs: Array, states: Sequence[Array], parameters: Mapping[str, Array]
) -> tuple[Array, list[Array]]:
    """All outputs (T, B, H) and the states after them; xs (T, B, D), states (B, H).

    Only what the plan hands over crosses from the hoisted part into the loop.
    """
    with np.errstate(all="ignore"):
        return _run(plan, xs, states, parameters)


def _run(
    plan: Plan, xs: Array, states: Sequence[Array], parameters: Mapping[str, Array]
) -> tuple[Array, list[Array]]:
    time, batch, size = xs.shape
    hidden = states[0].shape[-1]
    rows = {plan.graph.input: xs.reshape(time * batch, size)}
    before = _run_levels(plan, plan.before, _leaves(plan, rows, parameters), {}, parameters)
    handed = {k: _rows(before.get(k), rows, time * batch, hidden) for k in plan.handed}
    slices = {k: value.reshape(time, batch, -1) for k, value in handed.items()}
    current, outputs = list(states), []
    for t in range(time):
        values = {k: value[t] for k, value in slices.items()}
        leaves = _leaves(plan, dict(zip(plan.graph.states, current, strict=True)), parameters)
        done = _run_levels(plan, plan.loop, leaves, values, parameters)
        results = [done[k] if k in done else leaves(k) for k in plan.graph.outputs]
        current = [np.broadcast_to(r, (batch, hidden)) for r in results]
        outputs.append(current[0])
    return np.stack(outputs), current


def _rows(value: Any, rows: Mapping[str, Array], count: int, hidden: int) -> Array:
    """A handed value with all its rows; the input itself is handed where the loop reads it."""
    if value is None:
        (value,) = rows.values()
    return np.broadcast_to(value, (count, np.shape(value)[-1] if np.ndim(value) else hidden))


def _leaves(plan: Plan, named: Mapping[str, Array], parameters: Mapping[str, Array]) -> Read:
    def read(index: int) -> Any:
        node = plan.graph.nodes[index]
        if node.op == "const":
            return float(node.attribute)  # type: ignore[arg-type]
        values = parameters if node.op == "param" else named
        return values[str(node.attribute)]

    return read


def _run_levels(
    plan: Plan,
    levels: Sequence[Level],
    leaves: Read,
    given: Mapping[int, Array],
    parameters: Mapping[str, Array],
) -> dict[int, Any]:
    values: dict[int, Any] = dict(given)

    def read(index: int) -> Any:
        return values[index] if index in values else leaves(index)

    for level in levels:
        for product in level.products:
            names = [str(plan.graph.nodes[c.linear].attribute) for c in product.columns]
            matrix = np.concatenate([parameters[name] for name in names])
            source = np.atleast_1d(read(product.source))
            if source.shape[-1] != matrix.shape[1]:
                source = np.broadcast_to(source, matrix.shape[1])
            pieces = np.split(source @ matrix.T, len(names), axis=-1)
            for column, piece in zip(product.columns, pieces, strict=True):
                base = 0.0 if column.base is None else read(column.base)
                values[column.result] = base + piece
        for index in level.pointwise:
            values[index] = _pointwise(plan, index, read, parameters)
    return values


def _pointwise(plan: Plan, index: int, read: Read, parameters: Mapping[str, Array]) -> Any:
    node = plan.graph.nodes[index]
    operands = [read(k) for k in node.operands]
    if node.op == "elementwise_weight":
        return parameters[str(node.attribute)] * operands[0]
    meaning = PRIMITIVES[node.op].numpy
    assert meaning is not None
    return meaning(np, *operands)
