"""A search as it goes on: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from fenas_lang.cli.output import Verbosity
from fenas_lang.search.lineage import figure
from fenas_lang.search.pace import clock
from fenas_lang.search.trial import FINAL, Trial
from fenas_lang.search.watcher import Standing, Watcher

if TYPE_CHECKING:
    from rich.progress import Progress

T = TypeVar("T")
EVERY_SECONDS = 10.0
PHASES = {FINAL: "training the best again"}


class Rate:
    """Trials a minute and the time left, of what was done since it was made."""

    def __init__(self, done: int):
        self.first, self.since = done, time.monotonic()

    def text(self, standing: Standing) -> str:
        """`12.3/min, 5:38 left`."""
        seconds = max(time.monotonic() - self.since, 1e-9)
        rate = (standing.done - self.first) / seconds
        if rate == 0:
            return ""
        left = clock((standing.total - standing.done) / rate)
        return f"{rate * 60:.1f}/min, {left} left"


def described(metric: str, standing: Standing) -> str:
    """The best so far, and what was saved."""
    best = standing.best
    known = f"best {metric} {figure(best.metric)} ({best.name})" if best else "no score yet"
    hits = f", {standing.hits} hits" if standing.hits else ""
    failed = f", {standing.failures} failed" if standing.failures else ""
    return (PHASES.get(standing.phase, "") or known + hits) + failed


class Lines(Watcher):
    """A line every few seconds."""

    def __init__(self) -> None:
        self.metric, self.last = "", 0.0
        self.rate = Rate(0)

    def begin(self, metric: str, standing: Standing) -> None:
        self.metric, self.rate = metric, Rate(standing.done)

    def ended(self, trial: Trial, standing: Standing) -> None:
        now = time.monotonic()
        if now - self.last < EVERY_SECONDS and standing.done < standing.total:
            return
        self.last = now
        rate = self.rate.text(standing)
        text = described(self.metric, standing)
        self.say(f"{standing.done}/{standing.total}  {text}  {rate}".rstrip())

    def say(self, text: str) -> None:
        typer.echo(text, err=True)


class Bar(Watcher):
    """A progress bar, and a line for each new best cell."""

    def __init__(self, console: Any) -> None:
        self.console, self.metric = console, ""
        self.rate = Rate(0)
        self.bar: Progress | None = None
        self.best: Trial | None = None

    def begin(self, metric: str, standing: Standing) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.close()
        self.metric, self.rate, self.best = metric, Rate(standing.done), standing.best
        columns = BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}")
        self.bar = Progress(*columns, console=self.console)
        self.bar.start()
        text = described(metric, standing)
        self.task = self.bar.add_task(text, total=standing.total, completed=standing.done)

    def ended(self, trial: Trial, standing: Standing) -> None:
        assert self.bar is not None
        if standing.best is not self.best and standing.best is not None:
            self.best = standing.best
            self.say(f"{self.best.name}: {self.metric} {figure(self.best.metric)}, {trial.edit}")
        text = f"{described(self.metric, standing)}, {self.rate.text(standing)}"
        self.bar.update(self.task, completed=standing.done, description=text)

    def say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.stop()


def counted(items: Sequence[T], what: str) -> Iterator[T]:
    """The items one by one, with a bar on a terminal that goes when all are done."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    hidden = Verbosity.quiet or not console.is_terminal
    yield from track(items, what, console=console, transient=True, disable=hidden)


def watcher(quiet: bool) -> Watcher:
    """What suits the terminal."""
    from rich.console import Console

    console = Console(stderr=True)
    if quiet:
        return Watcher()
    return Bar(console) if console.is_terminal else Lines()
