"""What a run found, read from its store alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from fenas_lang.rules import search as rules
from fenas_lang.search.finals import FOUND, Entrant, Final, entrants, finals
from fenas_lang.search.objectives import Compromise, pareto_front
from fenas_lang.search.server import shown
from fenas_lang.search.settings import Settings
from fenas_lang.search.store import Store
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import FINAL, SEARCH, Trial
from fenas_lang.search.variation import Variation
from fenas_lang.source import SourceFile
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell


@dataclass(frozen=True)
class Result:
    """The cell found, its score (higher is better) and its metric, as the task measures it.

    In the `default` profile both are means over the trainings of the final phase, in the `paper`
    profile those of the best trial.  `trial` is that of the cell, `final` its trainings where they
    decided; `store` says where the run is.  `finals` are all trainings of the final phase, the
    baselines' too.  `lineage` leads from a first ancestor to the cell: each trial's first parent
    is before it.  `task` describes the task; `front` is the Pareto front of a search with several
    objectives.
    """

    cell: Cell
    score: float
    metric: float
    store: str
    trial: Trial
    final: Final | None
    finals: tuple[Final, ...]
    lineage: Sequence[Trial]
    settings: Settings
    space: Space
    task: Mapping[str, Any]
    front: tuple[Compromise, ...] = ()

    @property
    def metric_name(self) -> str:
        return str(self.task["metric"])

    @property
    def trains(self) -> bool:
        """Whether the task trains cells; else it looks them up, and seeds mean nothing."""
        return bool(self.task.get("trains", True))

    @property
    def basis(self) -> str:
        """What the metric is of, in words."""
        if not self.trains:
            return "looked up"
        if self.final is None:
            return "one training"
        count = len(self.final.trials)
        return (
            f"mean of {count} trainings on fresh seeds"
            if count > 1
            else "one training on a fresh seed"
        )

    @property
    def references(self) -> Mapping[str, float]:
        """The metric of simple predictors on the validation data, by their names."""
        return dict(self.task.get("references", {}))

    @property
    def hidden_size(self) -> int:
        """H of the models that were trained; the task may not say."""
        return int(self.task["settings"].get("hidden", 300))

    @cached_property
    def trials(self) -> Mapping[int, Trial]:
        """The trials of the search by number, read from the store when they are first asked for."""
        with Store.open(self.store) as store:
            return {trial.number: trial for trial in store.each(SEARCH)}


def read_result(store: Store, settings: Settings, variation: Variation) -> Result:
    """The result so far.  Raises FEN508 where no cell has a score."""
    best = store.best(SEARCH, 1)
    if not best:
        raise rules.NOTHING_SCORED.error(path=shown(store.location), why=_why(store))
    table = finals(entrants(settings, variation, store), store.trials(FINAL))
    final = _chosen(table) if settings.finals else None
    lineage = store.line(SEARCH, best[0].number if final is None else _number(final.entrant))
    trial = lineage[-1]
    score, metric = (final or trial).score, (final or trial).metric
    assert score is not None and metric is not None
    return Result(
        cell=_beside_its_space(trial, settings.folder),
        score=score,
        metric=metric,
        store=store.location,
        trial=trial,
        final=final,
        finals=tuple(final for final in table if final.trials),
        lineage=lineage,
        settings=settings,
        space=variation.space,
        task=store.meta()["task"],
        front=pareto_front(store.each(SEARCH), settings, variation.space),
    )


def _beside_its_space(trial: Trial, folder: str | None) -> Cell:
    """The cell as if its text stood where its space's file is, so that it can be compiled."""
    cell = Individual(trial.number, trial.source, trial.score).cell
    if folder is None:
        return cell
    return replace(cell, source=SourceFile(trial.source, Path(folder) / f"{cell.name}.fen"))


def _why(store: Store) -> str:
    trials = store.each(SEARCH)
    failed = [trial.measured.reason for trial in trials if trial.measured.reason]
    return f": {len(failed)} trainings failed, the last with `{failed[-1]}`" if failed else ""


def _chosen(table: Sequence[Final]) -> Final | None:
    """The best mean among the cells found whose trainings have all ended well."""
    whole = [f for f in table if f.entrant.role == FOUND and f.score is not None]
    return max(whole, key=_score, default=None)


def _score(final: Final) -> float:
    assert final.score is not None
    return final.score


def _number(entrant: Entrant) -> int:
    assert entrant.number is not None
    return entrant.number
