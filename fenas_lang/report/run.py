"""All that a report shows of a run, read from its store once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fenas_lang.diagnostics import FenError
from fenas_lang.rules.search import NOTHING_SCORED
from fenas_lang.search.phase import distinct
from fenas_lang.search.result import Result
from fenas_lang.search.settings import Settings
from fenas_lang.search.status import Status, status
from fenas_lang.search.store import Store
from fenas_lang.search.study import result_of, variation_of
from fenas_lang.search.trial import FINAL, SEARCH, Trial
from fenas_lang.spaces.model import Space

GALLERY = 12
"""So many of the best different cells are shown."""


@dataclass(frozen=True)
class Run:
    """`trials` are those of the search by number, `finals` the later trainings; `result` is None
    where no cell has a score.  `refused` counts candidates that were not trained, by reason."""

    status: Status
    meta: Mapping[str, Any]
    trials: Sequence[Trial]
    finals: Sequence[Trial]
    refused: Mapping[str, int]
    result: Result | None
    space: Space

    @property
    def settings(self) -> Settings:
        return self.status.settings

    @property
    def metric(self) -> str:
        return str(self.status.task["metric"])

    @property
    def references(self) -> Mapping[str, float]:
        """What simple predictors get."""
        return dict(self.status.task.get("references", {}))

    @property
    def seeds(self) -> list[Trial]:
        """The trials of the seed cells."""
        return [trial for trial in self.trials if trial.number < len(self.settings.seeds)]

    @property
    def best(self) -> list[Trial]:
        """The best different cells, best first."""
        return distinct(self.trials, GALLERY)

    @property
    def hardware(self) -> list[str]:
        """What the trainings ran on, each once."""
        found = (t.measured.facts.get("hardware") for t in (*self.trials, *self.finals))
        return list(dict.fromkeys(str(text) for text in found if text))

    @property
    def begun(self) -> str:
        """When the run began, to the minute."""
        moment = datetime.fromtimestamp(float(self.meta.get("created", 0)), UTC)
        return moment.strftime("%Y-%m-%d %H:%M UTC")


def read_run(location: str | Path) -> Run:
    """The run of a store, which a search may be writing to.  Raises FenError (FEN501-505)."""
    with Store.open(location) as store:
        meta, settings = store.meta(), Settings.of(store)
        trials = sorted(store.trials(SEARCH), key=lambda trial: trial.number)
        finals, refused = store.trials(FINAL), store.refused()
    return Run(
        status=status(location),
        meta=meta,
        trials=trials,
        finals=finals,
        refused=refused,
        result=_result(location),
        space=variation_of(settings).space,
    )


def _result(location: str | Path) -> Result | None:
    try:
        return result_of(location)
    except FenError as error:
        if [d.code for d in error.diagnostics] == [NOTHING_SCORED.code]:
            return None
        raise
