"""All units in order, several at a time; one that fails costs only itself and what needs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fenas_lang.experiments.process import Ended, Processes
from fenas_lang.experiments.units import Unit, Words, filled, finished, next_words

LOOK = 0.5
"""Seconds between looks at a wish to stop."""


class Place(Protocol):
    """Where units run: processes here, or a cluster."""

    def submit(self, unit: Unit, words: Words, workers: int) -> Future[Ended]:
        """Begin a unit."""

    def room(self, unit: Unit, running: Sequence[Unit]) -> bool:
        """Whether it may begin now."""

    @property
    def workers(self) -> int:
        """Of a search that may have all."""

    def stop(self) -> None:
        """Interrupt what runs."""

    def close(self) -> None:
        """Nothing runs any more."""


@dataclass
class Here:
    """Processes on this machine, `workers` at a time; a wide unit has them all to itself."""

    folder: Path
    data: dict[str, str]
    workers: int

    def __post_init__(self) -> None:
        self.processes = Processes()
        self.threads = ThreadPoolExecutor(self.workers)

    def submit(self, unit: Unit, words: Words, workers: int) -> Future[Ended]:
        told = filled(words, self.data, workers)
        return self.threads.submit(self.processes.run, unit.name, told, self.folder, unit.threads)

    def room(self, unit: Unit, running: Sequence[Unit]) -> bool:
        if any(other.wide for other in running):
            return False
        return not running if unit.wide else len(running) < self.workers

    def stop(self) -> None:
        self.processes.stop()

    def close(self) -> None:
        self.threads.shutdown()


@dataclass
class Schedule:
    """What is to do, runs and has ended."""

    units: Sequence[Unit]
    folder: Path
    place: Place
    report: Callable[[str], None]
    ended: dict[str, Ended] = field(default_factory=dict)
    _running: dict[Future[Ended], Unit] = field(default_factory=dict)

    def run(self) -> dict[str, Ended]:
        """How each ended, by name.  Raises KeyboardInterrupt when all that ran has ended."""
        try:
            while len(self.ended) < len(self.units):
                self._begin()
                self._collect(LOOK)
        except KeyboardInterrupt:
            self.place.stop()
            while self._running:
                self._collect(LOOK)
            raise
        finally:
            self.place.close()
        return self.ended

    def _begin(self) -> None:
        for unit in self._waiting():
            needs = [self.ended[name] for name in unit.after if name in self.ended]
            lacking = next((one.name for one in needs if one.reason), None)
            if finished(unit, self.folder):
                self._note(Ended(unit.name))
            elif lacking is not None:
                self._note(Ended(unit.name, f"needs {lacking}, which failed"))
            elif len(needs) == len(unit.after):
                if self.place.room(unit, self._now):
                    self._submit(unit)
                elif unit.wide:
                    return  # or later units would fill every gap, and it would come last

    @property
    def _now(self) -> list[Unit]:
        return list(self._running.values())

    def _waiting(self) -> list[Unit]:
        names = {unit.name for unit in self._now} | self.ended.keys()
        return [unit for unit in self.units if unit.name not in names]

    def _submit(self, unit: Unit) -> None:
        words = next_words(unit, self.folder)
        workers = self.place.workers if unit.wide else 1
        self._running[self.place.submit(unit, words, workers)] = unit
        self.report(f"{unit.name} {'goes on' if words == unit.go_on else 'begins'}")

    def _collect(self, seconds: float) -> None:
        done, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in done:
            unit = self._running.pop(future)
            ended = future.result()
            if not ended.reason and not finished(unit, self.folder):
                ended = Ended(unit.name, "ended well, but made nothing", ended.seconds)
            self._note(ended)

    def _note(self, ended: Ended) -> None:
        self.ended[ended.name] = ended
        took = f" in {ended.seconds:.0f} s" if ended.seconds else ""
        why = "interrupted" if ended.interrupted else f"failed: {ended.reason}"
        state = why if ended.reason else f"done{took}"
        self.report(f"{len(self.ended)}/{len(self.units)} {ended.name}: {state}")
