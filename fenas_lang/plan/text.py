"""A plan as readable text: what is computed before the time loop and in it, level by level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from fenas_lang.ir.text import number_text
from fenas_lang.plan.plan import Column, Level, Plan, Product
from fenas_lang.plan.reverse import EDGE, STATE, Reverse, Role


def plan_text(plan: Plan) -> str:
    """The dump of a plan; a value without a name of the cell's is shown as `%12`."""
    return "\n".join(_Printer(plan).lines()) + "\n"


def reverse_text(plan: Plan, backwards: Reverse) -> str:
    """The dump of a plan's step backwards, with what it needs of the forward step and gives."""
    forward = _Printer(plan)
    lines = [f"saved for the way back: {forward._list(backwards.saved)}", ""]
    results = zip(backwards.results, backwards.plan.graph.outputs, strict=True)
    printer = _Printer(backwards.plan)
    given = [f"    {forward.role(role)} = {printer._value(index)}" for role, index in results]
    *step, _, close, end = printer.lines()
    return "\n".join([*lines, *step, *given, close, end]) + "\n"


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

    def role(self, role: Role) -> str:
        """The name of a result of the step backwards, which this plan's loop has."""
        of = role.of
        if role.kind == STATE:
            of = self.plan.graph.states[int(of)]
        elif role.kind == EDGE:
            of = str(self.nodes[int(of)].attribute)
        elif isinstance(of, int):
            of = self._value(of)
        return f"gradient of {role.kind} {of}"

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
        unnamed = str(node.attribute) if node.op == "state" else f"%{index}"
        return self.names.get(index, unnamed)

    def _list(self, indices: Iterable[int]) -> str:
        return ", ".join(map(self._value, indices)) or "nothing"
