"""From references to seed cells: flat cells of one space."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fenas_lang.check.check import DEFAULT_SPACE, Checked, check_source, checked
from fenas_lang.check.loader import find
from fenas_lang.diagnostics import FenError
from fenas_lang.registry import suggest
from fenas_lang.rules import files
from fenas_lang.rules import search as rules
from fenas_lang.spaces.model import Space
from fenas_lang.spaces.reader import load_space
from fenas_lang.syntax import ast
from fenas_lang.syntax.ast import NO_COMMENTS, Cell


@dataclass(frozen=True)
class Seeds:
    """Flat cells of `space`; `header` is how they name it, None for the default space."""

    space: Space
    cells: tuple[Cell, ...]

    @property
    def header(self) -> str | None:
        return header_of(self.space)


def header_of(space: Space) -> str | None:
    """How a cell names its space."""
    return None if space.name == DEFAULT_SPACE else space.name


def read_seeds(
    references: Sequence[Cell | str | Path] | Cell | str | Path, space: str | None = None
) -> Seeds:
    """The cells that references name (or one does), every cell of a file that has several.

    Raises FenError where one does not check, or where they are of different spaces and `space`
    does not say which; a name that two cells share gets a number in the second.
    """
    if isinstance(references, str | Path | Cell):
        references = [references]
    given = None if space is None else load_space(space)
    found = [cell for reference in references for cell in _cells(reference, given)]
    spaces = {cell.space.name: cell.space for cell in found}
    if len(spaces) > 1:
        shown = ", ".join(f"`{cell.cell.name}` in {cell.space.name}" for cell in found)
        raise rules.SEEDS_OF_TWO_SPACES.error(spaces=shown)
    one = given or next(iter(spaces.values()), None) or load_space(DEFAULT_SPACE)
    return Seeds(one, tuple(_distinct(plain(c.in_space, header_of(one)) for c in found)))


def _cells(reference: Cell | str | Path, space: Space | None) -> list[Checked]:
    if isinstance(reference, Cell):
        return [checked(reference, space)]
    source, name = find(reference)
    module = check_source(source, space)
    errors = [d for d in module.diagnostics if d.severity == "error"]
    if errors:
        raise FenError(errors)
    names = [c.cell.name for c in module.cells]
    if name is not None and name not in names:
        suggestion = suggest(name, names) or names[0]
        raise files.NO_SUCH_CELL.error(path=source.name, name=name, suggestion=suggestion)
    return [c for c in module.cells if name in (None, c.cell.name)]


def plain(cell: Cell, header: str | None) -> Cell:
    """Without comments, which would not be true of children, and of no particular file."""
    nodes = tuple(ast.Node(node.name, node.value) for node in cell.nodes)
    return replace(cell, space=header, nodes=nodes, comments=NO_COMMENTS, source=None)


def _distinct(cells: Iterable[Cell]) -> list[Cell]:
    names: dict[str, int] = {}
    found = []
    for cell in cells:
        count = names[cell.name] = names.get(cell.name, 0) + 1
        found.append(cell if count == 1 else replace(cell, name=f"{cell.name}_{count}"))
    return found
