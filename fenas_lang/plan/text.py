"""A plan as readable text: what is computed before the time loop and in it, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from fenas_lang.ir.text import number_text
from fenas_lang.plan.plan import Column, Level, Plan, Product


def plan_text(plan: Plan) -> str:
    """The dump of a plan; a value without a name of the cell's is shown as `%12`."""
    return "\n".join(_Printer(plan).lines()) + "\n"


class _Printer:
    def __init__(self, plan: Plan):
        self.plan = plan
        self.nodes = plan.graph.nodes
        self.names = {index: name for name, index in reversed(plan.graph.values)}

    def lines(self) -> Iterator[str]:
        yield f"plan {self.plan.graph.name} {{"
        yield "  before the loop, for all time steps at once {"
        yield from self._levels(self.plan.before)
        yield f"    hand over {self._list(self.plan.handed)}"
        yield "  }"
        yield "  each time step {"
        yield from self._levels(self.plan.loop)
        yield f"    return {self._list(self.plan.graph.outputs)}"
        yield "  }"
        yield "}"

    def _levels(self, levels: tuple[Level, ...]) -> Iterator[str]:
        for level in levels:
            for product in level.products:
                yield from self._product(product)
            yield from (f"    {self._value(k)} = {self._operation(k)}" for k in level.pointwise)

    def _product(self, product: Product) -> Iterator[str]:
        yield f"    product of {self._value(product.source)} {{"
        yield from (f"      {self._column(column)}" for column in product.columns)
        yield "    }"

    def _column(self, column: Column) -> str:
        base = "" if column.base is None else f" + {self._value(column.base)}"
        return f"{self._value(column.result)} = {self.nodes[column.linear].attribute}{base}"

    def _operation(self, index: int) -> str:
        node = self.nodes[index]
        attribute = [] if node.attribute is None else [str(node.attribute)]
        return " ".join([node.op, *attribute, *map(self._value, node.operands)])

    def _value(self, index: int) -> str:
        node = self.nodes[index]
        if node.op == "const":
            assert isinstance(node.attribute, Fraction)
            return number_text(node.attribute)
        if node.op == "param":
            return str(node.attribute)
        return self.names.get(index, f"%{index}")

    def _list(self, indices: Iterable[int]) -> str:
        return ", ".join(map(self._value, indices)) or "nothing"
