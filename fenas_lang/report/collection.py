"""Many cells at once: from files, folders, and recipes of NAS-Bench-NLP."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fenas_lang.check.check import check_source
from fenas_lang.check.loader import find, one_cell
from fenas_lang.diagnostics import FenError, has_errors
from fenas_lang.importers.nas_bench_nlp import from_recipe
from fenas_lang.rules.files import NO_CELLS, UNREADABLE
from fenas_lang.syntax.ast import Cell

Named = tuple[str, Cell]
RECIPES = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True)
class Collection:
    """References to cells; `passed_over` are files of folders that hold other lines of JSON."""

    references: tuple[str, ...]
    passed_over: tuple[str, ...]

    def read(self) -> list[Named]:
        """All cells with a name each.  Raises FenError where one cannot be read, or none is."""
        recipes = sum(reference.endswith(RECIPES) for reference in self.references)
        cells: list[Named] = []
        for reference in self.references:
            if reference.endswith(RECIPES) and Path(reference).exists():
                cells += _of_recipes(Path(reference), f"{reference}:" if recipes > 1 else "")
            else:
                cells += _of_file(reference)
        return cells


def collect(references: Sequence[str]) -> Collection:
    """What the arguments of a command name: folders stand for all that is in them."""
    found: list[str] = []
    passed_over: list[str] = []
    for reference in references:
        if not Path(reference).is_dir():
            found.append(reference)
            continue
        for file in sorted(Path(reference).rglob("*")):
            if file.name.endswith(RECIPES):
                (found if _holds_recipes(file) else passed_over).append(str(file))
            elif file.suffix == ".fen":
                found.append(str(file))
    if not found:
        raise NO_CELLS.error(path=references[0])
    return Collection(tuple(found), tuple(passed_over))


def _holds_recipes(path: Path) -> bool:
    """Whether the first line is a recipe, or holds one."""
    try:
        first = json.loads(next(_lines(path))[1])
    except (FenError, StopIteration, ValueError, RecursionError):
        return False
    inner = first.get("recipe", first) if isinstance(first, Mapping) else None
    nodes = list(inner.values()) if isinstance(inner, Mapping) else []
    return bool(nodes) and all(isinstance(node, Mapping) and "op" in node for node in nodes)


def _of_file(reference: str) -> Iterator[Named]:
    source, name = find(reference)
    if name is not None:
        yield reference, one_cell(source, name)
        return
    module = check_source(source)
    if has_errors(module.diagnostics):
        raise FenError(d for d in module.diagnostics if d.severity == "error")
    several = len(module.cells) > 1
    for checked in module.cells:
        yield (f"{reference}:{checked.cell.name}" if several else reference), checked.cell


def _of_recipes(path: Path, prefix: str) -> Iterator[Named]:
    """One recipe a line, called by its `arch` number, or by its line."""
    for number, line in _lines(path):
        try:
            cell = from_recipe(line)
        except FenError as error:
            raise FenError(
                replace(d, message=f"{path}, line {number}: {d.message}") for d in error.diagnostics
            ) from None
        yield f"{prefix}{json.loads(line).get('arch', number)}", cell


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, with their numbers from 1."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UNREADABLE.error(path=path, reason=str(error)) from error
