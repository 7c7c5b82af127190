"""The meaning of a graph in NumPy, slow and obvious: what every backend is tested against."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fenas_lang.ir.graph import Graph, Node
from fenas_lang.primitives import PRIMITIVES
from fenas_lang.rules.interpret import (
    MISSING_PARAMETERS,
    PARAMETER_SHAPE,
    SQUARE_VALUES,
    STATE_COUNT,
    UNKNOWN_PARAMETERS,
    VALUE_SHAPES,
)

Array = NDArray[np.float64]


def interpret(
    graph: Graph, x: ArrayLike, states: Sequence[ArrayLike], parameters: Mapping[str, ArrayLike]
) -> tuple[Array, ...]:
    """The next states of one time step, in float64.

    `x` has shape (..., D), each of `states` (..., H); the leading dimensions broadcast, and every
    result has all of them.  `parameters` maps every name of LANGUAGE section 4 to its value:
    `r.x` with shape (H, D), `r.h_prev` (H, H), `r.bias` (H).
    Raises FenError for a missing, unknown or misshapen value.
    """
    x_value = _array(x)
    state_values = [_array(state) for state in states]
    lead = _check_values(graph, x_value, state_values)
    hidden_size = state_values[0].shape[-1]
    weights = {name: _array(value) for name, value in parameters.items()}
    _check_parameters(graph, weights, x_value.shape[-1], hidden_size)

    leaves = {graph.input: x_value, **dict(zip(graph.states, state_values, strict=True)), **weights}
    values: list[Array] = []
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            values.append(_evaluate(node, values, leaves, hidden_size))
    shape = (*lead, hidden_size)
    return tuple(np.broadcast_to(values[output], shape).copy() for output in graph.outputs)


def run(
    graph: Graph, xs: ArrayLike, states: Sequence[ArrayLike], parameters: Mapping[str, ArrayLike]
) -> tuple[Array, tuple[Array, ...]]:
    """All outputs of a sequence, and the states after it.

    `xs` has shape (T, ..., D); the outputs have shape (T, ..., H).
    """
    current: tuple[Array, ...] = tuple(_array(state) for state in states)
    outputs = []
    for x in _array(xs):
        current = interpret(graph, x, current, parameters)
        outputs.append(current[0])
    empty = np.empty((0, *current[0].shape))
    return (np.stack(outputs) if outputs else empty), current


def random_parameters(
    graph: Graph, input_size: int, hidden_size: int, rng: np.random.Generator
) -> dict[str, Array]:
    """A value for every parameter, uniform within ±1/√H as `torch.nn.LSTM` starts."""
    bound = hidden_size**-0.5
    return {
        p.name: rng.uniform(-bound, bound, p.sizes(input_size, hidden_size))
        for p in graph.parameters
    }


def _array(value: ArrayLike) -> Array:
    return np.asarray(value, dtype=np.float64)


def _evaluate(
    node: Node, values: Sequence[Array], leaves: Mapping[str, Array], hidden_size: int
) -> Array:
    operands = [values[k] for k in node.operands]
    match node.op:
        case "input" | "state" | "param":
            return leaves[str(node.attribute)]
        case "const":
            return np.full(hidden_size, float(node.attribute))  # type: ignore[arg-type]
        case "linear":
            return operands[0] @ leaves[str(node.attribute)].T
        case "elementwise_weight":
            return leaves[str(node.attribute)] * operands[0]
    meaning = PRIMITIVES[node.op].numpy
    assert meaning is not None, node.op
    result: Any = meaning(np, *operands)
    return _array(result)


def _check_values(graph: Graph, x: Array, states: Sequence[Array]) -> tuple[int, ...]:
    """The broadcast leading dimensions."""
    if len(states) != len(graph.states):
        raise STATE_COUNT.error(
            expected=_count(len(graph.states), "state"),
            names=", ".join(graph.states),
            given=f"{_count(len(states), 'value')} {'is' if len(states) == 1 else 'are'}",
        )
    shapes = [state.shape for state in states]
    problem = _shape_problem(x.shape, shapes)
    if problem:
        raise VALUE_SHAPES.error(input=x.shape, states=", ".join(map(str, shapes)), problem=problem)
    if x.shape[-1] != shapes[0][-1] and _uses_input_unweighted(graph):
        raise SQUARE_VALUES.error(input_size=x.shape[-1], hidden_size=shapes[0][-1])
    return np.broadcast_shapes(x.shape[:-1], *(shape[:-1] for shape in shapes))


def _shape_problem(x: tuple[int, ...], states: Sequence[tuple[int, ...]]) -> str | None:
    if not x or not all(states):
        return "each needs at least one dimension"
    if len({shape[-1] for shape in states}) > 1:
        return "the states differ in their last dimension"
    try:
        np.broadcast_shapes(x[:-1], *(shape[:-1] for shape in states))
    except ValueError:
        return "the dimensions before the last do not broadcast"
    return None


def _uses_input_unweighted(graph: Graph) -> bool:
    inputs = {k for k, node in enumerate(graph.nodes) if node.op == "input"}
    return not inputs.isdisjoint(graph.outputs) or any(
        node.op != "linear" and not inputs.isdisjoint(node.operands) for node in graph.nodes
    )


def _check_parameters(
    graph: Graph, given: Mapping[str, Array], input_size: int, hidden_size: int
) -> None:
    wanted = {parameter.name: parameter for parameter in graph.parameters}
    missing = [name for name in wanted if name not in given]
    unknown = sorted(set(given) - set(wanted))
    if unknown:
        close = difflib.get_close_matches(unknown[0], missing or wanted, 1)
        suggestion = close[0] if close else None
        raise UNKNOWN_PARAMETERS.error(names=", ".join(unknown), suggestion=suggestion)
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MISSING_PARAMETERS.error(names=", ".join(missing), verb=verb)
    for name, parameter in wanted.items():
        expected = parameter.sizes(input_size, hidden_size)
        if given[name].shape != expected:
            raise PARAMETER_SHAPE.error(
                name=name,
                expected=expected,
                symbols=f"({', '.join(parameter.shape)})",
                given=given[name].shape,
            )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
