r"""Names as mathematicians write them: `h_prev` is h_{t-1}, `n3` is n_{3,t}, `zh` is \mathit{zh}_t.

The node that is the next value of a state is that state's letter at time t; no two names share a
symbol.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from fenas_lang.emit.symbols import state_bases
from fenas_lang.ir.graph import Dataflow, Edge, FlatNode

_INDEXED = re.compile(r"([A-Za-z])_?(\d+)")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter or word, and an index."""

    head: str
    index: str = ""
    primes: str = ""

    @property
    def bare(self) -> str:
        """Without time, as a subscript of a parameter."""
        return self.head + self.primes + (_subscript(self.index) if self.index else "")

    @property
    def hat(self) -> str:
        """The candidate of a skip node."""
        accent = r"\hat" if len(self.head) == 1 else r"\widehat"
        return replace(self, head=f"{accent}{{{self.head}}}").at("t")

    def at(self, time: str) -> str:
        """At a time step."""
        subscript = f"{self.index},{time}" if self.index else time
        return self.head + self.primes + _subscript(subscript)


def _subscript(text: str) -> str:
    return f"_{text}" if len(text) == 1 else f"_{{{text}}}"


def symbol(name: str) -> Symbol:
    """The symbol of an identifier by itself."""
    if match := _INDEXED.fullmatch(name):
        return Symbol(match[1], match[2])
    escaped = name.replace("_", r"\_")
    return Symbol(name if len(name) == 1 and name.isalpha() else rf"\mathit{{{escaped}}}")


@dataclass(frozen=True)
class Notation:
    """The symbols of one cell: `symbols` by name, those that are values of the step before, and
    the nodes that bear a state's letter.
    """

    symbols: dict[str, Symbol]
    before: frozenset[str]
    next_states: frozenset[str]
    renamed_outputs: tuple[tuple[str, str], ...]
    """(h_t, name) of each output that cannot bear its state's letter: an input, or a node twice."""

    @classmethod
    def of(cls, flow: Dataflow) -> Notation:
        letters = [symbol(base) for base in state_bases(flow)]
        symbols = dict(zip((flow.input, *flow.states), (symbol(flow.input), *letters), strict=True))
        renamed, next_states = [], set()
        for letter, output in zip(letters, flow.outputs, strict=True):
            if output in symbols:
                renamed.append((letter.at("t"), output))
            else:
                symbols[output] = letter
                next_states.add(output)
        taken = set(symbols.values())
        for node in flow.nodes:
            if node.name not in symbols:
                symbols[node.name] = _distinct(symbol(node.name), taken)
        return cls(symbols, frozenset(flow.states), frozenset(next_states), tuple(renamed))

    def value(self, name: str) -> str:
        """A value of this step, or of the step before where it is a state."""
        return self.symbols[name].at("t-1" if name in self.before else "t")

    def bias(self, letter: str, node: FlatNode) -> str:
        """The symbol of a node's bias."""
        return letter + _subscript(self.symbols[node.name].bare)

    def weight(self, letter: str, node: FlatNode, edge: Edge, parameter: str) -> str:
        """The symbol of an edge's parameter: its node and source are the subscript."""
        source = str(edge.source)
        shared = source in self.next_states
        read = self.value(source) if shared else self.symbols[source].bare
        number = parameter.rpartition(".")[2]
        again = f"^{{({number})}}" if number.isdigit() else ""
        return f"{letter}_{{{self.symbols[node.name].bare},{read}}}{again}"


def _distinct(wanted: Symbol, taken: set[Symbol]) -> Symbol:
    """The symbol with as many primes as it takes to be new; it is then taken."""
    while wanted in taken:
        wanted = replace(wanted, primes=wanted.primes + "'")
    taken.add(wanted)
    return wanted
