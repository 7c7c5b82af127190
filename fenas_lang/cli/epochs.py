"""A training as it goes on: a bar on a terminal, elsewhere a line an epoch."""

from __future__ import annotations

import time
from typing import Any

import typer

from fenas_lang.runs.checkpoint import Standing
from fenas_lang.runs.directory import Row
from fenas_lang.runs.listener import Listener
from fenas_lang.runs.plan import Plan
from fenas_lang.search.lineage import figure
from fenas_lang.search.pace import clock

EVERY_SECONDS = 0.2


class Lines(Listener):
    """A line an epoch."""

    def begin(self, plan: Plan, epochs: int, steps: int, items: int, standing: Standing) -> None:
        self.plan, self.total, self.steps, self.items = plan, epochs, steps, items
        self.first, self.since = standing.epochs, time.monotonic()
        self.trained = standing.steps
        if plan.matched:
            self.say(matched(plan))
        if standing.epochs:
            self.say(f"goes on after epoch {standing.epochs} of {epochs}")

    def epoch(self, row: Row, standing: Standing) -> None:
        items = (standing.steps - self.trained) / self.steps * self.items
        self.trained = standing.steps
        rate = f"{items / max(row['seconds'], 1e-9):,.0f} items/s"
        self.say(f"{self.told(row, standing)}, {rate}{self.left(standing.epochs, 0)}")

    def told(self, row: Row, standing: Standing) -> str:
        """`epoch 3/20: loss 0.436, valid_accuracy 0.9075 (best)`."""
        metric = f"{self.plan.metric} {figure(row[self.plan.metric])}"
        best = standing.best_epoch
        is_best = " (best)" if best == int(row["epoch"]) else f" (best: epoch {best})"
        loss = figure(row["train_loss"])
        return f"epoch {int(row['epoch'])}/{self.total}: loss {loss}, {metric}{is_best}"

    def left(self, epochs: int, within: float) -> str:
        """`, 5:38 left`, at the pace since this process began."""
        done = epochs - self.first + within
        if done <= 0 or epochs >= self.total:
            return ""
        passed = time.monotonic() - self.since
        return f", {clock((self.total - epochs - within) * passed / done)} left"

    def say(self, text: str) -> None:
        typer.echo(text, err=True)


class Bar(Lines):
    """A progress bar of the epoch, and the lines of those that ended."""

    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.console, self.shown = console, 0.0
        columns = BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}")
        self.bar = Progress(*columns, console=console, transient=True)

    def begin(self, plan: Plan, epochs: int, steps: int, items: int, standing: Standing) -> None:
        super().begin(plan, epochs, steps, items, standing)
        self.done = standing.epochs
        self.bar.start()
        self.task = self.bar.add_task("", total=steps)

    def step(self, step: int, loss: float) -> None:
        now = time.monotonic()
        if now - self.shown < EVERY_SECONDS:
            return
        self.shown = now
        within = min(step / self.steps, 1.0)
        text = f"epoch {self.done + 1}/{self.total}: loss {figure(loss)}"
        left = self.left(self.done, within)
        self.bar.update(self.task, completed=step, description=text + left)

    def epoch(self, row: Row, standing: Standing) -> None:
        self.done = standing.epochs
        super().epoch(row, standing)
        self.bar.update(self.task, completed=0)

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        self.bar.stop()


def matched(plan: Plan) -> str:
    """Which hidden size was chosen, why, and what came with it."""
    found = plan.matched
    assert found is not None
    size = f"hidden {found.hidden}: {found.parameters:,} of at most {found.limit:,} parameters"
    embedding = plan.settings.get("embedding")
    also = "" if embedding is None else f"; the embedding stays {embedding}"
    if embedding == 0:
        also = "; the embedding is as wide"
    return f"{size} ({found.asked}){also}"


def listener(quiet: bool) -> Listener:
    """What suits the terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet:
        return Listener()
    return Bar(console) if console.is_terminal else Lines()
