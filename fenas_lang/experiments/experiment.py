"""Running an experiment: its directory, its units in order, and what came of them."""

from __future__ import annotations

import datetime
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from fenas_lang.bench.machine import machine
from fenas_lang.experiments import find
from fenas_lang.experiments.budget import Budget, budget
from fenas_lang.experiments.data import Data, data_for, needed
from fenas_lang.experiments.findings import Findings
from fenas_lang.experiments.folder import check_free, opened, write
from fenas_lang.experiments.plan import READS_DATA, VECTORS, Plan, plan
from fenas_lang.experiments.process import Ended
from fenas_lang.experiments.recipe import SCALES, Recipe, family
from fenas_lang.experiments.report import Report
from fenas_lang.experiments.schedule import Here, Place, Schedule
from fenas_lang.experiments.speed import operations_a_second
from fenas_lang.experiments.summary import summarise
from fenas_lang.registry import suggest
from fenas_lang.rules import experiments as rules

DIRECTORY = "DIR"
"""Stands for the directory of data in commands that are only shown."""


@dataclass(frozen=True)
class Asked:
    """What the user wants: an experiment at a scale, on data, in a directory.

    `folder` is `runs/NAME-SCALE` by default.  `store` is a search made already, for recipes that
    allow it; `ray` the address of a cluster.
    """

    name: str
    scale: str
    data: str | None = None
    folder: Path | None = None
    seeds: int | None = None
    workers: int = 1
    ray: str | None = None
    store: str | None = None
    rows: tuple[str, ...] = ()

    @property
    def place(self) -> Path:
        """The directory."""
        return (self.folder or Path("runs") / f"{self.name}-{self.scale}").absolute()

    @property
    def command(self) -> str:
        """What repeats it."""
        given = [f"fenasc experiment {self.name} --scale {self.scale}"]
        given += [f"--data {self.data}"] if self.data else []
        given += [f"--seeds {self.seeds}"] if self.seeds is not None else []
        given += [f"--store {self.store}"] if self.store else []
        given += [f"--row {shlex.quote(label)}" for label in self.rows]
        return " ".join(given)


def recipe(asked: Asked) -> Recipe:
    """The experiment, with the rows that are wanted.  Raises FEN570 and FEN574."""
    found = find(asked.name)
    labels = [row.label for row in found.rows]
    for label in asked.rows:
        if label not in labels:
            near, known = suggest(label, labels), ", ".join(labels)
            raise rules.UNKNOWN_ROW.error(
                experiment=asked.name, name=label, known=known, suggestion=near
            )
    wanted = tuple(row for row in found.rows if not asked.rows or row.label in asked.rows)
    return replace(found, rows=wanted)


def planned(asked: Asked, make_data: bool = True) -> tuple[Plan, Data]:
    """The units and the data.

    Without `make_data` nothing is written.  Raises FenError: FEN570 to FEN574 for what was asked,
    FEN563 for its data.
    """
    found = recipe(asked)
    if asked.scale not in SCALES:
        near = suggest(asked.scale, SCALES)
        known = ", ".join(SCALES)
        raise rules.UNKNOWN_SCALE.error(name=asked.scale, known=known, suggestion=near)
    if asked.store is not None and not found.takes_store:
        raise rules.NO_USE_FOR_STORE.error(name=asked.name)
    wanted = found.scales[asked.scale].tasks or found.tasks
    families = [f for f in dict.fromkeys(map(family, wanted)) if f in READS_DATA]
    data = data_for(asked.scale, families, asked.data, asked.place, make_data)
    made = plan(
        asked.name,
        found,
        asked.scale,
        seeds=asked.seeds,
        families=frozenset(data.paths),
        store=None if asked.store is None else str(Path(asked.store).absolute()),
    )
    if not made.tasks:
        raise needed(asked.name, asked.scale, families)
    return made, data


def estimated(asked: Asked) -> tuple[Plan, Budget]:
    """What it will take on this machine; writes nothing, and needs no data."""
    found = recipe(asked)
    given = asked.data is not None or asked.scale == SCALES[0]
    if given or asked.scale not in found.scales:
        made, data = planned(asked, make_data=False)
        paths = data.paths
    else:
        made = plan(asked.name, found, asked.scale, seeds=asked.seeds, store=asked.store)
        paths = dict.fromkeys((*made.families, VECTORS), DIRECTORY)
    rate = operations_a_second(made.told.threads)
    return made, budget(made, asked.place, asked.workers, rate, paths)


def run(asked: Asked, report: Callable[[str], None]) -> Report:
    """Do all that is not done, and sum up.  Raises FenError (FEN560-604) and KeyboardInterrupt."""
    folder = asked.place
    check_free(folder)
    made, data = planned(asked)
    opened(folder, made, data)
    _check_room(made, folder)
    place = _place(asked, folder, data)
    ended = Schedule(made.units, folder, place, report).run()
    return summed_up(asked, made, data, ended)


def summed_up(asked: Asked, made: Plan, data: Data, ended: dict[str, Ended]) -> Report:
    """The report of what there is so far."""
    findings = Findings(made, asked.place, ended)
    today = datetime.date.today().isoformat()
    return Report(findings, summarise(findings), data, asked.command, machine(), today)


def keep(told: Report, folder: Path, as_json: str) -> dict[str, str]:
    """Write result.json, result.md and the pictures; the pictures' names by title."""
    names = {}
    for number, (title, svg) in enumerate(told.pictures().items(), 1):
        names[title] = f"{told.findings.plan.name}-{number}.svg"
        write(folder / names[title], svg)
    write(folder / "result.json", as_json)
    write(folder / "result.md", told.markdown(names))
    return names


def _place(asked: Asked, folder: Path, data: Data) -> Place:
    if asked.ray is None:
        return Here(folder, data.paths, asked.workers)
    from fenas_lang.experiments.cluster import Cluster

    return Cluster(folder, data.paths, asked.workers, asked.ray)


def _check_room(made: Plan, folder: Path) -> None:
    """Raises FEN562 where the checkpoints will not fit."""
    needs = budget(made, folder, 1, 1.0, {}).room
    free = shutil.disk_usage(folder).free
    if needs > free:
        shown = {"needed": f"{needs / 1e9:.1f} GB", "free": f"{free / 1e9:.1f} GB"}
        raise rules.NO_ROOM.error(path=folder, **shown)
