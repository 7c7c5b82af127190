"""The size of a task's data and of its model, in parameters and operations: what a budget needs.

Sizes of data are the published ones, so that a budget needs none; the mean length of GLUE's
sentences is taken as the largest, 50 tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fenas_lang.analysis.cost import operation_count, parameter_count
from fenas_lang.check.loader import one_cell, shipped
from fenas_lang.experiments.recipe import GLUE, Random, Settings, family
from fenas_lang.ir.lower import expand, lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks import kind

PTB_TOKENS, PTB_WORDS = 929_589, 10_000
DIGITS, DIGITS_STEPS = 997, 8
ROWS: Mapping[str, int] = dict(
    zip(GLUE, (8551, 67349, 3668, 363846, 5749, 392702, 104743, 2490, 635), strict=True)
)
"""Training rows of GLUE's nine tasks."""
SINGLE = ("cola", "sst2")
"""Tasks with one sentence a row; the others have two."""
LARGEST_HIDDEN = 20_000


@dataclass(frozen=True)
class Sizes:
    """Of one training: time steps of the layer in all, and examples; both over all epochs."""

    steps: int
    examples: int


def settings_of(task: str, preset: str | None, settings: Settings) -> dict[str, Any]:
    """All settings of a task by name: its defaults, the preset's over them, then `settings`."""
    found = kind(task)
    named = {} if preset is None else dict(found.presets[preset].settings)
    return dict(vars(found.settings_type.read({**named, **settings}, task)))


def sizes(task: str, told: Mapping[str, Any]) -> Sizes:
    """Of a training with these settings."""
    epochs = int(told.get("epochs", 1))
    if family(task) == "lm":
        tokens = int(told.get("tokens") or PTB_TOKENS) * epochs
        return Sizes(tokens, tokens)
    if family(task) == "glue":
        rows = min(int(told.get("examples") or ROWS[task]), ROWS[task]) * epochs
        sentences = rows * (1 if task in SINGLE else 2)
        return Sizes(sentences * int(told.get("length", 50)), rows)
    return Sizes(DIGITS * DIGITS_STEPS * epochs, DIGITS * epochs)


@cache
def cell_of(name: str) -> Cell:
    """A shipped cell, or `random:SEED`."""
    kind_, _, seed = name.partition(":")
    if kind_ != "random":
        return one_cell(shipped(name))
    drawn = Random(int(seed))
    return sample(load_space(drawn.space), seed=drawn.seed, nodes=drawn.nodes)


@cache
def cell_figures(name: str, hidden: int) -> tuple[int, int]:
    """Parameters, and operations of one time step, with D = H."""
    dataflow = lower(cell_of(name))
    parameters = parameter_count(dataflow, hidden, hidden).value
    return parameters, operation_count(expand(dataflow), dataflow, hidden, hidden).value


def model_parameters(task: str, told: Mapping[str, Any], cell: str, hidden: int) -> int:
    """Of the whole model, but for biases outside the cell."""
    own = cell_figures(cell, hidden)[0]
    if family(task) == "lm":
        size = int(told.get("embedding") or hidden)
        experts = int(told.get("experts") or 1)
        mixture = experts * hidden * size if experts > 1 else 0
        return PTB_WORDS * size + mixture + own
    if family(task) == "glue":
        layers, size = int(told.get("layers", 2)), int(told.get("embedding", 300))
        between = (layers - 1) * 2 * hidden * hidden
        words = int(told.get("vocabulary") or 10_000)
        return words * size + size * hidden + between + 2 * layers * own + _classifier(task, hidden)
    return own + 8 * hidden + hidden * 10


def _classifier(task: str, hidden: int) -> int:
    """Weights of the perceptron with 256 hidden units on what is pooled from both directions."""
    return 256 * 2 * hidden * (1 if task in SINGLE else 4)


def forward(task: str, told: Mapping[str, Any], cell: str, hidden: int) -> int:
    """Operations of all forward passes of a training; products and the cell's other operations."""
    of_cell, size = cell_figures(cell, hidden)[1], sizes(task, told)
    if family(task) == "lm":
        experts = int(told.get("experts") or 1)
        head = 2 * PTB_WORDS * int(told.get("embedding") or hidden) * experts
        return size.steps * (of_cell + head)
    if family(task) == "glue":
        layers = int(told.get("layers", 2))
        step = 2 * layers * of_cell + 2 * int(told.get("embedding", 300)) * hidden
        step += (layers - 1) * 2 * 2 * hidden * hidden
        return size.steps * step + size.examples * 2 * _classifier(task, hidden)
    return size.steps * (of_cell + 2 * 8 * hidden)


def hidden_for(task: str, told: Mapping[str, Any], cell: str, asked: str) -> int:
    """The largest hidden size within a number of parameters, as `--match-parameters` has it."""
    limit = _limit(task, told, asked)
    low, high = 1, LARGEST_HIDDEN
    while low < high:
        middle = (low + high + 1) // 2
        fits = model_parameters(task, told, cell, middle) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _limit(task: str, told: Mapping[str, Any], asked: str) -> int:
    cell, colon, hidden = asked.partition(":")
    if colon:
        return model_parameters(task, told, cell, int(hidden))
    units = {"k": 10**3, "M": 10**6}
    return int(float(asked.rstrip("kM")) * units.get(asked[-1], 1))
