"""What the search remembers: a trial is one candidate, where it came from and what it was worth."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SEARCH, FINAL = "search", "final"
"""Phases of a run: the trials of the strategy, then the retraining of the best and the baselines.
Trials are numbered from 0 within their phase."""

SCORED, FAILED, HIT = "scored", "failed", "hit"
"""Outcomes: trained and scored; trained in vain; not trained, as an equal cell has a score."""


HEADER = re.compile(r"^cell (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one training gave; `score` is the metric, turned so that higher is better.

    Without a score it failed, and `reason` and `log` say how.  `facts` are further figures.
    """

    score: float | None = None
    metric: float | None = None
    reason: str = ""
    log: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    started: float = 0.0
    seconds: float = 0.0
    host: str = ""
    process: int = 0

    @property
    def outcome(self) -> str:
        return FAILED if self.score is None else SCORED


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of the record.

    `source` is the candidate's text, `edit` says in words what was done to the first of `parents`.
    `copy_of` names the earlier trial with the same canonical key, `useless` why the cell cannot
    work: the `default` profile acts on both, the `paper` profile only notes them.  `draws` counts
    the candidates that the strategy was asked for until this one was taken.
    """

    number: int
    phase: str
    parents: tuple[int, ...]
    source: str
    edit: str
    seed: int
    outcome: str
    measured: Measured
    key: str = ""
    copy_of: int | None = None
    useless: str = ""
    draws: int = 1

    @property
    def name(self) -> str:
        """The cell's name, which its text says."""
        found = HEADER.search(self.source)
        return found[1] if found else "?"

    @property
    def score(self) -> float | None:
        return self.measured.score

    @property
    def metric(self) -> float | None:
        return self.measured.metric

    @property
    def trace(self) -> tuple[Any, ...]:
        """What a resumed run must reproduce; the metric as hexadecimal float."""
        metric = None if self.metric is None else self.metric.hex()
        return (
            self.number,
            self.phase,
            self.parents,
            self.source,
            self.edit,
            self.seed,
            self.outcome,
            metric,
        )


@dataclass(frozen=True)
class Rejection:
    """A candidate that was drawn for trial `number` and refused before training."""

    number: int
    draw: int
    parents: tuple[int, ...]
    source: str
    edit: str
    key: str
    reason: str
