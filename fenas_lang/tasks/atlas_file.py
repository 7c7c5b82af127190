"""The file of an atlas: one SQLite database with every cell of a space and its trainings.

`meta` holds the plan as JSON; `cells` all cells in the order of training: by the number of live
nodes, then by canonical key; `done` those that were trained, and `trainings` the metric of each
training, empty where it diverged.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fenas_lang.rules import tables as rules

FORMAT = 1
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE cells (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, source TEXT NOT NULL,
                    live_nodes INTEGER NOT NULL, useless TEXT NOT NULL);
CREATE TABLE done (number INTEGER PRIMARY KEY REFERENCES cells, seconds REAL NOT NULL,
                   processor_seconds REAL, failure TEXT NOT NULL);
CREATE TABLE trainings (number INTEGER NOT NULL REFERENCES cells, task TEXT NOT NULL,
                        seed INTEGER NOT NULL, metric REAL, PRIMARY KEY (number, task, seed));
"""


@dataclass(frozen=True)
class Plan:
    """What an atlas is to hold: all cells of up to so many live nodes of `space` (a text), each
    trained on every task, with its settings, from seeds 0 to `seeds` - 1."""

    space: str
    nodes: int
    seeds: int
    tasks: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class AtlasCell:
    """One cell; `useless` says why no training can make it useful, and is empty where it may."""

    number: int
    key: str
    source: str
    live_nodes: int
    useless: str


@dataclass(frozen=True)
class Trained:
    """What came of a cell: metrics by task, None for a training that diverged.

    `failure` says why nothing could be trained at all.
    """

    metrics: Mapping[str, tuple[float | None, ...]]
    seconds: float
    processor_seconds: float | None = None
    failure: str = ""


class AtlasFile:
    """An open atlas; a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self.path, self._connection = path, connection

    @classmethod
    def create(cls, path: Path, plan: Plan, cells: Iterable[AtlasCell]) -> AtlasFile:
        """A new file with nothing trained.  Raises FEN434 where there is one, FEN435."""
        if path.exists():
            raise rules.ATLAS_EXISTS.error(path=path)
        atlas = cls._connect(path, "rwc")
        with atlas.writing() as connection:
            connection.executescript("BEGIN;" + SCHEMA)
            meta = {"format": FORMAT, "plan": asdict(plan)}
            rows = ((name, json.dumps(value)) for name, value in meta.items())
            connection.executemany("INSERT INTO meta VALUES (?, ?)", rows)
            fields = ((c.number, c.key, c.source, c.live_nodes, c.useless) for c in cells)
            connection.executemany("INSERT INTO cells VALUES (?, ?, ?, ?, ?)", fields)
        return atlas

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> AtlasFile:
        """Raises FEN433 where the file is no atlas."""
        if not path.is_file():
            raise rules.NOT_AN_ATLAS.error(path=path, reason="there is no such file")
        atlas = cls._connect(path, "rw" if write else "ro")
        try:
            version = atlas.meta("format")
        except BaseException:
            atlas.close()
            raise
        if version != FORMAT:
            atlas.close()
            reason = f"its format is {version}, and this program reads {FORMAT}"
            raise rules.NOT_AN_ATLAS.error(path=path, reason=reason)
        return atlas

    @classmethod
    def _connect(cls, path: Path, mode: str) -> AtlasFile:
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)
        except sqlite3.Error as error:
            raise rules.UNWRITABLE_ATLAS.error(path=path, reason=error) from None
        return cls(path, connection)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> AtlasFile:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction.  Raises FEN435."""
        try:
            with self._connection:
                yield self._connection
        except sqlite3.Error as error:
            raise rules.UNWRITABLE_ATLAS.error(path=self.path, reason=error) from None

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise rules.NOT_AN_ATLAS.error(path=self.path, reason=error) from None

    def meta(self, name: str) -> Any:
        """A value of `meta`, None where it has none.  Raises FEN433."""
        rows = self._rows("SELECT value FROM meta WHERE name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def note(self, name: str, value: Any) -> None:
        """Set a value of `meta`."""
        with self.writing() as connection:
            row = (name, json.dumps(value))
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)

    @property
    def plan(self) -> Plan:
        return Plan(**self.meta("plan"))

    def cells(self, *, done: bool | None = None) -> list[AtlasCell]:
        """All cells in order, or only those that were trained, or that were not."""
        where = {None: "", True: "WHERE number IN done_", False: "WHERE number NOT IN done_"}[done]
        where = where.replace("done_", "(SELECT number FROM done)")
        columns = "number, key, source, live_nodes, useless"
        rows = self._rows(f"SELECT {columns} FROM cells {where} ORDER BY number")
        return [AtlasCell(*row) for row in rows]

    def add(self, number: int, trained: Trained) -> None:
        """Store what came of a cell, in one transaction."""
        row = (number, trained.seconds, trained.processor_seconds, trained.failure)
        rows = (
            (number, task, seed, metric)
            for task, metrics in trained.metrics.items()
            for seed, metric in enumerate(metrics)
        )
        with self.writing() as connection:
            connection.execute("INSERT INTO done VALUES (?, ?, ?, ?)", row)
            connection.executemany("INSERT INTO trainings VALUES (?, ?, ?, ?)", rows)

    def trained(self) -> dict[int, Trained]:
        """What came of every cell that was trained, by its number."""
        metrics: dict[int, dict[str, list[float | None]]] = {}
        for number, task, _, metric in self._rows(
            "SELECT number, task, seed, metric FROM trainings ORDER BY number, task, seed"
        ):
            metrics.setdefault(number, {}).setdefault(task, []).append(metric)
        columns = "number, seconds, processor_seconds, failure"
        return {
            number: Trained(
                {task: tuple(values) for task, values in metrics.get(number, {}).items()}, *rest
            )
            for number, *rest in self._rows(f"SELECT {columns} FROM done ORDER BY number")
        }
