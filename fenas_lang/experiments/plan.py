"""From a recipe and a scale to units: every row, task, cell and seed has one that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fenas_lang import tasks
from fenas_lang.experiments.recipe import (
    NOTHING,
    Random,
    Recipe,
    Row,
    Scale,
    Search,
    Settings,
    Subject,
    Value,
    family,
    of_task,
)
from fenas_lang.experiments.submission import FILES
from fenas_lang.experiments.units import (
    PREDICT,
    RESULT,
    SAMPLE,
    SEARCH,
    TRAIN,
    Unit,
    Words,
    Work,
    data_word,
)

VECTORS = "vectors"
"""Stands beside the families: a file of word vectors."""
READS_DATA = frozenset({"lm", "glue"})
"""Families whose tasks read a directory."""


MARKS = {"*": "star", "†": "dagger"}
"""What tells rows of the paper's tables apart."""


@dataclass(frozen=True)
class Place:
    """One figure's place: the row's label, the task, which of the row's cells, and the seed."""

    row: str
    task: str
    cell: int
    seed: int


@dataclass(frozen=True)
class Plan:
    """All units in the order in which they may begin, and the unit of each place.

    `missing` are rows' tasks that need data where there are none.
    """

    name: str
    scale: str
    seeds: int
    recipe: Recipe
    units: tuple[Unit, ...]
    places: Mapping[Place, str]
    tasks: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def told(self) -> Scale:
        """What the scale's name stands for."""
        return self.recipe.scales[self.scale]

    @property
    def families(self) -> list[str]:
        """Of the tasks that read data."""
        return [f for f in dict.fromkeys(map(family, self.tasks)) if f in READS_DATA]


def plan(
    name: str,
    recipe: Recipe,
    scale: str,
    *,
    seeds: int | None = None,
    families: frozenset[str] = READS_DATA,
    store: str | None = None,
) -> Plan:
    """The units of an experiment.

    `seeds` stands for the scale's number, `families` are those that there are data for, `store` is
    a search that has been made, in the place of the one in the recipe.
    """
    told = recipe.scales[scale]
    count = told.seeds if seeds is None else seeds
    wanted = told.tasks or recipe.tasks
    there = tuple(t for t in wanted if family(t) in families or family(t) not in READS_DATA)
    planner = _Planner(recipe, told, count, store)
    places = dict(planner.places(there))
    missing = tuple(task for task in wanted if task not in there)
    units = tuple(planner.units.values())
    return Plan(name, scale, count, recipe, units, places, there, missing)


