"""Calls of layers that vary everything that a call may vary, and the numbers they are given."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from strategies import MOST_STATES, output_words
from torch import Tensor

from fenas_lang.engine import kernel
from fenas_lang.engine.compiled import CompiledLayer
from fenas_lang.engine.layer import compile
from fenas_lang.ir.graph import Dataflow
from fenas_lang.ir.lower import lower
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

MASKS = {"x": 0.3, "h": 0.4, "edges": 0.2}
HIDDEN = (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33)
"""A single column, and just below, at and above the tiles of every instruction set and type."""
FEATURES = (1, 2, 3, 6, 17)
BATCHES = (1, 1, 2, 3, 5, 7, 13, 47, 48, 49, 97)
"""A single row, and just below, at and above the blocks of rows."""
LONGEST = 6

LIMITS = {"elu", "softplus"}
"""What is finite in torch at minus infinity, and here not."""


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
    loaded = kernel.shared_object()
    return range(loaded.fenas_best() + 1 if loaded else 0)


def random_numbers(
    trial: Trial, layer: CompiledLayer, dtype: torch.dtype = torch.float64
) -> Numbers:
    kind = {"dtype": dtype, "generator": torch.Generator().manual_seed(trial.seed)}
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
            masks[source] = (kept / (1 - rates[name])).to(kind["dtype"])
    return masks


def used_functions(trial: Trial) -> set[str]:
    return {node.function.removesuffix("_skip") for node in trial.flow.live}


def multiplies_as_torch_does(trial: Trial) -> bool:
    """Whether the derivative multiplies the same numbers in torch.

    Torch does not for a state that no later step reads, and here 0 times what is not finite is
    NaN.
    """
    flow = trial.flow
    read = {edge.source for node in flow.live for edge in node.edges} | set(flow.outputs)
    return not used_functions(trial) & LIMITS and read.issuperset(flow.states)
