"""Which of many cells are the same: groups by canonical key, and by the key up to algebra."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenas_lang.check.check import check_source
from fenas_lang.check.loader import find, one_cell
from fenas_lang.diagnostics import FenError, has_errors
from fenas_lang.importers.nas_bench_nlp import from_recipe
from fenas_lang.ir.canonical import KEY_VERSION, canonical_key
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.ring_key import NO_RING_KEY, ring_key
from fenas_lang.rules.files import UNREADABLE
from fenas_lang.syntax.ast import Cell

Named = tuple[str, Cell]
RECIPES = (".jsonl", ".jsonl.gz")
SHOWN = 20
"""Groups that the text lists."""
NAMES = 8
"""Names of each group that the text lists."""


@dataclass(frozen=True)
class Entry:
    """One cell with its keys."""

    name: str
    canonical: str
    ring: str

    @property
    def group(self) -> str:
        """The strongest key that there is."""
        return self.canonical if self.ring == NO_RING_KEY else self.ring


@dataclass(frozen=True)
class Groups:
    """Cells in the order given, and those that are the same."""

    entries: tuple[Entry, ...]

    @property
    def same(self) -> list[list[str]]:
        """Names of cells that are equal up to algebra, largest groups first, without singles."""
        found: dict[str, list[str]] = {}
        for entry in self.entries:
            found.setdefault(entry.group, []).append(entry.name)
        return sorted((names for names in found.values() if len(names) > 1), key=len, reverse=True)

    def as_json(self) -> dict[str, Any]:
        return {
            **self._counts(),
            "groups": self.same,
            "keys": {
                e.name: {"canonical_key": e.canonical, "ring_key": e.ring} for e in self.entries
            },
        }

    def as_text(self) -> str:
        """Counts, then the largest groups."""
        counts = self._counts()
        lines = [
            f"{counts['cells']} cells, {counts['canonical_keys']} different graphs,"
            f" {counts['groups_by_algebra']} different up to algebra"
        ]
        if counts["without_ring_key"]:
            lines.append(f"{counts['without_ring_key']} too large to compare by algebra")
        same = self.same
        lines += [f"  {len(names)}: {_shortened(names)}" for names in same[:SHOWN]]
        if len(same) > SHOWN:
            lines.append(f"  and {len(same) - SHOWN} further groups")
        return "\n".join(lines)

    def _counts(self) -> dict[str, int]:
        return {
            "cells": len(self.entries),
            "canonical_keys": len({e.canonical for e in self.entries}),
            "groups_by_algebra": len({e.group for e in self.entries}),
            "without_ring_key": sum(e.ring == NO_RING_KEY for e in self.entries),
        }


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more


def group(cells: Iterable[Named]) -> Groups:
    """Compute both keys of each cell."""
    return Groups(tuple(_entry(name, cell) for name, cell in cells))


def _entry(name: str, cell: Cell) -> Entry:
    dataflow = lower(cell)
    try:
        canonical = canonical_key(dataflow)
    except FenError:
        canonical = f"{KEY_VERSION}:none:{name}"
    return Entry(name, canonical, ring_key(expand(dataflow)))


def read_all(references: Sequence[str]) -> Iterator[Named]:
    """The cells of files, folders and recipes.  Raises FenError where one does not check."""
    for reference in references:
        path = Path(reference)
        if path.is_dir():
            for file in sorted(path.rglob("*.fen")):
                yield from _of_file(str(file))
        elif path.name.endswith(RECIPES) and path.exists():
            yield from _of_recipes(path)
        else:
            yield from _of_file(reference)


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


def _of_recipes(path: Path) -> Iterator[Named]:
    """One recipe a line, called by its `arch` number, or by its line."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if line.strip():
                    yield _recipe(number, line)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UNREADABLE.error(path=path, reason=str(error)) from error


def _recipe(number: int, line: str) -> Named:
    cell = from_recipe(line)
    found = json.loads(line)
    return str(found.get("arch", number)), cell
