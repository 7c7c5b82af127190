"""How emitted torch writes each primitive, and the node functions that torch has by name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

SUM, PRODUCT, SIGN, ATOM = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Text:
    """Source of an expression and how tightly its outermost operator binds."""

    text: str
    binding: int = ATOM

    def within(self, binding: int) -> str:
        """The source as an operand of an operator that binds so tightly."""
        return self.text if self.binding >= binding else f"({self.text})"


@dataclass(frozen=True, slots=True)
class Row:
    """One primitive: a template, how tightly it binds, and how tightly its operands must."""

    template: str
    binding: int = ATOM
    operands: tuple[int, ...] = (0,)

    def fill(self, *operands: Text) -> Text:
        """The expression for these operands."""
        parts = (o.within(b) for o, b in zip(operands, self.operands, strict=True))
        return Text(self.template.format(*parts), self.binding)


ROWS: dict[str, Row] = {
    "elementwise_weight": Row("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    "add": Row("{} + {}", SUM, (SUM, PRODUCT)),
    "sub": Row("{} - {}", SUM, (SUM, PRODUCT)),
    "mul": Row("{} * {}", PRODUCT, (PRODUCT, SIGN)),
    "neg": Row("-{}", SIGN, (SIGN,)),
    "tanh": Row("torch.tanh({})"),
    "sigmoid": Row("torch.sigmoid({})"),
    "relu": Row("torch.relu({})"),
    "step": Row("torch.sign(torch.relu({}))"),
    "exp": Row("torch.exp({})"),
    "log": Row("torch.log({})"),
    "reciprocal": Row("1 / {}", PRODUCT, (SIGN,)),
    "sin": Row("torch.sin({})"),
    "cos": Row("torch.cos({})"),
    "erf": Row("torch.erf({})"),
}
"""Elementwise primitives; matrix products, parameters and inputs belong to the plan's writer."""

NAMED: dict[str, Row] = {
    "leaky_relu": Row("F.leaky_relu({})"),
    "silu": Row("F.silu({})"),
    "gelu": Row("F.gelu({})"),
    "elu": Row("F.elu({})"),
    # torch's own threshold of 20 is already wrong by 2e-9.
    "softplus": Row("F.softplus({}, threshold=40.0)"),
    "softsign": Row("F.softsign({})"),
    "abs": Row("torch.abs({})"),
}
"""Functions that torch computes in one operation: sugar, their primitives would do."""

QUOTIENT = Row("{} / {}", PRODUCT, (PRODUCT, SIGN))
SHORT_DECIMAL = 6


def constant(value: Fraction) -> Text:
    """An exact value as a Python number."""
    try:
        number = float(value)
    except OverflowError:
        number = float("inf") if value > 0 else float("-inf")
    text = (
        str(int(number))
        if number.is_integer() and abs(number) < 2**53
        else repr(number).replace("e+", "e")
    )
    if "inf" in text:
        text = f'float("{text}")'
    return Text(text, SIGN if text.startswith("-") else ATOM)


def divisor(value: object) -> Text | None:
    """Of a value 1/n that has no short decimal: n."""
    if not isinstance(value, Fraction) or value.numerator != 1 or value.denominator == 1:
        return None
    return constant(1 / value) if len(constant(value).text) > SHORT_DECIMAL else None
