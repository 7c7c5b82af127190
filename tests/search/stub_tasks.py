"""Tasks that take no time, and tasks that go wrong, for the tests of the search."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Outcome:
    metric: float | None
    score: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    failure: str | None = None
    log: str = ""


@dataclass(frozen=True)
class Options:
    pause: float = 0.0
    mode: str = ""
    every: int = 3

    @classmethod
    def read(cls, values: Mapping[str, Any], task: str) -> Self:
        return cls(**{name: TYPES[name](value) for name, value in values.items()})


TYPES: dict[str, type] = {"pause": float, "mode": str, "every": int}


def chance(text: str, seed: int) -> float:
    """A number from 0 to 1 that a text and a seed determine."""
    return int.from_bytes(sha256(f"{seed}/{text}".encode()).digest()[:4], "big") / 2**32


class Instant:
    """Likes skips: the score is their number, and a little noise."""

    name = "instant"
    metric = "skips"
    higher_is_better = True
    settings_type: ClassVar[type[Options]] = Options

    def __init__(self, settings: Options, data: Path | None):
        self.settings = settings
        self.checksum = sha256(str(data).encode()).hexdigest()

    def evaluate(
        self, cell: Any, *, seed: int, seconds: float | None = None, test: bool = False
    ) -> Outcome:
        time.sleep(self.settings.pause)
        text = str(cell)
        score = text.count("_skip") + chance(text, seed) / 100
        return Outcome(score, score, {"skips": score, "test_skips": score} if test else {})


@dataclass(frozen=True)
class Located(Options):
    @classmethod
    def read(cls, values: Mapping[str, Any], task: str) -> Self:
        return super().read({**values, "mode": str(Path(values["mode"]).absolute())}, task)


class Filed(Instant):
    """Its setting `mode` is a file."""

    name = "filed"
    settings_type = Located


class Loss(Instant):
    """The same, the lower the better."""

    name = "loss"
    metric = "loss"
    higher_is_better = False

    def evaluate(self, cell: Any, **options: Any) -> Outcome:
        outcome = super().evaluate(cell, **options)
        assert outcome.score is not None
        return Outcome(10 - outcome.score, outcome.score - 10)


class Troubled(Instant):
    """Every so many cells something goes wrong, in the way that `mode` says."""

    name = "troubled"

    def evaluate(self, cell: Any, *, seed: int, **options: Any) -> Outcome:
        outcome = super().evaluate(cell, seed=seed, **options)
        if chance(str(cell), 0) * self.settings.every < 1:
            return TROUBLES[self.settings.mode]()
        return outcome


def _raise() -> Outcome:
    raise RuntimeError("this cell is cursed")


def _memory() -> Outcome:
    raise MemoryError


def _die() -> Outcome:
    print("about to die")
    os._exit(3)


def _killed() -> Outcome:
    os.kill(os.getpid(), 9)
    raise AssertionError


def _hang() -> Outcome:
    time.sleep(600)
    raise AssertionError


def _exit() -> Outcome:
    raise SystemExit("enough")


def _surrogate() -> Outcome:
    raise RuntimeError("half a pair: \ud800, and \0")


def _input() -> Outcome:
    return Outcome(float(len(sys.stdin.read())), None, failure="read all of its input")


def _orphan() -> Outcome:
    child = subprocess.Popen(["sleep", "600"])
    return Outcome(None, None, failure=f"process {child.pid}")


TROUBLES = {
    "exit": _exit,
    "surrogate": _surrogate,
    "input": _input,
    "orphan": _orphan,
    "unpicklable": lambda: Outcome(1, 1, {"test_skips": chance, "more": Figure()}),  # type: ignore[dict-item]
    "raise": _raise,
    "memory": _memory,
    "die": _die,
    "killed": _killed,
    "hang": _hang,
    "nan": lambda: Outcome(float("nan"), float("nan")),
    "failure": lambda: Outcome(None, None, failure="not finite", log="the loss is nan"),
}


class Figure:
    """A number of another library."""

    def __float__(self) -> float:
        return 0.5


class Simple(Instant):
    """Says what simple predictors get."""

    name = "simple"

    def reference_scores(self) -> dict[str, float]:
        return {"no skips at all": 0.25}


class Raising(Instant):
    """Its maker made a mistake."""

    def __init__(self, settings: Options, data: Path | None):
        raise ValueError("no such\ncolumn")


class Unloadable(Instant):
    """Its process dies while it loads."""

    def __init__(self, settings: Options, data: Path | None):
        os._exit(7)


class Compiling(Instant):
    """Compiles the cell, for which its space must be found."""

    name = "compiling"

    def evaluate(self, cell: Any, **options: Any) -> Outcome:
        from fenas_lang.check.check import checked

        assert checked(cell).space.name == cell.space
        return super().evaluate(cell, **options)


class Hungry(Instant):
    """Now and then a cell takes 2 GB."""

    name = "hungry"

    def evaluate(self, cell: Any, *, seed: int, **options: Any) -> Outcome:
        if chance(str(cell), 0) * self.settings.every < 1:
            import torch

            kind = torch.ones if self.settings.mode == "torch" else bytearray
            kind(2**31 if kind is bytearray else 2**29)
        return super().evaluate(cell, seed=seed, **options)
