"""How far a run is, as a plain value: what `fenasc status` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenas_lang.search.halving import reached
from fenas_lang.search.lock import is_written
from fenas_lang.search.objectives import Compromise, pareto_front
from fenas_lang.search.pace import Pace
from fenas_lang.search.server import shown
from fenas_lang.search.settings import Settings
from fenas_lang.search.store import Store, path_of
from fenas_lang.search.tally import Tally, pace_of
from fenas_lang.search.trial import HIT, SEARCH, Trial
from fenas_lang.source import SourceFile
from fenas_lang.spaces.reader import read_space

FINISHED, RUNNING, INTERRUPTED, UNFINISHED = "finished", "running", "interrupted", "unfinished"
"""States of a run.  Whether someone writes to a database at a URL is not known."""


@dataclass(frozen=True)
class Status:
    """Counts of a run.

    `hits` took the score of an equal cell, `rejected` were refused before training.  `copies` and
    `useless` count trained cells that another profile would have saved.  `rungs` says how many
    trainings came to which rung, in epochs.  `failures` are by reason;
    `ended`, `exhausted` and `inexact` are texts where they apply.  `state` is one of this module's
    constants, `pace` that of the search, `front` the Pareto front of one with several objectives.
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
    state: str
    pace: Pace
    front: tuple[Compromise, ...] = ()

    @property
    def left(self) -> float | None:
        """Seconds that the rest of the search takes at this pace; None where that is unknown."""
        if self.ended or self.exhausted:
            return None
        return self.pace.seconds_for(max(0, self.settings.total - self.trials))

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
            "objectives": list(told.wanted),
            "front": [{**_best(one.trial), **one.costs} for one in self.front],
            "state": self.state,
            "trials_a_minute": self.pace.per_minute,
            "seconds_left": self.left,
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
        meta, told, tally = store.meta(), Settings.of(store), Tally.of(store)
        return Status(
            store=shown(location),
            settings=told,
            task=meta["task"],
            **vars(tally),
            rejected=store.rejected(),
            rungs=_rungs(store, told),
            best=next(iter(store.best(SEARCH, 1)), None),
            front=_front(store, told),
            **{name: meta.get(name, "") for name in ("ended", "exhausted", "inexact")},
            state=FINISHED if meta.get("ended") else _unfinished(location),
            pace=pace_of(store, tally.trials),
        )


def _front(store: Store, told: Settings) -> tuple[Compromise, ...]:
    if len(told.wanted) < 2:
        return ()
    return pareto_front(store.each(SEARCH), told, read_space(SourceFile(told.space)))


def _unfinished(location: str | Path) -> str:
    path = path_of(location)
    if path is None:
        return UNFINISHED
    return RUNNING if is_written(path) else INTERRUPTED


def _rungs(store: Store, told: Settings) -> dict[int, int]:
    """How many trainings came to each rung."""
    if not told.fidelity:
        return {}
    own = (trial for trial in store.recalled(SEARCH) if trial.outcome != HIT)
    return dict(sorted(Counter(epochs for trial in own for epochs, _ in reached(trial)).items()))
