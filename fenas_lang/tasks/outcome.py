"""What comes of training a cell: figures, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NOT_FINITE, TIME_LIMIT, OUT_OF_MEMORY, EXCEPTION = (
    "not finite",
    "time limit",
    "out of memory",
    "exception",
)
"""Reasons why a cell has no score."""


class TrainingFailed(Exception):
    """A cell that cannot be scored: `reason` is one of this module's constants."""

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Progress:
    """After optimiser step `step` of `steps`, whose loss was `loss`."""

    step: int
    steps: int
    loss: float


@dataclass(frozen=True)
class Outcome:
    """What came of training a cell.

    `metric` is the task's metric on the validation data in its own unit, `score` the same with
    higher being better; both are None where `failure` gives a reason, and `log` then holds the
    details.  `parameters` counts the whole model, `parts` its named parts (`input_projection`
    among them), `inherited` those that began with a parent's values.  `rungs` are the rungs that
    the training came to, as `epochs` and `score`.  `seconds` and `hardware` differ from run to run
    and machine to machine; the rest does not.
    """

    task: str
    seed: int
    metric: float | None
    score: float | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    steps: int = 0
    rungs: tuple[Mapping[str, float], ...] = ()
    inherited: int = 0
    seconds: float = 0.0
    hardware: str = ""
    failure: str | None = None
    log: str = ""


def finite(value: float, what: str) -> float:
    """The value, or TrainingFailed where it is infinite or not a number."""
    if not abs(value) < float("inf"):
        raise TrainingFailed(NOT_FINITE, f"the {what} is {value}")
    return value


def reason_for(error: Exception) -> str:
    """Why a training ended with this error, in one of this module's constants."""
    if isinstance(error, TrainingFailed):
        return error.reason
    memory = isinstance(error, MemoryError) or "allocate" in str(error)
    return OUT_OF_MEMORY if memory else EXCEPTION
