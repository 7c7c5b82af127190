"""What the engine is to reach, each target with how it is read off a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fenas_lang.bench.result import ENGINE, RANDOM, Result, Timing
from fenas_lang.bench.settings import INFERENCE, TRAIN
from fenas_lang.bench.shapes import GRID
from fenas_lang.bench.statistics import geometric_mean

PEAK_SHAPES = "BCD"
COMPILED_SHAPES = "ABE"
"""Compiling a loop at all shapes would take longer than all the rest."""
Figure = Callable[[Result], float | None]


@dataclass(frozen=True)
class Target:
    """A figure that is to be at most, or with `at_least` at least, `first` and later `then`."""

    text: str
    figure: Figure
    first: float
    then: float | None = None
    at_least: bool = False


@dataclass(frozen=True)
class Verdict:
    """A target and what was measured; None where this run did not measure it."""

    target: Target
    value: float | None

    def reaches(self, bound: float | None) -> bool | None:
        """None where nothing was measured, or there is no bound."""
        if self.value is None or bound is None:
            return None
        return self.value >= bound if self.target.at_least else self.value <= bound

    def as_json(self) -> dict[str, Any]:
        target = self.target
        return {
            "target": target.text,
            "value": self.value,
            "sense": "at least" if target.at_least else "at most",
            "first": target.first,
            "then": target.then,
            "reached": self.reaches(target.first),
            "reached_then": self.reaches(target.then),
        }


def verdicts(result: Result) -> tuple[Verdict, ...]:
    """All targets, in order."""
    return tuple(Verdict(target, target.figure(result)) for target in TARGETS)


def _timings(
    result: Result, group: str, step: str, candidate: str, shapes: str
) -> Sequence[Timing] | None:
    """None unless all shapes were measured, with a candidate that is the same cell."""
    found = [t for t in result.select(group, step, candidate) if t.shape.name in [*shapes]]
    whole = {t.shape.name for t in found} == {*shapes} and all(t.same for t in found)
    return found if whole else None


def _mean(group: str, step: str, candidate: str, shapes: str = GRID) -> Figure:
    """The engine's ratio, as a geometric mean."""

    def figure(result: Result) -> float | None:
        found = _timings(result, group, step, candidate, shapes)
        return geometric_mean(t.ratio.median for t in found) if found else None

    return figure


def _worst(group: str, step: str, candidate: str) -> Figure:
    def figure(result: Result) -> float | None:
        found = _timings(result, group, step, candidate, GRID)
        return max(t.ratio.median for t in found) if found else None

    return figure


def _compiled(group: str) -> Figure:
    return _mean(group, TRAIN, "compile", COMPILED_SHAPES)


def _speed(candidate: str, shapes: str = GRID) -> Figure:
    """How many times as long as the engine a candidate trains random cells."""
    mean = _mean(RANDOM, TRAIN, candidate, shapes)
    return lambda result: 1 / value if (value := mean(result)) else None


def _share(group: str) -> Figure:
    def figure(result: Result) -> float | None:
        found = _timings(result, group, TRAIN, ENGINE, PEAK_SHAPES)
        return geometric_mean(t.share.median for t in found) if found else None

    return figure


def _row(name: str, figure: str) -> Figure:
    """A figure of a row that may not have been measured."""
    return lambda result: {r.name: r.figures for r in result.rows}.get(name, {}).get(figure)


def _at_most(text: str, figure: Figure, first: float, then: float | None = None) -> Target:
    return Target(text, figure, first, then)


def _at_least(text: str, figure: Figure, first: float, then: float) -> Target:
    return Target(text, figure, first, then, at_least=True)


TARGETS = (
    _at_most("LSTM, training ÷ nn.LSTM", _mean("LSTM", TRAIN, "lstm"), 0.84, 0.78),
    _at_most("LSTM, training ÷ nn.LSTM, worst shape", _worst("LSTM", TRAIN, "lstm"), 0.90),
    _at_most("LSTM, inference ÷ nn.LSTM", _mean("LSTM", INFERENCE, "lstm"), 0.80),
    _at_most("LSTM, inference ÷ nn.LSTM at F", _mean("LSTM", INFERENCE, "lstm", "F"), 1.0),
    _at_most("LSTM, inference ÷ onnxruntime", _mean("LSTM", INFERENCE, "onnxruntime"), 1.0),
    _at_most("GRU, training ÷ nn.GRU", _mean("GRU", TRAIN, "gru"), 0.48, 0.45),
    _at_most("GRU, inference ÷ nn.GRU", _mean("GRU", INFERENCE, "gru"), 0.52, 0.48),
    _at_least("random cells, training, naive eager ÷ engine", _speed("eager"), 3.5, 4.2),
    _at_least("random cells, training, naive eager ÷ engine at B", _speed("eager", "B"), 1.8, 2.0),
    _at_most("LSTM, training ÷ jax", _mean("LSTM", TRAIN, "jax"), 0.65, 0.55),
    _at_most("random cells, training ÷ jax", _mean(RANDOM, TRAIN, "jax"), 0.65, 0.55),
    _at_most("LSTM, training ÷ torch.compile at A, B, E", _compiled("LSTM"), 0.75, 0.55),
    _at_most("random cells, training ÷ torch.compile at A, B, E", _compiled(RANDOM), 0.75, 0.55),
    _at_least("LSTM, training, share of the peak at B, C, D", _share("LSTM"), 0.82, 0.88),
    _at_least("random cells, training, share of the peak at B, C, D", _share(RANDOM), 0.82, 0.88),
    _at_most("plan and program a new cell, ms", _row("plan", "milliseconds"), 2.0),
    _at_most("language-model step ÷ torch's", _row("head", "time_ratio"), 0.90, 0.80),
    _at_most("language-model step, peak memory ÷ torch's", _row("head", "memory_ratio"), 0.3),
)
"""Ratios are geometric means over the shapes A to E, unless they name others."""
