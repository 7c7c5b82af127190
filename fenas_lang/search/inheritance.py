"""The weights of the living, in files beside the store, for their children to begin with.

A child takes over the parameters of nodes that have its parent's name and right-hand side, and all
of the model around the layer.  Files of those that left the population are removed, so that there
are never more than it has members, and one for each worker.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from fenas_lang.search.messages import Job
from fenas_lang.search.store import path_of
from fenas_lang.search.strategy import Individual
from fenas_lang.syntax.ast import Cell
from fenas_lang.syntax.formatter import format_expression

SUFFIX = ".weights"


def folder_of(store: str | Path) -> Path | None:
    """Where a run keeps weights; None for a database that is no file."""
    path = path_of(store)
    return None if path is None else path.absolute().with_name(path.name + SUFFIX)


@dataclass
class Inheritance:
    """The files in `folder`, named by trial; `_used` are the parents of what is being trained."""

    folder: Path
    _used: dict[int, int | None] = field(default_factory=dict)

    def lent(self, job: Job, parents: Collection[int], living: Iterable[Individual]) -> Job:
        """The job with its parent's weights, where the parent lives, and a place for its own."""
        self.folder.mkdir(exist_ok=True)
        parent = next((one for one in living if one.number in parents), None)
        self._used[job.number] = None if parent is None else parent.number
        job = replace(job, kept=str(self._file(job.number)))
        if parent is None:
            return job
        unchanged = unchanged_nodes(parent.cell, job.cell)
        return replace(job, parent=str(self._file(parent.number)), unchanged=unchanged)

    def tell(self, number: int, living: Iterable[Individual]) -> None:
        """A trial has ended: remove what nobody will begin with.

        Not for trials of an earlier process, after which others have lived.
        """
        if number not in self._used:
            return
        del self._used[number]
        needed = {one.number for one in living} | set(self._used) | set(self._used.values())
        for file in self.folder.glob("*.pt"):
            if int(file.stem) not in needed:
                file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove all files."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number}.pt"


def unchanged_nodes(parent: Cell, child: Cell) -> tuple[str, ...]:
    """Names of the child's nodes that the parent has under the same name."""
    before = {node.name: format_expression(node.value) for node in parent.nodes}
    return tuple(
        node.name for node in child.nodes if before.get(node.name) == format_expression(node.value)
    )
