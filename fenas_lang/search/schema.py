"""The tables of a run, and how a trial becomes a row.  Rows of trials are only ever added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Float, Integer, MetaData, Table, Text, UniqueConstraint

from fenas_lang.search.trial import Measured, Rejection, Trial

FORMAT = 1
"""Number of this layout; a store with a greater one is refused."""

metadata = MetaData()

META = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text))

TRIALS = Table(
    "trials",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("phase", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("parents", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("edit", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("metric", Float),
    Column("metric_hex", Text),
    Column("score", Float),
    Column("reason", Text, nullable=False),
    Column("log", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("copy_of", Integer),
    Column("useless", Text, nullable=False),
    Column("draws", Integer, nullable=False),
    Column("facts", Text, nullable=False),
    Column("started", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    UniqueConstraint("phase", "number"),
)

REJECTIONS = Table(
    "rejections",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("draw", Integer, primary_key=True),
    Column("parents", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("edit", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

COLUMNS = tuple(column.name for column in TRIALS.columns if column.name != "id")


def types() -> dict[str, type]:
    """The Python type of each column of a trial: str, int or float."""
    return {name: TRIALS.c[name].type.python_type for name in COLUMNS}


_OWN = (
    "phase",
    "number",
    "source",
    "edit",
    "seed",
    "outcome",
    "key",
    "copy_of",
    "useless",
    "draws",
)
_MEASURED = ("metric", "score", "reason", "log", "started", "seconds", "host", "process")


def trial_row(trial: Trial) -> dict[str, Any]:
    """The columns of a trial."""
    return {
        **{name: getattr(trial, name) for name in _OWN},
        **{name: getattr(trial.measured, name) for name in _MEASURED},
        "parents": json.dumps(trial.parents),
        "metric_hex": None if trial.metric is None else trial.metric.hex(),
        "facts": json.dumps(dict(trial.measured.facts), default=str),
    }


def read_trial(row: Sequence[Any]) -> Trial:
    """The trial of a row of `TRIALS`; written out, since a run resumes from very many."""
    (_, phase, number, parents, source, edit, seed, outcome, _, metric, score, reason) = row[:12]
    (log, key, copy_of, useless, draws, facts, started, seconds, host, process) = row[12:]
    exact = None if metric is None else float.fromhex(metric)
    figures = json.loads(facts)
    return Trial(
        number,
        phase,
        tuple(json.loads(parents)),
        source,
        edit,
        seed,
        outcome,
        Measured(score, exact, reason, log, figures, started, seconds, host, process),
        key,
        copy_of,
        useless,
        draws,
    )


_RECALLED = (
    "number",
    "phase",
    "parents",
    "source",
    "outcome",
    "metric_hex",
    "score",
    "key",
    "draws",
    "facts",
)
RECALLED = tuple(TRIALS.c[name] for name in _RECALLED)
"""The columns of `recalled_trial`."""
RESTED_ON = ('"rungs"', '"diagnostics"', '"costs"')
"""Other facts are for reading only: nothing in a search rests on them."""


def recalled_trial(row: Sequence[Any]) -> Trial:
    """The trial of a row of `RECALLED`: what a search that goes on needs to know of it."""
    number, phase, parents, source, outcome, metric, score, key, draws, facts = row
    exact = None if metric is None else float.fromhex(metric)
    told = json.loads(facts) if any(name in facts for name in RESTED_ON) else {}
    measured = Measured(score, exact, facts=told)
    before = () if parents == "[]" else tuple(map(int, parents[1:-1].split(",")))
    return Trial(number, phase, before, source, "", 0, outcome, measured, key, draws=draws)


def rejection_row(rejection: Rejection) -> dict[str, Any]:
    """The columns of a rejection."""
    return vars(rejection) | {"parents": json.dumps(rejection.parents)}
