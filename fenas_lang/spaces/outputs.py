"""How a space's output rule forms the first output: the last node, or a mean that is rebuilt."""

from __future__ import annotations

from collections.abc import Sequence

from fenas_lang.spaces.flat import function_of, names_read
from fenas_lang.spaces.model import ALL, ANY, LAST, LOOSE, Space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import Cell, Node

RULES = {"last": LAST, "loose": LOOSE, "all": ALL, "any": ANY}
"""The output rules by the words of the command line."""


def loose_ends(nodes: Sequence[Node]) -> tuple[str, ...]:
    """The nodes that no node reads, in order."""
    read = {name for node in nodes for name in names_read(node.value)}
    return tuple(node.name for node in nodes if node.name not in read)


def rule_mean(cell: Cell, space: Space) -> Node | None:
    """The mean that the output rule of a flat cell made: the first output, which no node reads."""
    if not {LOOSE, ALL}.intersection(space.output) or not cell.outputs:
        return None
    first = cell.outputs[0].name
    node = next((node for node in cell.nodes if node.name == first), None)
    if node is None or function_of(node.value) != "mean":
        return None
    return None if any(first in names_read(n.value) for n in cell.nodes) else node


def averaged(space: Space, rule: str, nodes: Sequence[Node]) -> tuple[str, ...]:
    """The nodes that a rule averages; `all` are those after the one that a space starts with."""
    if rule == LOOSE:
        return loose_ends(nodes)
    begins = 1 if space.first and len(nodes) > 1 else 0
    return tuple(node.name for node in nodes[begins:])


def rule_output(
    space: Space, rule: str, nodes: Sequence[Node], name: str = "h"
) -> tuple[tuple[Node, ...], str]:
    """The nodes with the rule's `mean` after them, if it makes one, and the first output's name.

    `nodes` are flat and without an earlier mean of the rule; `name` is what the mean is called.
    The mean of one node is that node itself.
    """
    if rule == LAST:
        return tuple(nodes), nodes[-1].name
    names = averaged(space, rule, nodes)
    if len(names) == 1:
        return tuple(nodes), names[0]
    mean = Node(name, ast.call("mean", tuple(ast.Name(n) for n in names)))
    return (*nodes, mean), name
