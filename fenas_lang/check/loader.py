"""Cells by reference: a file, `file.fen:NAME`, text, or a cell of the shipped library."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from fenas_lang.check.check import CheckedModule, check_source
from fenas_lang.check.names import nearest
from fenas_lang.diagnostics import FenError
from fenas_lang.rules import files as rule
from fenas_lang.rules import syntax as syntax_rule
from fenas_lang.source import SourceFile
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell
from fenas_lang.syntax.parser import MAX_CHARACTERS

MAX_BYTES = 4 * MAX_CHARACTERS


def load(reference: str | Path, space: Space | None = None) -> Cell:
    """The cell that a reference names, checked.

    `reference` is a path, a path with `:NAME` where the file holds several cells, or the name of
    a shipped cell (`GRU`, `gru.fen`, whatever its case) where no file has that name.  Raises
    FenError.
    """
    source, name = find(reference)
    return one_cell(source, name, space)


def loads(text: str, name: str | None = None, space: Space | None = None) -> Cell:
    """The cell in a text; `name` picks one of several.  Raises FenError."""
    return one_cell(SourceFile(text), name, space)


def resolve(cell: Cell | str | Path, space: Space | None = None) -> Cell:
    """A cell as it is, or the one that a reference names."""
    return cell if isinstance(cell, Cell) else load(cell, space)


def find(reference: str | Path) -> tuple[SourceFile, str | None]:
    """The source that a reference names, and the cell's name in it, if it says one."""
    text = str(reference)
    path, name = Path(text), None
    if not path.exists() and ":" in text:
        before, _, after = text.rpartition(":")
        if after.isidentifier():
            path, name = Path(before), after
    if path.exists():
        return read(path), name
    return _shipped_source(str(path)), name


def read(path: Path) -> SourceFile:
    """The text of a file; raises FenError where it is unreadable, too large or not UTF-8."""
    try:
        if path.is_dir():
            raise rule.IS_DIRECTORY.error(path=path)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise rule.UNREADABLE.error(path=path, reason=error.strerror or str(error)) from error
    return decode(data, path)


def decode(data: bytes, path: Path | None = None, shown: str | None = None) -> SourceFile:
    """Bytes as a source; raises FenError where they are not UTF-8 or too many."""
    name = shown or str(path)
    if len(data) > MAX_BYTES:
        raise syntax_rule.TOO_LARGE.error(size=len(data), limit=MAX_CHARACTERS)
    try:
        return SourceFile(data.decode("utf-8"), path, name)
    except UnicodeDecodeError as error:
        offset = error.start
        raise syntax_rule.NOT_UTF8.error(path=name, offset=offset, byte=data[offset]) from error


def one_cell(source: SourceFile, name: str | None = None, space: Space | None = None) -> Cell:
    """The one cell of a source, or the one called `name`; raises FenError."""
    module = check_source(source, space)
    errors = [d for d in module.diagnostics if d.severity == "error"]
    if errors:
        raise FenError(errors)
    return _pick(module, source, name)


def _pick(module: CheckedModule, source: SourceFile, name: str | None) -> Cell:
    cells = {checked.cell.name: checked.cell for checked in module.cells}
    if name is None and len(cells) == 1:
        return next(iter(cells.values()))
    if name is None:
        raise rule.WHICH_CELL.error(
            path=source.name, names=", ".join(cells), first=next(iter(cells))
        )
    if name not in cells:
        suggestion = nearest(name, cells) or next(iter(cells))
        raise rule.NO_SUCH_CELL.error(path=source.name, name=name, suggestion=suggestion)
    return cells[name]


@cache
def shipped_cells() -> tuple[str, ...]:
    """Names of the cells in the library, in alphabetical order."""
    names = (entry.name for entry in files("fenas_lang.cells").iterdir())
    return tuple(sorted((n[:-4] for n in names if n.endswith(".fen")), key=str.casefold))


def shipped(name: str) -> SourceFile:
    """The source of a shipped cell, by its exact name."""
    file = files("fenas_lang.cells") / f"{name}.fen"
    return SourceFile(file.read_text(encoding="utf-8"), None, f"{name}.fen")


def _shipped_source(reference: str) -> SourceFile:
    wanted = reference.removesuffix(".fen").casefold()
    for name in shipped_cells():
        if name.casefold() == wanted:
            return shipped(name)
    suggestion = nearest(reference.removesuffix(".fen"), shipped_cells())
    raise rule.MISSING_FILE.error(path=reference, suggestion=suggestion)
