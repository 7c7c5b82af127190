"""Which of a space's output rules a cell follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from fenas_lang.spaces import model
from fenas_lang.spaces.flat import arguments_of, names_read
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.outputs import averaged, rule_mean
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Node

IN_WORDS = {
    model.LAST: "its last node",
    model.LOOSE: "the mean of exactly its loose ends",
    model.ALL: "the mean of all its nodes",
}
MOST_NAMED = 20
"""A hint names no more nodes than this."""


@dataclass
class OutputRules:
    """The output of a cell that is flat but for the calls of the space's own functions."""

    cell: Cell
    space: Space

    @cached_property
    def mean(self) -> Node | None:
        """The mean that the output rule makes, if there is one."""
        return rule_mean(self.cell, self.space)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes but for that mean."""
        return tuple(node for node in self.cell.nodes if node is not self.mean)

    def followed(self) -> str | None:
        """The first rule of the space that the cell follows."""
        return next((rule for rule in self.space.output if self._follows(rule)), None)

    def in_words(self) -> str:
        """What the space allows."""
        return ", or ".join(IN_WORDS[rule] for rule in self.space.output)

    def hint(self) -> str | None:
        """What the output could be instead."""
        if not self.nodes:
            return None
        means = [rule for rule in self.space.output if rule in (model.LOOSE, model.ALL)]
        if model.LAST in self.space.output and not (self.mean and means):
            return f"the last node is `{self.nodes[-1].name}`"
        names = averaged(self.space, means[0], self.nodes)
        return f"write `mean({', '.join(names)})`" if len(names) <= MOST_NAMED else None

    def _follows(self, rule: str) -> bool:
        if rule == model.ANY:
            return True
        output = self.cell.outputs[0].name
        if rule == model.LAST:
            return bool(self.nodes) and self.mean is None and output == self.nodes[-1].name
        names = averaged(self.space, rule, self.nodes)
        if self.mean is None:
            return names == (output,)
        plain = all(isinstance(a, ast.Name) for a in arguments_of(self.mean.value))
        return plain and sorted(names_read(self.mean.value)) == sorted(names)
