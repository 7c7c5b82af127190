"""What a run tells while it goes on; a progress bar is one listener."""

from __future__ import annotations

from fenas_lang.runs.checkpoint import Standing
from fenas_lang.runs.directory import Row
from fenas_lang.runs.plan import Plan


class Listener:
    """Listens and does nothing."""

    def begin(self, plan: Plan, epochs: int, steps: int, items: int, standing: Standing) -> None:
        """Training begins after `standing.epochs` of at most `epochs`, each of about so many steps
        and training items."""

    def step(self, step: int, loss: float) -> None:
        """Step `step` of the epoch is done, from 1."""

    def epoch(self, row: Row, standing: Standing) -> None:
        """An epoch is written."""

    def say(self, text: str) -> None:
        """Something that the user should know."""

    def close(self) -> None:
        """Nothing more will come."""


class Listeners(Listener):
    """Several listeners as one."""

    def __init__(self, *listeners: Listener):
        self.listeners = listeners

    def begin(self, plan: Plan, epochs: int, steps: int, items: int, standing: Standing) -> None:
        for listener in self.listeners:
            listener.begin(plan, epochs, steps, items, standing)

    def step(self, step: int, loss: float) -> None:
        for listener in self.listeners:
            listener.step(step, loss)

    def epoch(self, row: Row, standing: Standing) -> None:
        for listener in self.listeners:
            listener.epoch(row, standing)

    def say(self, text: str) -> None:
        for listener in self.listeners:
            listener.say(text)

    def close(self) -> None:
        for listener in self.listeners:
            listener.close()
