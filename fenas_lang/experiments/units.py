"""Units: command lines that each make one thing in the directory of an experiment.

Words name files below that directory, where the commands run; `{data:ptb}` in a word stands for the
directory of data of that family, so that the words stay the same when the data are elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fenas_lang.diagnostics import FenError
from fenas_lang.experiments.recipe import Settings

SAMPLE, SEARCH, TRAIN, PREDICT = "sample", "evolve", "train", "predict"
RESULT, RUN = "result.json", "run.json"
LOGS = "logs"

Words = tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """What a unit trains, for a budget: so many trainings of a cell from new weights.

    `cell` is a shipped cell's name, or `random:SEED`; `matched` is the number of parameters, if
    any, that the hidden size is chosen by.
    """

    task: str
    cell: str
    trainings: int
    preset: str | None
    settings: Settings
    matched: str | None = None


@dataclass(frozen=True)
class Unit:
    """`begin` makes `product`, `go_on` does where that was begun; both are words of `fenasc`.

    It waits for the units `after`.  One that is `wide` may have all workers: the word `{workers}`
    stands for their number.
    """

    name: str
    kind: str
    begin: Words
    product: str
    go_on: Words = ()
    after: Words = ()
    wide: bool = False
    threads: int = 1
    work: Work | None = None


def data_word(family: str) -> str:
    """What stands for a directory of data."""
    return f"{{data:{family}}}"


def filled(words: Words, data: Mapping[str, str], workers: int) -> list[str]:
    """Words with the directories of data and the number of workers put in."""
    known = {data_word(family): path for family, path in data.items()}
    known["{workers}"] = str(workers)
    return [_filled(word, known) for word in words]


def _filled(word: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        word = word.replace(name, value)
    return word


def finished(unit: Unit, folder: Path) -> bool:
    """Whether its product is there and whole."""
    path = folder / unit.product
    if unit.kind != SEARCH:
        return path.is_file()
    from fenas_lang.search.status import FINISHED, status

    with contextlib.suppress(FenError):
        return path.is_file() and status(path).state == FINISHED
    return False


def begun(unit: Unit, folder: Path) -> bool:
    """Whether there is something to go on with."""
    if unit.kind == SEARCH:
        return (folder / unit.product).is_file()
    return unit.kind == TRAIN and (folder / unit.product).with_name(RUN).is_file()


def next_words(unit: Unit, folder: Path) -> Words:
    """The command to run now; what a kill left before the first checkpoint is removed."""
    if begun(unit, folder):
        return unit.go_on
    if unit.kind == TRAIN:
        shutil.rmtree((folder / unit.product).parent, ignore_errors=True)
    (folder / unit.product).parent.mkdir(parents=True, exist_ok=True)
    return unit.begin


@dataclass(frozen=True)
class Sessions:
    """What all processes of a unit took, in seconds: of the clock, and of processors."""

    seconds: float = 0.0
    processor: float = 0.0


def sessions(name: str, folder: Path) -> Sessions:
    """Of those that ended, in whatever way; a process that was killed told nothing."""
    path = folder / LOGS / f"{name}.jsonl"
    if not path.is_file():
        return Sessions()
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return Sessions(sum(t["seconds"] for t in told), sum(t["processor_seconds"] for t in told))
