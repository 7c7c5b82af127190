"""The cell as equations, one a live node: as SymPy expressions, in LaTeX and as text.

Values are real symbols by their names in the cell, products are elementwise.  A matrix is an
undefined function `W__r__x` of one argument (node r's edge from x), in a skip node's gate
`V__n__x`; biases are symbols `b__r` and `v__n`, an elementwise weight is a symbol `w__r__c_prev`.
Names in a cell hold no `__`, so none of these can clash.  `sigmoid`, `relu` and `step` are
undefined functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import node_term
from fenas_lang.primitives import Term

sigmoid, relu, step = (sympy.Function(name) for name in ("sigmoid", "relu", "step"))


@dataclass(frozen=True)
class Equation:
    """`name = expression`."""

    name: str
    expression: sympy.Expr

    @property
    def sympy(self) -> str:
        """As SymPy prints it: `Eq(r, sigmoid(b__r + W__r__x(x)))`."""
        return f"Eq({self.name}, {self.expression})"

    @property
    def latex(self) -> str:
        return f"{_latex_name(self.name)} = {_Latex().doprint(_rounded(self.expression))}"

    @property
    def text(self) -> str:
        """The expression for people: `sigmoid(W[r,x]·x + b[r])`."""
        return str(_Text().doprint(_rounded(self.expression)))


def equations(dataflow: Dataflow) -> tuple[Equation, ...]:
    """What each live node is, in the order of evaluation."""
    return tuple(Equation(node.name, _expression(node_term(node))) for node in dataflow.live)


def _expression(term: Term) -> sympy.Expr:
    if term.op == "add":
        return sympy.Add(*map(_expression, _summands(term)))
    return BUILDERS[term.op](term.attribute, *map(_expression, term.operands))


def _summands(term: Term) -> list[Term]:
    """Of nested sums; a loop, since there may be thousands."""
    found, pending = [], [term]
    while pending:
        current = pending.pop()
        if current.op == "add":
            pending += current.operands
        else:
            found.append(current)
    return found


def _symbol(name: Any) -> sympy.Symbol:
    return sympy.Symbol(str(name), real=True)


def _parameter(letter: str, gate_letter: str, name: Any) -> str:
    """`W__r__x` for the parameter `r.x`."""
    node, *rest = str(name).split(".")
    if rest[0] == "gate":
        letter, rest = gate_letter, rest[1:]
    return "__".join([letter, node, *(part for part in rest if part != "bias")])


def _matrix(name: Any, operand: sympy.Expr) -> sympy.Expr:
    return sympy.Function(_parameter("W", "V", name), real=True)(operand)


BUILDERS: dict[str, Callable[..., sympy.Expr]] = {
    "value": lambda name: _symbol(name),
    "param": lambda name: _symbol(_parameter("b", "v", name)),
    "const": lambda value: sympy.Rational(value.numerator, value.denominator),
    "linear": _matrix,
    "elementwise_weight": lambda name, a: _symbol(_parameter("w", "w", name)) * a,
    "sub": lambda _, a, b: a - b,
    "mul": lambda _, a, b: a * b,
    "neg": lambda _, a: -a,
    "tanh": lambda _, a: sympy.tanh(a),
    "sigmoid": lambda _, a: sigmoid(a),
    "relu": lambda _, a: relu(a),
    "step": lambda _, a: step(a),
    "exp": lambda _, a: sympy.exp(a),
    "log": lambda _, a: sympy.log(a),
    "reciprocal": lambda _, a: 1 / a,
    "sin": lambda _, a: sympy.sin(a),
    "cos": lambda _, a: sympy.cos(a),
    "erf": lambda _, a: sympy.erf(a),
}
"""Each primitive but `add` in SymPy, from its attribute and operands; `value` is a node by name."""


def _rounded(expression: sympy.Expr) -> sympy.Expr:
    """With constants of many digits as decimals, for reading."""
    long = [r for r in expression.atoms(sympy.Rational) if r.q > 1000]
    return expression.xreplace({r: sympy.Float(r, 6) for r in long})


class _Text(StrPrinter):  # type: ignore[misc]
    def _print_Symbol(self, symbol: sympy.Symbol) -> str:
        letter, *rest = symbol.name.split("__")
        return f"{letter}[{','.join(rest)}]" if rest else letter

    def _print_Function(self, call: sympy.Expr) -> str:
        letter, *rest = call.func.__name__.split("__")
        arguments = self.stringify(call.args, ", ")
        return f"{letter}[{','.join(rest)}]·{arguments}" if rest else f"{letter}({arguments})"


_LATEX_FUNCTIONS = {"sigmoid": r"\sigma", "relu": r"\operatorname{ReLU}", "step": r"\theta"}


class _Latex(LatexPrinter):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__({"mul_symbol": r" \odot "})

    def _print_Symbol(self, symbol: sympy.Symbol, style: str = "plain") -> str:
        return _latex_name(symbol.name)

    def _print_Function(self, call: sympy.Expr, exp: str | None = None) -> str:
        name, argument = call.func.__name__, self._print(call.args[0])
        power = f"^{{{exp}}}" if exp else ""
        if "__" in name:
            text = f"{_latex_name(name)} {argument}"
            return rf"\left({text}\right){power}" if exp else text
        if name in _LATEX_FUNCTIONS:
            return rf"{_LATEX_FUNCTIONS[name]}{power}\left({argument}\right)"
        return str(super()._print_Function(call, exp))


def _latex_name(name: str) -> str:
    """`h_prev` as h with a subscript, `W__r__x` as W with two."""
    letter, *rest = name.split("__")
    if rest:
        return f"{letter}_{{{','.join(map(_latex_name, rest))}}}"
    underscore = r"\_" if name.startswith("_") else ""
    base, *subscripts = name.lstrip("_").split("_")
    head = _upright(underscore + base)
    return f"{head}_{{{','.join(map(_upright, subscripts))}}}" if subscripts else head


def _upright(word: str) -> str:
    return word if len(word) == 1 or word.isdigit() else rf"\mathrm{{{word}}}"
