"""What an experiment is, as data: rows of cells or of the searches that find them, and scales.

A file of `recipes` holds one `RECIPE`; its name, with dashes for underscores, is the experiment's.
Nothing here runs anything: `plan` turns a recipe into command lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fenas_lang.experiments.findings import Findings
    from fenas_lang.experiments.summary import Summary

TINY, SMALL, PAPER = "tiny", "small", "paper"
SCALES = (TINY, SMALL, PAPER)
GLUE = ("cola", "sst2", "mrpc", "qqp", "stsb", "mnli", "qnli", "rte", "wnli")
"""In the order of the paper's tables."""
LARGE = ("qqp", "mnli", "qnli")
"""The paper's large tasks, of which stage 1 uses 2,000 examples (appendix A)."""

PARAMETERS = "parameters"
TASKS_MEAN = "mean of the tasks"
"""Columns that are no metric of a task."""

Value = float | str
Settings = Mapping[str, Value]
Options = Mapping[str, int | str]

NOTHING: Mapping[str, Value] = {}
NO_OPTIONS: Mapping[str, int | str] = {}


def family(task: str) -> str:
    """`glue` for its nine tasks, else the task: what data and settings are named by."""
    return "glue" if task in GLUE else task


@dataclass(frozen=True)
class Search:
    """A search by `fenasc evolve` from seed `cells` and, besides, with `options`.

    `preset` stands in the place of the recipe's and `settings` over all others.  `like` is the cell
    that a budget counts its trainings as.  A `sharing` search trains shared
    weights.  `wide`: it may have all workers, and then its trace depends on their speed.
    """

    name: str
    cells: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)
    preset: str | None = None
    settings: Settings = field(default_factory=dict)
    like: str = "LSTM"
    sharing: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Random:
    """A cell drawn uniformly from a space's numbered node lists."""

    seed: int
    space: str = "fenas"
    nodes: int = 9

    @property
    def name(self) -> str:
        return f"random-{self.seed}"


Subject = str | Random | Search
"""A shipped cell or a layer `torch.nn.…`; a random cell; the best cell of a search."""


@dataclass(frozen=True)
class Row:
    """One line of a table: what is trained, on which preset, and the paper's figures by column.

    With several `cells`, each is trained and the statistics are over cells.  With `matched`, the
    hidden size is chosen by the scale's number of parameters.  A row with `reference` trains
    nothing: it is the simple predictor of one of those names.
    """

    label: str
    cells: tuple[Subject, ...] = ()
    preset: str | None = None
    paper: Mapping[str, float] = field(default_factory=dict)
    settings: Settings = field(default_factory=dict)
    matched: bool = False
    note: str = ""
    reference: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A figure of a row: a metric of a task (empty: the task's own), times `factor`."""

    name: str
    metric: str = ""
    task: str | None = None
    factor: float = 1.0
    digits: int = 1


@dataclass(frozen=True)
class Scale:
    """How much of it is done.  Mappings go by task or by `family`, the task's own before that.

    `settings` of trainings and `searched` of searches stand over those of the presets, `presets`
    in the place of the rows' own; `rows` are further settings of rows, by label.  `match` is the
    number of parameters of matched rows, or where it is for `all_matched`, of every one.
    `evolution` and `sharing` are options of the two kinds of searches.  `vectors`: models of
    sentences begin with the word vectors that lie with the data.
    """

    seeds: int
    settings: Mapping[str, Settings] = field(default_factory=dict)
    searched: Mapping[str, Settings] = field(default_factory=dict)
    presets: Mapping[str, str] = field(default_factory=dict)
    evolution: Options = field(default_factory=dict)
    sharing: Options = field(default_factory=dict)
    match: Mapping[str, str] = field(default_factory=dict)
    all_matched: bool = False
    rows: Mapping[str, Settings] = field(default_factory=dict)
    tasks: tuple[str, ...] | None = None
    threads: int = 1
    vectors: bool = False


@dataclass(frozen=True)
class Recipe:
    """An experiment.  `search_preset` by family is that of searches.

    With `searches_only`, rows are searches, each from every seed, and nothing is trained after.
    `predicts`: each training writes its predictions for the test rows.  `takes_store`: a search
    that was made already may stand in the place of the recipe's.
    """

    title: str
    about: str
    tasks: tuple[str, ...]
    rows: tuple[Row, ...]
    scales: Mapping[str, Scale]
    columns: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()
    search_presets: Mapping[str, str] = field(default_factory=dict)
    searches_only: bool = False
    predicts: bool = False
    takes_store: bool = False
    summarise: Callable[[Findings], Summary] | None = None


def of_task(mapping: Mapping[str, Settings], task: str) -> Settings:
    """Settings of a task: its family's, then its own over them."""
    return {**mapping.get(family(task), NOTHING), **mapping.get(task, NOTHING)}
