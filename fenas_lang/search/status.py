"""How far a run is, as a plain value: what `fenasc status` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenas_lang.search.halving import reached
from fenas_lang.search.phase import best_of
from fenas_lang.search.settings import Settings
from fenas_lang.search.store import Store
from fenas_lang.search.trial import FINAL, HIT, SEARCH, Trial


@dataclass(frozen=True)
class Status:
    """Counts of a run.

    `hits` took the score of an equal cell, `rejected` were refused before training.  `copies` and
    `useless` count trained cells that another profile would have saved.  `rungs` says how many
    trainings came to which rung, in epochs.  `failures` are by reason;
    `ended`, `exhausted` and `inexact` are texts where they apply.
    """

    store: str
    settings: Settings
    task: Mapping[str, Any]
    trials: int
    finals: int
    hits: int
    rejected: int
    copies: int
    useless: int
    failures: Mapping[str, int]
    seconds: float
    rungs: Mapping[int, int]
    best: Trial | None
    ended: str
    exhausted: str
    inexact: str

    def as_json(self) -> dict[str, Any]:
        """The documented object of `fenasc status --format json`."""
        told = self.settings
        counts = ("trials", "finals", "hits", "rejected", "copies", "useless", "seconds")
        texts = ("ended", "exhausted", "inexact")
        return {
            "version": 1,
            "store": self.store,
            "task": self.task["task"],
            "metric": self.task["metric"],
            "total": told.total,
            "strategy": told.strategy,
            "profile": told.profile,
            **{name: getattr(self, name) for name in counts},
            "failures": dict(self.failures),
            "rungs": {str(epochs): count for epochs, count in self.rungs.items()},
            **{name: getattr(self, name) or None for name in texts},
            "best": self.best and _best(self.best),
        }


def _best(trial: Trial) -> dict[str, Any]:
    return {
        "number": trial.number,
        "name": trial.name,
        "metric": trial.metric,
        "score": trial.score,
        "source": trial.source,
    }


def status(location: str | Path) -> Status:
    """The status of a store, which a search may be writing to.  Raises FenError (FEN501-505)."""
    with Store.open(location) as store:
        meta, trials, rejected = store.meta(), store.trials(SEARCH), store.rejected()
        told, finals = Settings.of(store), store.trials(FINAL)
    return Status(
        store=str(location),
        settings=told,
        task=meta["task"],
        trials=len(trials),
        finals=len(finals),
        hits=sum(trial.outcome == HIT for trial in trials),
        rejected=rejected,
        copies=sum(trial.outcome != HIT and trial.copy_of is not None for trial in trials),
        useless=sum(bool(trial.useless) for trial in trials),
        failures=_failures([*trials, *finals]),
        seconds=sum(trial.measured.seconds for trial in (*trials, *finals)),
        rungs=_rungs(trials),
        best=best_of(trials),
        **{name: meta.get(name, "") for name in ("ended", "exhausted", "inexact")},
    )


def _rungs(trials: Sequence[Trial]) -> dict[int, int]:
    """How many trainings came to each rung."""
    own = (trial for trial in trials if trial.outcome != HIT)
    return dict(sorted(Counter(epochs for trial in own for epochs, _ in reached(trial)).items()))


def _failures(trials: Sequence[Trial]) -> dict[str, int]:
    return dict(Counter(t.measured.reason for t in trials if t.measured.reason).most_common())