@dataclass
class _Planner:
    """Units by their words, so that what two rows share is done once."""

    recipe: Recipe
    scale: Scale
    seeds: int
    store: str | None
    units: dict[Words, Unit] = field(default_factory=dict)

    def places(self, there: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
        for task in there:
            for row in self.recipe.rows:
                for number, subject in enumerate(row.cells):
                    yield from self._of_cell(row, task, number, subject)

    def _of_cell(
        self, row: Row, task: str, number: int, subject: Subject
    ) -> Iterator[tuple[Place, str]]:
        for seed in range(self.seeds):
            place = Place(row.label, task, number, seed)
            if self.recipe.searches_only:
                assert isinstance(subject, Search)
                yield place, self._search(subject, task, seed).name
                continue
            unit = self._train(row, task, subject, seed)
            yield place, unit.name
            if self.recipe.predicts:
                self._predict(unit, row, task, seed)

    def _add(self, words: Words, unit: Unit) -> Unit:
        return self.units.setdefault(words, unit)

    def _sample(self, cell: Random) -> Unit:
        product = f"cells/{cell.name}.fen"
        words = ("--space", cell.space, "--nodes", str(cell.nodes), "--seed", str(cell.seed))
        begin = (SAMPLE, *words, "-o", product)
        return self._add(begin, Unit(cell.name, SAMPLE, begin, product))

    def _search(self, search: Search, task: str, seed: int) -> Unit:
        name = f"search-{search.name}-{task}-{seed}"
        product = f"stores/{search.name}-{task}-{seed}.db"
        preset = search.preset or self.recipe.search_presets.get(family(task))
        settings = {
            **preset_settings(task, preset),
            **of_task(self.scale.searched, task),
            **search.settings,
            **self._vectors(task),
        }
        size = dict(self.scale.sharing if search.sharing else self.scale.evolution)
        options = {**size, **search.options, "seed": seed, "threads": self.scale.threads}
        data = _data(task)
        go_on = ("resume", product, *data)
        begin = (
            *(SEARCH, *search.cells, "--task", task, *data, *_options(options)),
            *(*_assignments(settings), "--store", product, "--workers", "{workers}"),
        )
        trainings = _trainings(options, search.sharing)
        work = Work(task, search.like, trainings, None, settings)
        unit = Unit(
            name,
            SEARCH,
            begin,
            product,
            (*go_on, "--workers", "{workers}"),
            wide=search.wide,
            threads=self.scale.threads,
            work=work,
        )
        return self._add(begin, unit)

    def _train(self, row: Row, task: str, subject: Subject, seed: int) -> Unit:
        cell, counted, after = self._cell(subject, task)
        preset = self.scale.presets.get(family(task), row.preset)
        own = self.scale.rows.get(row.label, NOTHING)
        common = {**of_task(self.scale.settings, task), **self._vectors(task)}
        settings = {**common, **row.settings, **own}
        match = self.scale.match.get(task, self.scale.match.get(family(task)))
        matched = match if row.matched or self.scale.all_matched else None
        name = f"{slug(row.label)}-{task}-{seed}"
        if len(row.cells) > 1:
            name = f"{slug(row.label)}-{slug(cell.split('/')[-1])}-{task}-{seed}"
        words = (
            *(TRAIN, cell, "--task", task, *_data(task)),
            *(("--preset", preset) if preset else ()),
            *_assignments(settings),
            *(("--match-parameters", matched) if matched else ()),
            *("--seed", str(seed), "--threads", str(self.scale.threads)),
            *(("--no-test",) if family(task) == "glue" else ()),
        )
        begin, go_on = (*words, "-o", name), (TRAIN, "--resume", name, *_data(task))
        work = Work(task, counted, 1, preset, settings, matched)
        unit = Unit(
            name,
            TRAIN,
            begin,
            f"{name}/{RESULT}",
            go_on,
            after,
            threads=self.scale.threads,
            work=work,
        )
        return self._add(words, unit)

    def _cell(self, subject: Subject, task: str) -> tuple[str, str, Words]:
        """How a command names it, what a budget counts it as, and what must be made before."""
        if isinstance(subject, Random):
            unit = self._sample(subject)
            return unit.product, f"random:{subject.seed}", (unit.name,)
        if isinstance(subject, Search):
            if self.store is not None:
                return self.store, subject.like, ()
            found = self._search(subject, task, 0)
            return found.product, subject.like, (found.name,)
        return subject, subject.removeprefix("torch.nn."), ()

    def _vectors(self, task: str) -> Settings:
        wanted = self.scale.vectors and family(task) == "glue"
        return {"vectors": data_word(VECTORS)} if wanted else NOTHING

    def _predict(self, trained: Unit, row: Row, task: str, seed: int) -> None:
        for split, file in FILES[task].items():
            product = f"submissions/{slug(row.label)}-{seed}/{file}"
            words = (PREDICT, trained.name, *_data(task), "--split", split, "-o", product)
            name = f"{slug(row.label)}-{seed}-{slug(file)}"
            self._add(words, Unit(name, PREDICT, words, product, after=(trained.name,)))


def preset_settings(task: str, preset: str | None) -> dict[str, Value]:
    """The settings of a task's preset."""
    return {} if preset is None else dict(tasks.kind(task).presets[preset].settings)


def slug(text: str) -> str:
    """Letters, digits and dashes only: the name of a file."""
    for mark, word in MARKS.items():
        text = text.replace(mark, f"-{word}")
    return re.sub(r"[^a-z0-9]+", "-", text.lower().removesuffix(".fen")).strip("-")


def _data(task: str) -> Words:
    return ("--data", data_word(family(task))) if family(task) in READS_DATA else ()


def _options(options: Mapping[str, int | str]) -> Words:
    return tuple(w for n, v in options.items() for w in (f"--{n.replace('_', '-')}", str(v)))


def _assignments(settings: Settings) -> Words:
    return tuple(word for name, value in settings.items() for word in ("--set", f"{name}={value}"))


def _trainings(options: Mapping[str, int | str], sharing: bool) -> int:
    """Of a search: one a trial, or as many as the shared weights are trained for, and the final."""
    if sharing:
        return int(options.get("sharing", 10)) + 1
    trials = int(options.get("population", 100)) + int(options.get("cycles", 5000))
    finals = 0 if options.get("profile") == "paper" else 5 * int(options.get("repeats", 3))
    return trials + finals
