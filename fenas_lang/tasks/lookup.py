"""Tasks that train nothing: a cell's score is looked up in a table of results, by its key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, NoReturn, TypeVar

from fenas_lang.check.loader import load
from fenas_lang.ir.canonical import canonical_key
from fenas_lang.ir.lower import lower
from fenas_lang.rules import tables as rules
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.outcome import NOT_FINITE, Outcome
from fenas_lang.tasks.settings import Readable


@dataclass(frozen=True)
class Entry:
    """What the table says of a cell: its metrics, or why it has none."""

    metrics: Mapping[str, float] = field(default_factory=dict)
    failure: str | None = None


NO_RUN_ENDED = Entry(failure=NOT_FINITE)
"""Of a cell all of whose trainings diverged."""

S = TypeVar("S", bound=Readable)


class LookupTask(ABC, Generic[S]):
    """Looks like a task that trains; whatever its seed, a cell has one score.

    A cell that the table does not hold fails with the reason `absent`.  Raises FenError (FEN430 to
    FEN433) for data that are missing or damaged.
    """

    name: ClassVar[str]
    metric: ClassVar[str]
    higher_is_better: ClassVar[bool] = False
    trains: ClassVar[bool] = False
    settings_type: ClassVar[type[Readable]]
    table: ClassVar[str]
    """Where the scores are, in words."""
    absent: ClassVar[str]
    """Why a cell that the table does not hold has no score."""

    settings: S
    checksum: str

    def __init__(self, settings: S, data: Path | None = None):
        self.settings = settings
        if data is None:
            raise rules.NO_TABLE_GIVEN.error(task=self.name, what=self.table)
        self.load(data)

    @abstractmethod
    def load(self, data: Path) -> None:
        """Read the table, and set `checksum`."""

    @abstractmethod
    def entry(self, key: str) -> Entry | None:
        """What the table says of the cell with this canonical key; None where it has none."""

    def reference_scores(self) -> dict[str, float]:
        """None: simple predictors are in no table."""
        return {}

    def evaluate(self, cell: Cell | str | Path, *, seed: int, **_: Any) -> Outcome:
        """Look a cell up.  Limits of a training mean nothing here."""
        found = self.entry(canonical_key(lower(cell if isinstance(cell, Cell) else load(cell))))
        if found is None:
            found = Entry(failure=self.absent)
        metric = None if found.failure else found.metrics[self.metric]
        sign = 1 if self.higher_is_better else -1
        score = None if metric is None else sign * metric
        return Outcome(self.name, seed, metric, score, found.metrics, failure=found.failure)

    def model(self, *_: Any, **__: Any) -> NoReturn:
        """Raises FEN436: there is none."""
        raise rules.NOTHING_TO_TRAIN.error(task=self.name)
