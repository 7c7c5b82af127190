"""A plan as a function of jax: what it hoists for all time steps at once, then `lax.scan`."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

from fenas_lang.plan.plan import Level, Plan, Product

Values = dict[int, Any]


def operations() -> dict[str, Callable[..., Any]]:
    """Elementwise primitives, a row each."""
    jnp, nn = importlib.import_module("jax.numpy"), importlib.import_module("jax.nn")
    return {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "neg": lambda a: -a,
        "tanh": jnp.tanh,
        "sigmoid": nn.sigmoid,
        "relu": nn.relu,
        "step": lambda a: jnp.heaviside(a, 0.0),
        "exp": jnp.exp,
        "log": jnp.log,
        "reciprocal": lambda a: 1 / a,
        "sin": jnp.sin,
        "cos": jnp.cos,
        "erf": importlib.import_module("jax.scipy.special").erf,
    }


def plan_function(plan: Plan, states: tuple[Any, ...]) -> Callable[[dict[str, Any], Any], Any]:
    """`run(parameters, x)`: the outputs (T, B, H) of x (T, B, D), from states (B, H) on."""
    lax = importlib.import_module("jax.lax")

    def run(parameters: dict[str, Any], x: Any) -> Any:
        tracing = _Tracing(plan, parameters, states[0])
        tracing.stack((*plan.before, *plan.loop))
        before = tracing.leaves(x)
        tracing.levels(plan.before, before)
        handed = {k: before[k] for k in plan.handed}
        moving = {k: value for k, value in handed.items() if value.ndim == 3}
        fixed = {k: value for k, value in before.items() if value.ndim < 3}

        def step(carry: tuple[Any, ...], rows: Values) -> tuple[tuple[Any, ...], Any]:
            values = {**fixed, **rows, **tracing.states(carry)}
            tracing.levels(plan.loop, values)
            results = tuple(tracing.full(values[k]) for k in plan.graph.outputs)
            return results, results[0]

        return lax.scan(step, states, moving, length=len(x))[1]

    return run


class _Tracing:
    """A plan's levels over values of jax, with the weights of a product as one matrix."""

    def __init__(self, plan: Plan, parameters: dict[str, Any], like: Any):
        self.nodes, self.names = plan.graph.nodes, plan.graph.states
        self.parameters, self.like = parameters, like
        self.operations = operations()
        self.numpy = importlib.import_module("jax.numpy")
        self.stacked: dict[Product, Any] = {}

    def leaves(self, x: Any) -> Values:
        """Inputs, biases and constants; the latter are vectors (H)."""
        found = {}
        for index, node in enumerate(self.nodes):
            if node.op == "input":
                found[index] = x
            elif node.op == "param":
                found[index] = self.parameters[str(node.attribute)]
            elif node.op == "const":
                value = float(node.attribute)  # type: ignore[arg-type]
                found[index] = self.numpy.full_like(self.like[0], value)
        return found

    def states(self, carry: tuple[Any, ...]) -> Values:
        given = dict(zip(self.names, carry, strict=True))
        states = (k for k, node in enumerate(self.nodes) if node.op == "state")
        return {k: given[str(self.nodes[k].attribute)] for k in states}

    def full(self, value: Any) -> Any:
        """A value for each row, also of what is the same in all."""
        return self.numpy.broadcast_to(value, self.like.shape)

    def stack(self, levels: Iterable[Level]) -> None:
        """Joins the weights of each product, once for all time steps."""
        for level in levels:
            for product in level.products:
                names = [str(self.nodes[c.linear].attribute) for c in product.columns]
                parts = [self.parameters[name].T for name in names]
                self.stacked[product] = self.numpy.concatenate(parts, axis=1)

    def levels(self, levels: Iterable[Level], values: Values) -> None:
        """Computes levels into `values`."""
        for level in levels:
            for product in level.products:
                self._product(product, values)
            for index in level.pointwise:
                values[index] = self._pointwise(index, values)

    def _product(self, product: Product, values: Values) -> None:
        result = values[product.source] @ self.stacked[product]
        parts = self.numpy.split(result, len(product.columns), axis=-1)
        for column, part in zip(product.columns, parts, strict=True):
            values[column.linear] = part
            if column.base is not None:
                values[column.result] = part + values[column.base]

    def _pointwise(self, index: int, values: Values) -> Any:
        node = self.nodes[index]
        operands = [values[k] for k in node.operands]
        if node.op == "elementwise_weight":
            return self.parameters[str(node.attribute)] * operands[0]
        return self.operations[node.op](*operands)
