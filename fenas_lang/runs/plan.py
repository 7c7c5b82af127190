"""What a run is, as `run.json` says it."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

import torch

from fenas_lang.tasks.base import Task

VERSION = 1


@dataclass(frozen=True)
class Match:
    """How the hidden size was chosen: the largest whose model has at most `limit` parameters.

    `asked` is what was asked for in words: `24M`, or `LSTM:300`.
    """

    asked: str
    limit: int
    hidden: int
    parameters: int


@dataclass(frozen=True)
class Plan:
    """A cell, a task with all its settings, and how it is trained.

    `cell` has `name` and `key` (the canonical key; None for layers of PyTorch), `layer` is `engine`
    or `torch.nn`.  `data` says where the data were, `checksum` what they were.  `patience` is the
    number of epochs without a better metric that ends the training, None for no such end.
    """

    cell: Mapping[str, str | None]
    layer: str
    task: str
    metric: str
    higher_is_better: bool
    settings: Mapping[str, float | str]
    checksum: str
    hardware: str
    data: str | None = None
    preset: str | None = None
    seed: int = 0
    threads: int = 1
    patience: int | None = None
    test: bool = True
    matched: Match | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    version: int = VERSION

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From the JSON object; raises TypeError or ValueError where it does not fit."""
        if values["version"] != VERSION:
            raise ValueError(f"its version is {values['version']}, this program reads {VERSION}")
        known = {f.name for f in fields(cls)}
        told = {name: value for name, value in values.items() if name in known}
        if told.get("matched"):
            told["matched"] = Match(**told["matched"])
        return cls(**told)

    def as_json(self) -> dict[str, Any]:
        """With `version` first, as every object that this program writes."""
        return {"version": self.version} | asdict(self)

    def better(self, metric: float, best: float | None) -> bool:
        """Whether a metric is better than the best so far."""
        if best is None:
            return True
        return metric > best if self.higher_is_better else metric < best


def versions() -> dict[str, str]:
    """Of what a result rests on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "fenas-lang": importlib.metadata.version("fenas-lang"),
    }


def settings_of(task: Task[Any]) -> dict[str, float | str]:
    """All settings of a task by name."""
    return dict(vars(task.settings))
