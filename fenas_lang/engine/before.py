"""What a plan computes before its loop, as torch operations: gradients are torch's own."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from fenas_lang.engine.kept import Stacks
from fenas_lang.engine.products import Linear, linear
from fenas_lang.plan.plan import Column, Plan, Product
from fenas_lang.plan.storage import Group

OPERATIONS: dict[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "neg": torch.neg,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "step": lambda a: torch.sign(torch.relu(a)),
    "exp": torch.exp,
    "log": torch.log,
    "reciprocal": torch.reciprocal,
    "sin": torch.sin,
    "cos": torch.cos,
    "erf": torch.erf,
}
"""Elementwise primitives."""


def handed_rows(
    plan: Plan,
    groups: tuple[Group, ...],
    x: Tensor,
    size: int,
    parameter: Callable[[str], Tensor],
    stacks: Stacks,
) -> list[Tensor]:
    """For each group of handed values its tensor (N, columns · H), from x (N, D); H is `size`.

    `stacks` are weights of fused products that are ready; those made here are added.
    """
    return _Before(plan, groups, x, size, parameter, stacks).tensors()


class _Before:
    def __init__(
        self,
        plan: Plan,
        groups: tuple[Group, ...],
        x: Tensor,
        size: int,
        parameter: Callable[[str], Tensor],
        stacks: Stacks,
    ):
        self.plan, self.groups, self.x = plan, groups, x
        self.size, self.parameter, self.stacks = size, parameter, stacks
        self.nodes = plan.graph.nodes
        self.values: dict[int, Tensor] = {}
        self.together: dict[Group, Tensor] = {}

    def tensors(self) -> list[Tensor]:
        for level in self.plan.before:
            for product in level.products:
                self._multiply(product)
            for index in level.pointwise:
                self.values[index] = self._compute(index)
        return [self._tensor(group) for group in self.groups]

    def _tensor(self, group: Group) -> Tensor:
        if group in self.together:
            return self.together[group]
        parts = [self._rows(index) for index in group]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

    def _rows(self, index: int) -> Tensor:
        return self._in_rows(self._value(index))

    def _in_rows(self, value: Tensor) -> Tensor:
        """A value for each row, also of what depends on parameters alone."""
        return value if value.dim() == 2 else value.expand(len(self.x), -1).contiguous()

    def _multiply(self, product: Product) -> None:
        columns = product.columns
        result = self._product(self._value(product.source), *self._stack(product))
        group = tuple(column.result for column in columns)
        if len(group) > 1 and group in self.groups and not any(map(self._late, columns)):
            self.together[group] = self._in_rows(result)
            return
        for column, part in zip(columns, result.chunk(len(columns), dim=-1), strict=True):
            late = column.base if self._late(column) else None
            self.values[column.result] = part if late is None else part + self._value(late)

    def _product(self, source: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if torch.compiler.is_compiling() or source.dim() == 1:  # the compiler has its own
            return F.linear(source, weight, bias)
        operands = (source, weight) if bias is None else (source, weight, bias)
        if not (torch.is_grad_enabled() and any(t.requires_grad for t in operands)):
            return linear(source, weight, bias)
        result: Tensor = Linear.apply(source, weight, bias)  # type: ignore[no-untyped-call]
        return result

    def _stack(self, product: Product) -> tuple[Tensor, Tensor | None]:
        """The weights and biases of a product, one below the other."""
        found = self.stacks.get(product.source)
        if found is None:
            names = (str(self.nodes[c.linear].attribute) for c in product.columns)
            found = _stacked(list(map(self.parameter, names))), self._bias(product.columns)
            self.stacks[product.source] = found
        return found

    def _late(self, column: Column) -> bool:
        """Whether it accumulates onto something else than a bias."""
        return column.base is not None and self.nodes[column.base].op != "param"

    def _bias(self, columns: tuple[Column, ...]) -> Tensor | None:
        bases = [None if self._late(c) else c.base for c in columns]
        if all(base is None for base in bases):
            return None
        size = next(self._value(base) for base in bases if base is not None)
        zeros = torch.zeros_like(size)
        return _stacked([zeros if base is None else self._value(base) for base in bases])

    def _compute(self, index: int) -> Tensor:
        node = self.nodes[index]
        operands = [self._value(k) for k in node.operands]
        if node.op == "elementwise_weight":
            return self.parameter(str(node.attribute)) * operands[0]
        return OPERATIONS[node.op](*operands)

    def _value(self, index: int) -> Tensor:
        node = self.nodes[index]
        if node.op == "input":
            return self.x
        if node.op == "param":
            return self.parameter(str(node.attribute))
        if node.op == "const":
            return self.x.new_full((self.size,), float(node.attribute))  # type: ignore[arg-type]
        return self.values[index]


def _stacked(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)
