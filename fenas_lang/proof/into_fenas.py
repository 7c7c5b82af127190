"""Cells of ENAS and DARTS as cells of FENAS that contain them, and the parameters that show it.

The translation is a construction: what it returns is a claim, for the checker to verify.  It takes

* for the first node 5 nodes; where D = H two, as `tanh_skip(x, h - x)` has the plain sum h, and its
  gate and activation see `V x + V' (h - x)`, which is any combination of x and h;
* for a gated node its own function;
* for a gated identity, `s + c * (W s - s)`, two: with `a = (W - 2) s`, the plain sum of a and s is
  `W s - s`, and `tanh_skip(a, s)` with zeros in its tanh and the gate -V leaves `c * (W s - s)`;
  s itself is added where the node is read, in a third, and else only in the output;
* for an output that is not the mean of just its loose ends, weighted identities, each of which
  reads two of its terms: these are then the loose ends.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from fenas_lang.check.loader import loads
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.substitution import (
    NO_MATRIX,
    NO_VECTOR,
    MatrixValue,
    Substitution,
    Value,
)
from fenas_lang.proof.verdicts import Finding, Kind
from fenas_lang.proof.verification import becomes
from fenas_lang.spaces.flat import names_read
from fenas_lang.syntax.ast import Call, Cell, Node

FIRST, GATED_IDENTITY = "first", "identity_skip"
GATED = ("tanh_skip", "relu_skip", "sigmoid_skip")
_ONE = Fraction(1)


@dataclass(frozen=True)
class Translation:
    """A cell of FENAS, and its parameters in terms of the original's under which it is that.

    `square` where it is so only for D = H.
    """

    cell: Cell
    values: Substitution
    square: bool

    @property
    def nodes(self) -> int:
        """How many nodes it has; the mean that forms the output is none."""
        return sum(not _is_mean(node) for node in self.cell.nodes)

    def finding(self, original: Cell) -> Finding:
        """That the cell contains the original.  Raises AssertionError where it does not."""
        one, two = expand(lower(self.cell)), expand(lower(original))
        assert becomes(one, two, self.values, self.square)
        return Finding(Kind.CONTAINS, self.values, square=self.square)


def into_fenas(cell: Cell, square: bool = False) -> Translation:
    """A cell of the spaces enas and darts in FENAS; `square` takes D = H for granted.

    Raises ValueError for a cell of other nodes.
    """
    builder = _Builder(cell, square)
    *nodes, last = cell.nodes if _is_mean(cell.nodes[-1]) else (*cell.nodes, None)
    for node in nodes:
        if node is not None:
            builder.add(node)
    averaged = _reads(last) if last is not None else [cell.outputs[0].name]
    output = builder.output(averaged)
    head = f"cell {cell.name}_in_FENAS({cell.input}, {cell.states[0]}) -> {output}"
    made = loads(f"{head} {{ {'; '.join(builder.lines)} }}")
    values: dict[str, Value] = {
        p.name: NO_MATRIX if p.kind == "weight" else NO_VECTOR for p in lower(made).parameters
    }
    return Translation(made, {**values, **builder.values}, square)


def _is_mean(node: Node) -> bool:
    return isinstance(node.value, Call) and node.value.function == "mean"


def _reads(node: Node) -> list[str]:
    """The names that a flat node reads."""
    if not isinstance(node.value, Call):
        raise ValueError(f"{node} is no node of ENAS or DARTS")
    return list(names_read(node.value))


def _matrix(*terms: tuple[Fraction | int, str]) -> MatrixValue:
    """A sum of multiples of matrices; the empty name is the identity."""
    return MatrixValue(tuple((Fraction(c), (name,) if name else ()) for c, name in terms))


@dataclass
class _Builder:
    """The nodes so far as lines, and values of parameters other than zero."""

    cell: Cell
    square: bool
    lines: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    _sums: dict[str, tuple[str, str]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.read = Counter(
            n for node in self.cell.nodes if not _is_mean(node) for n in _reads(node)
        )
        self._taken |= {self.cell.input, *self.cell.states, *(n.name for n in self.cell.nodes)}

    def add(self, node: Node) -> None:
        """Translate one node."""
        assert isinstance(node.value, Call)
        function, name, reads = node.value.function, node.name, _reads(node)
        if function == FIRST:
            self._first_of_square(name, *reads) if self.square else self._first(name, *reads)
        elif function == GATED_IDENTITY:
            self._gated_identity(name, *reads)
        elif function in GATED and len(reads) == 1:
            self._line(name, f"{function}({reads[0]})")
            for weight in (f"{name}.{reads[0]}", f"{name}.gate.{reads[0]}"):
                self.values[weight] = _matrix((1, weight))
        else:
            raise ValueError(f"{node} is no node of ENAS or DARTS")

    def output(self, averaged: list[str]) -> str:
        """The mean of nodes; gives its name."""
        terms = Counter(term for name in averaged for term in self._sums.get(name, (name,)))
        loose = not self._sums.keys() & set(averaged) and not any(self.read[n] for n in averaged)
        if not loose:
            return self._mean(self._weighted(terms, len(averaged)))
        return self._mean(averaged)

    def _weighted(self, terms: Mapping[str, int], total: int) -> list[str]:
        """Nodes whose mean is the sum of multiples of others over `total`."""
        parts, names = list(terms), list[str]()
        groups = [parts[k : k + 2] for k in range(0, len(parts), 2)]
        for group in groups:
            name = self._fresh("m")
            self._line(name, f"identity({', '.join('@' + part for part in group)})")
            for part in group:
                share = Fraction(len(groups) * terms[part], total)
                self.values[f"{name}.{part}"] = _matrix((share, ""))
            names.append(name)
        return names

    def _mean(self, names: list[str]) -> str:
        if len(names) == 1:
            return names[0]
        output = self.cell.outputs[0].name
        self._line(output, f"mean({', '.join(names)})")
        return output

    def _first(self, name: str, x: str, h: str) -> None:
        gate, candidate, change, part = map(self._fresh, ("g", "t", "d", "p"))
        self._line(gate, f"sigmoid(@{x}, @{h})")
        self._line(candidate, f"tanh(@{x}, @{h})")
        self._line(change, f"{candidate} - {h}")
        self._line(part, f"{gate} * {change}")
        self._line(name, f"{h} + {part}")
        for number, made in enumerate((gate, candidate), 1):
            for source in (x, h):
                self.values[f"{made}.{source}"] = _matrix((1, f"{name}_{number}.{source}"))

    def _first_of_square(self, name: str, x: str, h: str) -> None:
        rest = self._fresh("r")
        self._line(rest, f"{h} - {x}")
        self._line(name, f"tanh_skip({x}, {rest})")
        for number, middle in ((1, ".gate."), (2, ".")):
            of_x, of_h = f"{name}_{number}.{x}", f"{name}_{number}.{h}"
            self.values[f"{name}{middle}{x}"] = _matrix((1, of_x), (1, of_h))
            self.values[f"{name}{middle}{rest}"] = _matrix((1, of_h))

    def _gated_identity(self, name: str, source: str) -> None:
        inner, change = self._fresh("a"), self._fresh("u")
        self._line(inner, f"identity(@{source})")
        self._line(change, f"tanh_skip({inner}, {source})")
        self.values[f"{inner}.{source}"] = _matrix((1, f"{name}_2.{source}"), (-2, ""))
        self.values[f"{change}.gate.{source}"] = _matrix((-1, f"{name}_1.{source}"))
        if self.read[name]:
            self._line(name, f"{source} + {change}")
        else:
            self._sums[name] = (*self._sums.get(source, (source,)), change)

    def _line(self, name: str, value: str) -> None:
        self.lines.append(f"{name} = {value}")

    def _fresh(self, stem: str) -> str:
        """A name that is not in use."""
        number = 1
        while f"{stem}{number}" in self._taken:
            number += 1
        self._taken.add(f"{stem}{number}")
        return f"{stem}{number}"


__all__ = ["Translation", "into_fenas"]
