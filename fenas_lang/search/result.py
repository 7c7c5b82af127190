"""What a run found, read from its store alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fenas_lang.rules import search as rules
from fenas_lang.search.finals import FOUND, Entrant, Final, entrants, finals
from fenas_lang.search.objectives import Compromise, pareto_front
from fenas_lang.search.phase import best_of
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
    baselines' too, and `trials` those of the search by number.  `task` describes the task; `front`
    is the Pareto front of a search with several objectives.
    """

    cell: Cell
    score: float
    metric: float
    store: str
    trial: Trial
    final: Final | None
    finals: tuple[Final, ...]
    trials: Mapping[int, Trial]
    settings: Settings
    space: Space
    task: Mapping[str, Any]
    front: tuple[Compromise, ...] = ()

    @property
    def metric_name(self) -> str:
        return str(self.task["metric"])

    @property
    def references(self) -> Mapping[str, float]:
        """The metric of simple predictors on the validation data, by their names."""
        return dict(self.task.get("references", {}))

    @property
    def hidden_size(self) -> int:
        """H of the models that were trained; the task may not say."""
        return int(self.task["settings"].get("hidden", 300))

    @property
    def lineage(self) -> list[Trial]:
        """From a first ancestor to the cell: each trial's first parent before it."""
        line = [self.trial]
        while line[0].parents:
            line.insert(0, self.trials[line[0].parents[0]])
        return line


def read_result(store: Store, settings: Settings, variation: Variation) -> Result:
    """The result so far.  Raises FEN508 where no cell has a score."""
    trials = store.trials(SEARCH)
    best = best_of(trials)
    if best is None:
        raise rules.NOTHING_SCORED.error(path=shown(store.location), why=_why(trials))
    by_number = {trial.number: trial for trial in trials}
    table = finals(entrants(settings, variation, trials), store.trials(FINAL))
    final = _chosen(table) if settings.finals else None
    trial = best if final is None else by_number[_number(final.entrant)]
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
        trials=by_number,
        settings=settings,
        space=variation.space,
        task=store.meta()["task"],
        front=pareto_front(trials, settings, variation.space),
    )


def _beside_its_space(trial: Trial, folder: str | None) -> Cell:
    """The cell as if its text stood where its space's file is, so that it can be compiled."""
    cell = Individual(trial.number, trial.source, trial.score).cell
    if folder is None:
        return cell
    return replace(cell, source=SourceFile(trial.source, Path(folder) / f"{cell.name}.fen"))


def _why(trials: Sequence[Trial]) -> str:
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
