"""What a search may want at once: a high score, and a cheap cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import expand, lower
from fenas_lang.search.pareto import Point, front
from fenas_lang.search.settings import Settings
from fenas_lang.search.strategy import SCORE, Individual
from fenas_lang.search.trial import Trial
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


def _parameters(dataflow: Dataflow, hidden: int) -> int:
    from fenas_lang.analysis.cost import parameter_count

    return parameter_count(dataflow, hidden, hidden).value


def _flops(dataflow: Dataflow, hidden: int) -> int:
    from fenas_lang.analysis.cost import operation_count

    return operation_count(expand(dataflow), dataflow, hidden, hidden).value


COSTS: dict[str, Callable[[Dataflow, int], int]] = {"parameters": _parameters, "flops": _flops}
"""What is to be small, of a cell whose input and state have a size; FLOPs are of a time step."""


def costs_of(cell: Cell, settings: Settings, space: Space) -> dict[str, int]:
    """The costs among the objectives of a run; empty where it has one objective."""
    names = [name for name in settings.wanted if name != SCORE]
    dataflow = lower(cell, space) if names else None
    return {name: COSTS[name](dataflow, settings.hidden) for name in names if dataflow is not None}


def costs(cell: Individual, settings: Settings, space: Space) -> Mapping[str, int]:
    """The same of an individual, as its trial says; stores of earlier versions do not say it."""
    return cell.costs or costs_of(cell.cell, settings, space)


def point(cell: Individual, settings: Settings, space: Space) -> Point:
    """A scored individual in the space of the objectives, all the greater the better."""
    assert cell.score is not None
    found = costs(cell, settings, space)
    return tuple(cell.score if name == SCORE else -found[name] for name in settings.wanted)


@dataclass(frozen=True)
class Compromise:
    """A trial of the Pareto front, and what its cell costs."""

    trial: Trial
    costs: Mapping[str, int]


def pareto_front(
    trials: Iterable[Trial], settings: Settings, space: Space
) -> tuple[Compromise, ...]:
    """The trials that none beats in every objective, the best score first.

    Empty where the run has one objective.
    """
    if len(settings.wanted) < 2:
        return ()
    scored = [trial for trial in trials if trial.score is not None]
    points = [point(Individual.of(trial), settings, space) for trial in scored]
    best = sorted((scored[place] for place in front(points)), key=lambda trial: -(trial.score or 0))
    return tuple(Compromise(trial, costs(Individual.of(trial), settings, space)) for trial in best)
