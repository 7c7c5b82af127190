"""Layers in the engine against a loop over time in double precision: values and all gradients.

A `Trial` is a cell with everything that a call may vary.  It is judged as the engine's design says:
double precision by 1e-10, single precision by what eager single precision does.  Where a value of
the reference is not finite, or moves when one input moves by its last place, nothing can be judged
but which values are finite.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any
from unittest.mock import patch

import naive_torch
import torch
from strategies import MOST_STATES, output_words
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from fenas_lang.engine import kernel
from fenas_lang.engine import native as memory
from fenas_lang.engine.compiled import CompiledLayer, VariationalLayer
from fenas_lang.engine.layer import compile
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.interpret import run as interpret
from fenas_lang.ir.lower import expand, lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

WIDE, CHAOS, NARROW = 1e-10, 1e-11, 1e-4
ALONE = 1e-6
JUDGED, CHAOTIC, NOT_FINITE = "judged", "chaotic", "not finite"
MASKS = {"x": 0.3, "h": 0.4, "edges": 0.2}

HIDDEN = (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33)
"""A single column, and just below, at and above the tiles of every instruction set and type."""
FEATURES = (1, 2, 3, 6, 17)
BATCHES = (1, 1, 2, 3, 5, 7, 13, 47, 48, 49, 97)
"""A single row, and just below, at and above the blocks of rows."""
LONGEST = 6

LIMITS = {"elu", "softplus"}
KINKED = LIMITS | {"relu", "leaky_relu", "abs", "softsign"}
"""What torch gives the derivative 0 on one side, of whatever comes from above, be it NaN."""


@dataclass(frozen=True)
class Trial:
    """A cell, the shape of a call, and the options of its layer."""

    cell: Cell
    time: int = 5
    batch: int = 3
    hidden_size: int = 17
    input_size: int = 6
    options: Mapping[str, Any] = field(default_factory=dict)
    lengths: tuple[int, ...] | None = None
    """Of the sequences, in any order; without, all have `time` steps and are no PackedSequence."""
    given_states: bool = True
    threads: int = 1
    isa: int | None = None
    seed: int = 0

    @cached_property
    def flow(self) -> Dataflow:
        return lower(self.cell)

    @property
    def directions(self) -> int:
        return 2 if self.options.get("bidirectional") else 1

    @property
    def layers(self) -> int:
        return self.options.get("num_layers", 1)

    @property
    def masked(self) -> bool:
        return "variational" in self.options

    def layer(self, dtype: torch.dtype) -> CompiledLayer:
        return compile(
            self.cell, self.input_size, self.hidden_size, dtype=dtype, **dict(self.options)
        )


@dataclass(frozen=True)
class Numbers:
    """What a call is given; the masks are by source, for a layer with variational dropout."""

    x: Tensor
    states: list[Tensor]
    edges: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]

    def wanted(self) -> list[Tensor]:
        return [self.x, *self.states, *self.edges.values()]


def random_trial(space: str, seed: int) -> Trial:
    """The trial of a number; every option, state count, output rule and shape has its share."""
    rng = random.Random(f"{space} {seed}")
    cell = random_cell(space, rng)
    flow = lower(cell)
    hidden, batch, time = rng.choice(HIDDEN), rng.choice(BATCHES), rng.randint(1, LONGEST)
    features = hidden if flow.forces_square else rng.choice((*FEATURES, hidden, hidden + 1))
    lengths = None
    if rng.random() < 0.25:
        batch = min(batch, 7)
        lengths = tuple(rng.randint(1, time) for _ in range(batch))
    return Trial(
        cell,
        time,
        batch,
        hidden,
        features,
        _random_options(rng, flow),
        lengths,
        given_states=rng.random() < 0.8,
        threads=2 if rng.random() < 0.08 else 1,
        isa=rng.choice(instruction_sets()),
        seed=seed,
    )


def random_cell(space: str, rng: random.Random) -> Cell:
    chosen = load_space(space)
    least, most = chosen.states
    return sample(
        chosen,
        rng=rng,
        nodes=rng.randint(*chosen.nodes),
        states=rng.randint(least, min(most or MOST_STATES, MOST_STATES)),
        output=rng.choice(output_words(chosen)),
        by=rng.choice(["uniform", "choices"]),
    )


def _random_options(rng: random.Random, flow: Dataflow) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if rng.random() < 0.2:
        options["bias"] = False
    kind = rng.random()
    if kind < 0.15:
        kinds = rng.sample(sorted(MASKS), rng.randint(1, 3))
        options["variational"] = {name: MASKS[name] for name in kinds}
    elif kind < 0.3:
        options["bidirectional"] = True
    elif kind < 0.4:
        options["num_layers"] = 2
        if not flow.forces_square:
            options["bidirectional"] = rng.random() < 0.5
    return options


def instruction_sets() -> range:
    """All that this processor has."""
    loaded = kernel.library()
    return range(loaded.fenas_best() + 1 if loaded else 0)


@contextmanager
def instruction_set(isa: int | None) -> Iterator[None]:
    """The kernel in one instruction set; None leaves the choice to it."""
    with patch.object(kernel, "BEST_TESTED", kernel.BEST_TESTED if isa is None else isa):
        yield


@contextmanager
def poisoned() -> Iterator[None]:
    """New memory is NaN."""
    with patch.object(memory, "POISONED", True):
        yield


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


# ---- The reference -----------------------------------------------------------------------------


def reference(trial: Trial, numbers: Numbers) -> list[Tensor]:
    """Output, final states and gradients by a loop over time for sequences of equal lengths."""
    rows, finals = numbers.x, []
    for layer in range(trial.layers):
        outputs = []
        for direction in range(trial.directions):
            one = partial(_direction, trial, numbers, layer * trial.directions + direction)
            output, final = one(rows, backwards=direction == 1)
            outputs.append(output)
            finals.append(final)
        rows = torch.cat(outputs, dim=-1)
    states = [torch.stack(state) for state in zip(*finals, strict=True)]
    return [rows, *states, *gradients(total(rows, states), numbers.wanted())]


def _direction(
    trial: Trial, numbers: Numbers, run: int, rows: Tensor, backwards: bool
) -> tuple[Tensor, list[Tensor]]:
    edges = _edges_of_run(trial, numbers.edges, run)
    lengths = torch.tensor(trial.lengths or [trial.time] * trial.batch)
    outputs, finals, order = [], [], []
    for length in lengths.unique().tolist():
        where = (lengths == length).nonzero().flatten()
        xs = rows[:length, where]
        states = [state[run, where] for state in numbers.states] or [
            rows.new_zeros(len(where), trial.hidden_size) for _ in trial.flow.states
        ]
        mask = partial(_masked, numbers.masks, where)
        loop = naive_torch.Run(trial.flow, edges, mask)
        output, final = loop.sequence(xs.flip(0) if backwards else xs, states)
        output = output.flip(0) if backwards else output
        blank = output.new_zeros(trial.time - length, *output.shape[1:])
        outputs.append(torch.cat([output, blank]))
        finals.append(final)
        order.append(where)
    back = torch.cat(order).argsort()
    return torch.cat(outputs, 1)[:, back], [
        torch.cat(parts)[back] for parts in zip(*finals, strict=True)
    ]


def _masked(masks: Mapping[str, Tensor], where: Tensor, source: str, value: Tensor) -> Tensor:
    return value * masks[source][where] if source in masks else value


def _edges_of_run(trial: Trial, edges: Mapping[str, Tensor], run: int) -> dict[str, Tensor]:
    """By their names in the cell, with zeros for the biases that a layer has not."""
    layer, direction = divmod(run, trial.directions)
    prefix = f"l{layer}.{'reverse.' if direction else ''}"
    if trial.layers == trial.directions == 1:
        prefix = ""
    like = next(iter(edges.values()), torch.zeros(()))
    names = [p.name for p in expand(trial.flow).parameters]
    zeros = like.new_zeros(trial.hidden_size)
    return {name: edges.get(prefix + name, zeros) for name in names}


def total(output: Tensor, finals: Sequence[Tensor]) -> Tensor:
    weights = torch.linspace(0.5, 1.5, output.numel(), dtype=output.dtype).view(output.shape)
    return (output * weights).sum() + sum((final**2).sum() for final in finals)


def gradients(value: Tensor, wanted: Sequence[Tensor]) -> list[Tensor]:
    """Zeros where the value does not depend on what is wanted."""
    if not value.requires_grad:
        return [torch.zeros_like(w) for w in wanted]
    found = torch.autograd.grad(value, wanted, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for g, w in zip(found, wanted, strict=True)]


# ---- What is judged ----------------------------------------------------------------------------


def everything(trial: Trial, layer: CompiledLayer, numbers: Numbers) -> list[Tensor]:
    """Output, final states, and the gradients of x, the initial states and all parameters."""
    with _surroundings(trial, numbers.masks):
        output, finals = _call(trial, layer, numbers)
        found = gradients(total(output, finals), numbers.wanted())
        with torch.no_grad():
            again, finals_again = _call(trial, layer, numbers)
    alone = difference([again, *finals_again], [output, *finals])
    assert not alone > ALONE, "inference gives something else"
    return [output, *finals, *found]


@contextmanager
def _surroundings(trial: Trial, masks: Mapping[str, Tensor]) -> Iterator[None]:
    with _masks(trial, masks), instruction_set(trial.isa), threads(trial.threads), poisoned():
        yield


def _call(trial: Trial, layer: CompiledLayer, numbers: Numbers) -> tuple[Tensor, list[Tensor]]:
    x: Any = numbers.x
    if trial.lengths:
        x = pack_padded_sequence(x, torch.tensor(trial.lengths), enforce_sorted=False)
    states = numbers.states
    hx = [(states[0] if len(states) == 1 else tuple(states))] if states else []
    output, final = layer(x, *hx)
    if isinstance(output, PackedSequence):
        output, _ = pad_packed_sequence(output, total_length=trial.time)
    return output, [final] if isinstance(final, Tensor) else list(final)


@contextmanager
def _masks(trial: Trial, masks: Mapping[str, Tensor]) -> Iterator[None]:
    """Instead of random masks those that are given; in the order in which sequences are packed."""
    order = torch.arange(trial.batch)
    if trial.lengths:
        order = torch.tensor(trial.lengths).argsort(descending=True, stable=True)

    def known(layer: VariationalLayer, rows: Tensor, batch: int, source: str) -> Tensor:
        return masks[source][order].to(rows.dtype)

    with patch.object(VariationalLayer, "_mask", known):
        yield


def random_numbers(trial: Trial, layer: CompiledLayer) -> Numbers:
    kind = {"dtype": torch.float64, "generator": torch.Generator().manual_seed(trial.seed)}
    x = torch.randn(trial.time, trial.batch, trial.input_size, **kind)
    runs = trial.layers * trial.directions
    shape = (runs, trial.batch, trial.hidden_size)
    count = len(trial.flow.states) if trial.given_states else 0
    states = [torch.randn(shape, **kind).requires_grad_() for _ in range(count)]
    return Numbers(x.requires_grad_(), states, layer.edges(), _random_masks(trial, kind))


def _random_masks(trial: Trial, kind: dict[str, Any]) -> dict[str, Tensor]:
    rates = trial.options.get("variational", {})
    flow, masks = trial.flow, {}
    for source in (flow.input, *flow.states, *(node.name for node in flow.live)):
        name = "x" if source == flow.input else "h" if source in flow.states else "edges"
        size = trial.input_size if name == "x" else trial.hidden_size
        if name in rates:
            kept = torch.rand(trial.batch, size, **kind) >= rates[name]
            masks[source] = kept / (1 - rates[name])
    return {name: mask.double() for name, mask in masks.items()}


def judge(trial: Trial) -> str:
    """Checks all that can be, and says what could: JUDGED, CHAOTIC or NOT_FINITE."""
    torch.manual_seed(trial.seed)
    wide = trial.layer(torch.float64)
    numbers = random_numbers(trial, wide)
    expected = reference(trial, numbers)
    again = reference(trial, moved(numbers, torch.float64))
    if not finite(expected):
        judge_pattern(trial, wide, numbers)
        return NOT_FINITE
    if not difference(again, expected) <= CHAOS:
        return CHAOTIC
    assert difference(everything(trial, wide, numbers), expected) <= WIDE
    judge_values(trial, numbers, expected)
    judge_narrow(trial, numbers, expected)
    return JUDGED


def judge_values(trial: Trial, numbers: Numbers, expected: list[Tensor]) -> None:
    """The reference itself against the interpreter, where that knows what the trial does."""
    if trial.masked or trial.lengths or trial.layers * trial.directions > 1:
        return
    x = numbers.x.detach().numpy()
    states = [s[0].detach().numpy() for s in numbers.states] or [
        torch.zeros(trial.batch, trial.hidden_size).numpy() for _ in trial.flow.states
    ]
    edges = {k: v.detach().numpy() for k, v in _edges_of_run(trial, numbers.edges, 0).items()}
    output, finals = interpret(expand(trial.flow), x, states, edges)
    found = [torch.tensor(output), *(torch.tensor(final)[None] for final in finals)]
    assert difference(found, expected[: len(found)]) <= WIDE


def judge_narrow(trial: Trial, numbers: Numbers, expected: list[Tensor]) -> None:
    narrow = trial.layer(torch.float32)
    narrow.load_edges(numbers.edges)
    singles = Numbers(
        single(numbers.x),
        [single(state) for state in numbers.states],
        narrow.edges(),
        {name: mask.float() for name, mask in numbers.masks.items()},
    )
    eager = reference(trial, singles)
    if not finite(eager):  # single precision overflows where double does not
        judge_pattern(trial, narrow, singles)
        return
    allowed = max(NARROW, 4 * difference(eager, expected))
    assert difference(everything(trial, narrow, singles), expected) <= allowed


def judge_pattern(trial: Trial, layer: CompiledLayer, numbers: Numbers) -> None:
    """Which values are finite, against the same layer as torch operations.

    Nothing can be said where that changes with the last place of the numbers, nor of the cells
    with functions that torch treats as one operation, with a limit of its own at infinity.
    """
    used = {node.function.removesuffix("_skip") for node in trial.flow.live}
    if used & LIMITS:
        return
    expected = in_torch(trial, layer, numbers)
    close_by = moved(numbers, numbers.x.dtype)
    other = trial.layer(numbers.x.dtype)
    other.load_edges(close_by.edges)
    again = in_torch(trial, other, replace(close_by, edges=other.edges()))
    count = 1 + len(trial.flow.states) if used & KINKED else len(expected)
    patterns = [[value.isfinite() for value in values] for values in (expected, again)]
    if all(map(torch.equal, *patterns)):
        found = [value.isfinite() for value in everything(trial, layer, numbers)]
        assert all(map(torch.equal, found[:count], patterns[0][:count])), "finite elsewhere"


def in_torch(trial: Trial, layer: CompiledLayer, numbers: Numbers) -> list[Tensor]:
    with patch.dict(os.environ, FENAS_BACKEND="torch"):
        return everything(trial, layer, numbers)


def moved(numbers: Numbers, dtype: torch.dtype) -> Numbers:
    """Every input, state and parameter up or down by its last place."""
    generator = torch.Generator().manual_seed(0)

    def one(value: Tensor) -> Tensor:
        signs = torch.randint(0, 2, value.shape, generator=generator) * 2 - 1
        by = 1 + signs.to(dtype) * torch.finfo(dtype).eps
        return (value * by).detach().requires_grad_()

    edges = {name: one(edge) for name, edge in numbers.edges.items()}
    return Numbers(one(numbers.x), [one(state) for state in numbers.states], edges, numbers.masks)


def finite(values: Sequence[Tensor]) -> bool:
    return all(bool(value.isfinite().all()) for value in values)


def single(value: Tensor) -> Tensor:
    return value.detach().float().requires_grad_()


def difference(found: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """The greatest, each relative to 1 + the size of what is expected; NaN where any is."""
    parts = [
        (f.double() - e.double()).abs().max() / (1 + e.double().abs().max())
        for f, e in zip(found, expected, strict=True)
    ]
    return float(torch.stack(parts).detach().max())
