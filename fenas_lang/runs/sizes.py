"""The hidden size that keeps a model within a number of parameters.

As Pasunuru & Bansal 2020 keep the size of their models below that of the baselines.
"""

from __future__ import annotations

import re
from typing import Any

import torch

from fenas_lang.rules import runs as rules
from fenas_lang.runs.plan import Match
from fenas_lang.runs.subject import Subject, subject_of
from fenas_lang.tasks.base import Task
from fenas_lang.tasks.lookup import LookupTask
from fenas_lang.tasks.training import parts

NUMBER = re.compile(r"(\d+(?:\.\d+)?)([kM]?)")
UNITS = {"": 1, "k": 1_000, "M": 1_000_000}


def check_trains(task: Any) -> None:
    """Raises FEN436 for a task that looks scores up, FEN477 for one that shows no losses."""
    if isinstance(task, LookupTask):
        task.model()
    if not isinstance(task, Task):
        raise rules.NO_LOSSES.error(task=task.name)


def parameters(task: Task[Any], subject: Subject) -> int:
    """Parameters of the whole model.  Raises FenError where the cell cannot be its layer.

    The model is built on torch's `meta` device, whose tensors have shapes and no values.
    """
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        return sum(parts(task.model(subject.cell, subject.build)).values())


def match(task: Task[Any], subject: Subject, asked: str) -> Match:
    """The largest hidden size whose whole model has at most so many parameters.

    `asked` is `24M`, `500k`, `1000000`, or `CELL:HIDDEN`: the model of another cell in the same
    task.  Raises FenError: FEN472, FEN473, or what is wrong with that cell.
    """
    limit = _limit(task, asked)
    counted = subject.counted

    def count(hidden: int) -> int:
        return parameters(task.sized(hidden), counted)

    if count(1) > limit:
        raise rules.LIMIT_TOO_SMALL.error(limit=limit, least=count(1))
    fits, too_large = 1, 2
    while count(too_large) <= limit:
        fits, too_large = too_large, 2 * too_large
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        fits, too_large = (middle, too_large) if count(middle) <= limit else (fits, middle)
    return Match(asked, limit, fits, count(fits))


def _limit(task: Task[Any], asked: str) -> int:
    number = NUMBER.fullmatch(asked)
    if number:
        return round(float(number[1]) * UNITS[number[2]])
    cell, _, hidden = asked.rpartition(":")
    if not (cell and hidden.isdecimal() and int(hidden)):
        raise rules.BAD_LIMIT.error(given=asked)
    return parameters(task.sized(int(hidden)), subject_of(cell).counted)
