"""The file of an atlas: one SQLite database with every cell of a space and its trainings.

`meta` holds the plan as JSON; `cells` all cells, by the number of live nodes, then by canonical
key, each with the number of the cell that is trained in its place; `done` those that were trained,
and `trainings` the metric of each training, empty where it diverged.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from fenas_lang.rules import tables as rules

FORMAT = 2
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE cells (number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, source TEXT NOT NULL,
                    live_nodes INTEGER NOT NULL, useless TEXT NOT NULL,
                    trained_as INTEGER NOT NULL REFERENCES cells);
CREATE TABLE done (number INTEGER PRIMARY KEY REFERENCES cells, seconds REAL,
                   processor_seconds REAL, failure TEXT NOT NULL);
CREATE TABLE trainings (number INTEGER NOT NULL REFERENCES cells, task TEXT NOT NULL,
                        seed INTEGER NOT NULL, metric REAL, PRIMARY KEY (number, task, seed));
"""
DONE = """
INSERT INTO done VALUES (?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET
    seconds = seconds + excluded.seconds,
    processor_seconds = processor_seconds + excluded.processor_seconds
"""
COLUMNS = "number, key, source, live_nodes, useless, trained_as"


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
    """One cell; `useless` says why no training can make it useful, and is empty where it may.

    `trained_as` is the number of the one cell of its ring key that is trained, perhaps its own.
    """

    number: int
    key: str
    source: str
    live_nodes: int
    useless: str
    trained_as: int


@dataclass(frozen=True)
class Trained:
    """What came of a cell: metrics by task and seed, None for a training that diverged.

    They may be from fewer seeds than planned, as long as the atlas is not finished.  `failure` says
    why nothing could be trained at all; times are of all trainings together, None where nobody
    noted them.
    """

    metrics: Mapping[str, tuple[float | None, ...]]
    seconds: float | None = None
    processor_seconds: float | None = None
    failure: str = ""


@dataclass(frozen=True)
class Contents:
    """All of an atlas that can be read; `trained` has what came of the cells that were trained.

    `references` are the losses of each task's simplest predictor, empty before the first training.
    """

    plan: Plan
    references: Mapping[str, float]
    cells: tuple[AtlasCell, ...]
    trained: Mapping[int, Trained]

    def of(self, cell: AtlasCell) -> Trained | None:
        """What came of a cell, or of the one that is trained in its place; None before that."""
        return self.trained.get(cell.trained_as)


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
            notes = ((name, json.dumps(value)) for name, value in meta.items())
            connection.executemany("INSERT INTO meta VALUES (?, ?)", notes)
            rows = (astuple(cell) for cell in cells)
            connection.executemany(f"INSERT INTO cells ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)", rows)
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

    def cells(self) -> tuple[AtlasCell, ...]:
        """All cells in order."""
        rows = self._rows(f"SELECT {COLUMNS} FROM cells ORDER BY number")
        return tuple(AtlasCell(*row) for row in rows)

    def left(self) -> tuple[tuple[AtlasCell, int], ...]:
        """What is still to be trained, and the first seed of each that it was not trained from.

        In order: the useful first, of these those from the fewest seeds, of these those of few
        nodes.  Numbers follow a digest, so that at any time a random part of the rest is trained.
        """
        rows = self._rows(
            f"SELECT {COLUMNS}, coalesce(have, 0) FROM cells LEFT JOIN"
            " (SELECT number, count(DISTINCT seed) AS have FROM trainings GROUP BY number)"
            " USING (number) WHERE trained_as = number AND coalesce(have, 0) < ? AND number NOT IN"
            " (SELECT number FROM done WHERE failure != '')"
            " ORDER BY useless != '', have, live_nodes, number",
            self.plan.seeds,
        )
        return tuple((AtlasCell(*row), have) for *row, have in rows)

    def contents(self) -> Contents:
        """All that is in the file.  Raises FEN433."""
        return Contents(self.plan, self.meta("references") or {}, self.cells(), self.trained())

    def add(self, number: int, trained: Trained, first: int = 0) -> None:
        """Store what came of a cell from seed `first` on, in one transaction."""
        row = (number, trained.seconds, trained.processor_seconds, trained.failure)
        rows = (
            (number, task, seed, metric)
            for task, metrics in trained.metrics.items()
            for seed, metric in enumerate(metrics, first)
        )
        with self.writing() as connection:
            connection.execute(DONE, row)
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
