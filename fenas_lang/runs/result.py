"""What came of a run, as `result.json` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from fenas_lang.runs.plan import VERSION
from fenas_lang.tasks.base import VALID

CLASSES_PREDICTED = "classes_predicted"
"""The metric of a task of classes that says how many of them a model's answers have."""


def predicts_one_class(metrics: Mapping[str, float], split: str) -> bool | None:
    """Whether a model answers with one class whatever it reads; None where the task cannot tell."""
    classes = metrics.get(f"{split}_{CLASSES_PREDICTED}")
    return None if classes is None else classes == 1


@dataclass(frozen=True)
class Result:
    """The metrics of the best epoch, on the validation data and, where asked for, on the test data.

    `valid` and `test` are by name, each with its split as a prefix; `best_epoch` counts from 1 and
    is 0 where no epoch ended.  `epochs` and `steps` were trained, `seconds` is all the time that
    took with its measurements, `items_per_second` are training items over the time of the training
    steps alone.  `failure` says why a training ended before its time, and is None where it did not.
    """

    cell: Mapping[str, str | None]
    layer: str
    task: str
    preset: str | None
    settings: Mapping[str, float | str]
    seed: int
    metric: str
    higher_is_better: bool
    valid: Mapping[str, float]
    test: Mapping[str, float] | None
    best_epoch: int
    epochs: int
    steps: int
    parameters: int
    parts: Mapping[str, int]
    references: Mapping[str, float]
    seconds: float
    items_per_second: float
    hardware: str
    checksum: str
    failure: str | None = None
    version: int = VERSION

    @property
    def best(self) -> float | None:
        """The metric of the best epoch; None where none ended."""
        return self.valid.get(self.metric)

    @property
    def one_class(self) -> bool | None:
        """Whether the best epoch's model answers with one class whatever it reads."""
        return predicts_one_class(self.valid, VALID)

    def as_json(self) -> dict[str, Any]:
        """With `version` first."""
        return {"version": self.version} | asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From the JSON object; raises TypeError, KeyError or ValueError where it does not fit."""
        if values["version"] != VERSION:
            raise ValueError(f"its version is {values['version']}, this program reads {VERSION}")
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


@dataclass(frozen=True)
class Evaluation:
    """The weights of a run's best epoch, measured on one split.

    `references` are what simple predictors reach on the validation data, and `one_class` says that
    the model answers with one class whatever it reads, where the task can tell (None: it cannot).
    """

    cell: Mapping[str, str | None]
    layer: str
    task: str
    split: str
    metric: str
    higher_is_better: bool
    metrics: Mapping[str, float]
    references: Mapping[str, float]
    best_epoch: int
    parameters: int
    checksum: str
    hardware: str
    one_class: bool | None = None
    version: int = VERSION

    def as_json(self) -> dict[str, Any]:
        """With `version` first."""
        return {"version": self.version} | asdict(self)
