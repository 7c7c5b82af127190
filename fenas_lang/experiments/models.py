"""The size of a task's data and of its model, in parameters and operations: what a budget needs.

Sizes of data are the published ones, so that a budget needs none; GLUE's sentences are counted as
long as they may be, 50 words.  Biases outside the cell, and what is not a product of matrices
outside it, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from fenas_lang.analysis.cost import operation_count, parameter_count
from fenas_lang.check.loader import one_cell, shipped
from fenas_lang.experiments.recipe import Random, Settings, family
from fenas_lang.glue_benchmark.specs import SPECS
from fenas_lang.ir.lower import expand, lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks import kind
from fenas_lang.tasks.lm_settings import LanguageModelSettings

PTB_TOKENS, PTB_WORDS = 929_589, 10_000
DIGITS, DIGITS_STEPS, DIGITS_ROW, DIGITS_CLASSES = 997, 8, 8, 10
VECTORS, CLASSIFIER = 300, 256
LARGEST_HIDDEN = 20_000


@dataclass(frozen=True)
class Map:
    """A matrix: its number of weights, and how often it is multiplied in a training's forward
    passes."""

    weights: int
    uses: int


@dataclass(frozen=True)
class Layers:
    """`count` layers of the cell, with D inputs and H features, that run so many time steps."""

    count: int
    inputs: int
    hidden: int
    steps: int


def settings_of(task: str, preset: str | None, settings: Settings) -> Any:
    """All settings of a task: its defaults, the preset's over them, then `settings`."""
    found = kind(task)
    named = {} if preset is None else dict(found.presets[preset].settings)
    return found.settings_type.read({**named, **settings}, task)


@cache
def cell_of(name: str) -> Cell:
    """A shipped cell, or `random:SEED`."""
    drawn, _, seed = name.partition(":")
    if drawn != "random":
        return one_cell(shipped(name))
    told = Random(int(seed))
    return sample(load_space(told.space), seed=told.seed, nodes=told.nodes)


@cache
def cell_figures(name: str, inputs: int, hidden: int) -> tuple[int, int]:
    """Parameters, and operations of one time step."""
    dataflow = lower(cell_of(name))
    parameters = parameter_count(dataflow, inputs, hidden).value
    return parameters, operation_count(expand(dataflow), dataflow, inputs, hidden).value


def parameters(task: str, told: Any, cell: str, hidden: int) -> int:
    """Of the whole model."""
    total = sum(one.weights for one in _maps(task, told, hidden))
    return total + sum(
        one.count * cell_figures(cell, one.inputs, one.hidden)[0]
        for one in _layers(task, told, hidden)
    )


def forward(task: str, told: Any, cell: str, hidden: int) -> int:
    """Operations of all forward passes of a training."""
    total = sum(2 * one.weights * one.uses for one in _maps(task, told, hidden))
    return total + sum(
        one.count * one.steps * cell_figures(cell, one.inputs, one.hidden)[1]
        for one in _layers(task, told, hidden)
    )


def _layers(task: str, told: Any, hidden: int) -> Iterator[Layers]:
    if isinstance(told, LanguageModelSettings):
        shape, steps = _shape(told, hidden), _tokens(told)
        for inputs, size in zip(shape.inputs, shape.states, strict=True):
            yield Layers(1, size if shape.resize else inputs, size, steps)
    elif family(task) == "glue":
        yield Layers(2 * told.layers, hidden, hidden, _words(task, told))
    else:
        yield Layers(1, hidden, hidden, DIGITS * DIGITS_STEPS * told.epochs)


def _maps(task: str, told: Any, hidden: int) -> Iterator[Map]:
    """All matrices outside of the cell."""
    if isinstance(told, LanguageModelSettings):
        yield from _language_model(told, hidden)
    elif family(task) == "glue":
        yield from _sentences(task, told, hidden)
    else:
        yield Map(DIGITS_ROW * hidden, DIGITS * DIGITS_STEPS * told.epochs)
        yield Map(DIGITS_CLASSES * hidden, DIGITS * told.epochs)


def _language_model(told: LanguageModelSettings, hidden: int) -> Iterator[Map]:
    """The softmax has the embedding's weights, and is multiplied once for each expert."""
    shape, tokens = _shape(told, hidden), _tokens(told)
    last, experts = shape.states[-1], shape.experts
    yield Map(shape.words * shape.embedded, tokens * max(1, experts))
    if experts:
        yield Map(experts * last * (shape.embedded + 1), tokens)
    elif last != shape.embedded:
        yield Map(last * shape.embedded, tokens)
    if shape.resize:
        for inputs, size in zip(shape.inputs, shape.states, strict=True):
            yield Map(inputs * size if inputs != size else 0, tokens)


def _shape(told: LanguageModelSettings, hidden: int) -> Any:
    """The sizes of the model on the Penn Treebank, with another hidden size."""
    return replace(told, hidden=hidden).shape(PTB_WORDS)


def _tokens(told: LanguageModelSettings) -> int:
    return min(told.tokens or PTB_TOKENS, PTB_TOKENS) * told.epochs


def _sentences(task: str, told: Any, hidden: int) -> Iterator[Map]:
    """Embedding (looked up, not multiplied), projections, and the classifier."""
    vectors, words = told.embedding or VECTORS, _words(task, told)
    yield Map((told.vocabulary or SPECS[task].vocabulary) * vectors, 0)
    yield Map(vectors * hidden if vectors != hidden else 0, words)
    yield Map((told.layers - 1) * 2 * hidden * hidden, words)
    pooled = 2 * hidden * (4 if len(SPECS[task].sentences) == 2 else 1)
    yield Map(CLASSIFIER * (pooled + SPECS[task].outputs), _rows(task, told))


def _rows(task: str, told: Any) -> int:
    rows = SPECS[task].rows
    return min(told.examples or rows, rows) * int(told.epochs)


def _words(task: str, told: Any) -> int:
    return _rows(task, told) * len(SPECS[task].sentences) * int(told.length)


def hidden_for(task: str, told: Any, cell: str, asked: str) -> int:
    """The largest hidden size within a number of parameters, as `--match-parameters` has it."""
    limit = _limit(task, told, asked)
    low, high = 1, LARGEST_HIDDEN
    while low < high:
        middle = (low + high + 1) // 2
        fits = parameters(task, told, cell, middle) <= limit
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _limit(task: str, told: Any, asked: str) -> int:
    cell, colon, hidden = asked.partition(":")
    if colon:
        return parameters(task, told, cell, int(hidden))
    units = {"k": 10**3, "M": 10**6}
    return int(float(asked.rstrip("kM")) * units.get(asked[-1], 1))
