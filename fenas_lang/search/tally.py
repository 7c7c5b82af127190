"""What the trials of a store add up to, counted by its database: no trial is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from fenas_lang.search.pace import Pace, pace
from fenas_lang.search.schema import TRIALS
from fenas_lang.search.store import BATCH, Store
from fenas_lang.search.trial import FINAL, HIT, SEARCH

_SEARCHED = TRIALS.c.phase == SEARCH


@dataclass(frozen=True)
class Tally:
    """Counts of trials; `failures` are by reason, the most first, in both phases, as `seconds`."""

    trials: int
    finals: int
    hits: int
    copies: int
    useless: int
    seconds: float
    failures: Mapping[str, int]

    @classmethod
    def of(cls, store: Store) -> Tally:
        """Raises FenError (FEN503) where the store cannot be read."""
        trained = TRIALS.c.outcome != HIT
        wanted = (
            _count(_SEARCHED),
            _count(TRIALS.c.phase == FINAL),
            _count(_SEARCHED, TRIALS.c.outcome == HIT),
            _count(_SEARCHED, trained, TRIALS.c.copy_of.is_not(None)),
            _count(_SEARCHED, TRIALS.c.useless != ""),
            sa.func.coalesce(sa.func.sum(TRIALS.c.seconds), 0.0),
        )
        with store.transaction() as connection:
            counts = connection.execute(sa.select(*wanted)).one()
            failures = {row[0]: row[1] for row in connection.execute(_BY_REASON)}
        return cls(*counts, failures)


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.count().filter(*conditions)


_MANY = sa.func.count().label("many")
_BY_REASON = (
    sa.select(TRIALS.c.reason, _MANY)
    .where(TRIALS.c.reason != "")
    .group_by(TRIALS.c.reason)
    .order_by(_MANY.desc(), sa.func.min(TRIALS.c.id))
)


def pace_of(store: Store, trials: int) -> Pace:
    """The pace of a search of so many trials.  Raises FenError (FEN503)."""
    times = TRIALS.c.started, TRIALS.c.seconds
    query = sa.select(*times).where(_SEARCHED, TRIALS.c.started > 0).order_by(*times)
    with store.transaction() as connection:
        rows = connection.execute(query.execution_options(yield_per=BATCH))
        return pace(trials, ((start, seconds) for start, seconds in rows))
