"""A small experiment that nobody ships, and units that end at once."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fenas_lang.experiments.process import Ended
from fenas_lang.experiments.units import SEARCH, TRAIN, Unit, Words

TOY = textwrap.dedent(
    '''
    """On digits: no data, a search of three trials, a random cell, the LSTM and PyTorch's."""

    from fenas_lang.experiments.recipe import Column, Random, Recipe, Row, Scale, Search

    SEARCH = Search("toy", ("GRU",), {"profile": "paper", "nodes": 4})
    RECIPE = Recipe(
        title="Toy",
        about="a toy",
        tasks=("digits",),
        columns=(Column("accuracy", "valid_accuracy", factor=100), Column("loss", "valid_loss")),
        rows=(
            Row("found", (SEARCH,), matched=True),
            Row("LSTM*", ("LSTM",), paper={"accuracy": 50.0}),
            Row("random", (Random(2, nodes=4),)),
            Row("majority class", reference=("majority class",)),
        ),
        takes_store=True,
        scales={
            "tiny": Scale(
                seeds=2,
                settings={"digits": {"epochs": 2, "hidden": 8}},
                searched={"digits": {"epochs": 1, "hidden": 8}},
                evolution={"population": 2, "sample": 1, "cycles": 1},
                match={"digits": "LSTM:8"},
            ),
        },
    )
    RECIPE.scales["small"] = RECIPE.scales["paper"] = RECIPE.scales["tiny"]
    '''
)


def result(metrics: Mapping[str, float], **values: Any) -> dict[str, Any]:
    """What `fenasc train` writes at the end."""
    made = {
        "version": 1,
        "cell": {"name": "LSTM", "key": "fen1:0"},
        "layer": "engine",
        "task": "digits",
        "preset": None,
        "settings": {},
        "seed": 0,
        "metric": "valid_accuracy",
        "higher_is_better": True,
        "valid": dict(metrics),
        "test": None,
        "best_epoch": 1,
        "epochs": 2,
        "steps": 10,
        "parameters": 1000,
        "parts": {},
        "references": {"majority class": 0.1},
        "seconds": 2.0,
        "items_per_second": 100.0,
        "hardware": "a machine",
        "checksum": "0",
        "failure": None,
    }
    return {**made, **values}


@dataclass
class Instant:
    """A place where units end at once; `fails` says of which names why they fail."""

    folder: Path
    fails: Mapping[str, str] = field(default_factory=dict)
    accuracy: Callable[[Unit], float] = lambda unit: 0.5
    workers: int = 2
    ran: list[tuple[str, Words]] = field(default_factory=list)
    most: int = 0
    closed: bool = False

    def submit(self, unit: Unit, words: Words, workers: int) -> Future[Ended]:
        self.ran.append((unit.name, words))
        done: Future[Ended] = Future()
        reason = self.fails.get(unit.name, "")
        if not reason:
            self._make(unit)
        done.set_result(Ended(unit.name, reason, 1.0))
        return done

    def _make(self, unit: Unit) -> None:
        path = self.folder / unit.product
        if unit.kind == TRAIN:
            path.write_text(json.dumps(result({"valid_accuracy": self.accuracy(unit)})), "utf-8")
        elif unit.kind != SEARCH:
            path.write_text("made", "utf-8")

    def room(self, unit: Unit, running: Any) -> bool:
        self.most = max(self.most, len(running) + 1)
        return len(running) < self.workers

    def stop(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True
