"""What a run tells while it goes on; a progress bar is one listener."""

from __future__ import annotations

from dataclasses import dataclass

from fenas_lang.search.trial import Trial


@dataclass(frozen=True)
class Standing:
    """How far a phase is: `done` of `total` trials, `hits` of them without a training, `failures`
    in vain.

    `best` is the best trial of the search so far.
    """

    phase: str
    done: int
    total: int
    hits: int
    best: Trial | None
    failures: int = 0


class Watcher:
    """Listens and does nothing."""

    def begin(self, metric: str, standing: Standing) -> None:
        """A phase begins, at `standing.done` where it is resumed."""

    def ended(self, trial: Trial, standing: Standing) -> None:
        """A trial is in the store."""

    def say(self, text: str) -> None:
        """Something that the user should know."""

    def close(self) -> None:
        """Nothing more will come."""


class Watchers(Watcher):
    """Several listeners as one."""

    def __init__(self, *listeners: Watcher):
        self.listeners = listeners

    def begin(self, metric: str, standing: Standing) -> None:
        for listener in self.listeners:
            listener.begin(metric, standing)

    def ended(self, trial: Trial, standing: Standing) -> None:
        for listener in self.listeners:
            listener.ended(trial, standing)

    def say(self, text: str) -> None:
        for listener in self.listeners:
            listener.say(text)

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
