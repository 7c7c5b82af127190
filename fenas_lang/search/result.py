"""What a run found, read from its store alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fenas_lang.rules import search as rules
from fenas_lang.search.finals import FOUND, Entrant, Final, entrants, finals
from fenas_lang.search.phase import best_of
from fenas_lang.search.settings import Settings
from fenas_lang.search.store import Store
from fenas_lang.search.strategy import Individual
from fenas_lang.search.trial import FINAL, SEARCH, Trial
from fenas_lang.search.variation import Variation
from fenas_lang.syntax.ast import Cell


@dataclass(frozen=True)
class Result:
    """The cell found, its score (higher is better) and its metric, as the task measures it.

    In the `default` profile both are means over the trainings of the final phase, in the `paper`
    profile those of the best trial.  `trial` is that of the cell; `store` where the run is.
    `finals` are all trainings of the final phase, the baselines' too.
    """

    cell: Cell
    score: float
    metric: float
    metric_name: str
    store: str
    trial: Trial
    finals: tuple[Final, ...]
    trials: Mapping[int, Trial]
    settings: Settings

    @property
    def lineage(self) -> list[Trial]:
        """From a first ancestor to the cell: each trial's first parent before it."""
        line = [self.trial]
        while line[0].parents:
            line.insert(0, self.trials[line[0].parents[0]])
        return line


@dataclass(frozen=True)
class Savings:
    """Trials that were saved, or would have been in the `paper` profile; failures by reason."""

    copies: int
    useless: int
    failures: Mapping[str, int]


def read_result(store: Store, settings: Settings, variation: Variation) -> Result:
    """The result so far.  Raises FEN508 where no cell has a score."""
    trials = store.trials(SEARCH)
    best = best_of(trials)
    if best is None:
        failed = sum(trial.measured.reason != "" for trial in trials)
        why = f": {failed} trainings failed" if failed else ""
        raise rules.NOTHING_SCORED.error(path=store.location, why=why)
    by_number = {trial.number: trial for trial in trials}
    table = finals(entrants(settings, variation, trials), store.trials(FINAL))
    chosen = _chosen(table) if settings.rules.finals else None
    trial = best if chosen is None else by_number[_number(chosen.entrant)]
    score = trial.score if chosen is None else chosen.score
    metric = trial.metric if chosen is None else chosen.metric
    assert score is not None and metric is not None
    return Result(
        cell=Individual(trial.number, trial.source, trial.score).cell,
        score=score,
        metric=metric,
        metric_name=store.meta()["task"]["metric"],
        store=store.location,
        trial=trial,
        finals=tuple(final for final in table if final.trials),
        trials=by_number,
        settings=settings,
    )


def _chosen(table: Sequence[Final]) -> Final | None:
    """The best mean among the cells found whose trainings have all ended well."""
    whole = [f for f in table if f.entrant.role == FOUND and f.score is not None]
    return max(whole, key=lambda final: final.score or 0.0, default=None)


def _number(entrant: Entrant) -> int:
    assert entrant.number is not None
    return entrant.number


def savings(trials: Sequence[Trial], rejected: int) -> Savings:
    """What the profile saved, or would have saved."""
    failures: dict[str, int] = {}
    for trial in trials:
        if trial.measured.reason:
            failures[trial.measured.reason] = failures.get(trial.measured.reason, 0) + 1
    copies = sum(t.copy_of is not None for t in trials)
    useless = rejected or sum(bool(t.useless) for t in trials)
    return Savings(copies, useless, failures)
