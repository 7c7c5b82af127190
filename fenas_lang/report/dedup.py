"""Which of many cells are the same: groups by canonical key, and by the key up to algebra."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.ir.canonical import KEY_VERSION, canonical_key
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.ring_key import NO_RING_KEY, ring_key
from fenas_lang.report.collection import Named
from fenas_lang.syntax.ast import Cell

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
    """Compute both keys of each cell.  Raises FenError where one does not check."""
    return Groups(tuple(_entry(name, cell) for name, cell in cells))


def _entry(name: str, cell: Cell) -> Entry:
    dataflow = lower(cell)
    try:
        canonical = canonical_key(dataflow)
    except FenError:
        canonical = f"{KEY_VERSION}:none:{name}"
    return Entry(name, canonical, ring_key(expand(dataflow)))
