"""The common cell of ENAS and DARTS: gated nodes, each on one node before it, and their mean.

Node 0 mixes the input into the state, `s0 = h + sigmoid(c) * (tanh(u) - h)`; node k puts an
activation on one node before it, `sk = sp + sigmoid(c) * (f(u) - sp)`; the output is the mean of
some of them.  No biases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fenas_lang.rules.importers import ACTIVATION, NO_NODES, PREDECESSOR
from fenas_lang.source import SourceFile
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax.ast import Call, Cell, Expr, Function, Name, Node, Parameter, call
from fenas_lang.syntax.parser import parse

INPUT, STATE, OUTPUT = "x", "h_prev", "h"
FIRST, GATED_IDENTITY = "first", "identity_skip"
ACTIVATIONS = ("tanh", "relu", "sigmoid", "identity")


@dataclass(frozen=True)
class Highway:
    """A genotype: of nodes 1, 2, …, the activation and the number of the node that each reads.

    `first` is the activation of node 0; `form` the name that messages give to where it is from.
    """

    nodes: tuple[tuple[str, int], ...]
    form: str
    first: str = "tanh"

    @property
    def all(self) -> tuple[int, ...]:
        return tuple(range(1, len(self.nodes) + 1))

    @property
    def loose_ends(self) -> tuple[int, ...]:
        """The nodes that no node reads."""
        read = {predecessor for _, predecessor in self.nodes}
        return tuple(k for k in self.all if k not in read)

    def check(self) -> None:
        """Raises FenError (FEN303, FEN304, FEN308) for a genotype that is none."""
        if not self.nodes:
            raise NO_NODES.error()
        for number, (activation, predecessor) in enumerate(self.nodes, 1):
            if activation not in ACTIVATIONS:
                names = ", ".join(ACTIVATIONS)
                raise ACTIVATION.error(
                    node=number, found=activation, form=self.form, activations=names
                )
            if not 0 <= predecessor < number:
                allowed = "node 0" if number == 1 else f"nodes 0 to {number - 1}"
                raise PREDECESSOR.error(node=number, found=predecessor, allowed=allowed)

    def cell(self, name: str, averaged: Sequence[int], spaces: Sequence[str]) -> Cell:
        """The cell, in the first of the spaces whose rules it follows, else in `open`."""
        self.check()
        space = next((s for s in spaces if self._fits(s, tuple(averaged))), "open")
        mean = call("mean", tuple(Name(f"s{k}") for k in averaged))
        nodes = [_node(0, FIRST, INPUT, STATE)]
        nodes += [_node(k, f"{f}_skip", f"s{p}") for k, (f, p) in enumerate(self.nodes, 1)]
        output = f"s{averaged[0]}"
        if len(averaged) > 1:
            output = OUTPUT
            nodes.append(Node(OUTPUT, mean))
        return Cell(
            name,
            space,
            (Parameter(INPUT), Parameter(STATE)),
            (Parameter(output),),
            False,
            tuple(nodes),
            self._functions() if space == "open" else (),
        )

    def _fits(self, space: str, averaged: tuple[int, ...]) -> bool:
        if self.first != "tanh":
            return False
        rules = load_space(space).output
        return ("mean of all nodes" in rules and averaged == self.all) or (
            "mean of loose ends" in rules and averaged == self.loose_ends
        )

    def _functions(self) -> tuple[Function, ...]:
        """What a cell in `open` must bring along."""
        text = f"fn {FIRST}(x, h) = h + sigmoid(@x, @h) * ({self.first}(@x, @h) - h)"
        module, _ = parse(SourceFile(text))
        uses_identity = any(activation == "identity" for activation, _ in self.nodes)
        own = load_space("enas").definitions[GATED_IDENTITY]
        return (*module.functions, own) if uses_identity else module.functions


def _node(number: int, function: str, *sources: str) -> Node:
    arguments: tuple[Expr, ...] = tuple(Name(source) for source in sources)
    value: Call = call(function, arguments)
    return Node(f"s{number}", value)
