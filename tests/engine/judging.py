"""Layers in the engine against a loop over time in double precision: values and all gradients.

They are judged as the engine's design says: double precision by 1e-10, single precision by what
eager single precision does.  Where a value of the reference is not finite, or moves when numbers
move by their last place, nothing can be judged but which values are finite.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

import naive_torch
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from trials import (
    LIMITS,
    Numbers,
    Trial,
    multiplies_as_torch_does,
    random_numbers,
    used_functions,
)

from fenas_lang.engine import kernel
from fenas_lang.engine import loop as memory
from fenas_lang.engine.compiled import CompiledLayer, VariationalLayer
from fenas_lang.engine.threads import torch_threads
from fenas_lang.ir.interpret import run as interpret
from fenas_lang.ir.lower import expand

Change = Callable[[Tensor], Tensor]

WIDE, CHAOS, NARROW = 1e-10, 1e-11, 1e-4
LAST_PLACE = torch.finfo(torch.float64).eps
ALONE, ROUNDINGS = 1e-6, 10
JUDGED, CHAOTIC, NOT_FINITE = "judged", "chaotic", "not finite"


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


# ---- The reference -----------------------------------------------------------------------------


def reference(trial: Trial, numbers: Numbers, rounded: Change = lambda v: v) -> list[Tensor]:
    """Output, final states and gradients by a loop over time for sequences of equal lengths.

    `rounded` changes the value of every node.
    """
    rows, finals = numbers.x, []
    for layer in range(trial.layers):
        outputs = []
        for direction in range(trial.directions):
            run = layer * trial.directions + direction
            output, final = _direction(trial, numbers, run, rows, direction == 1, rounded)
            outputs.append(output)
            finals.append(final)
        rows = torch.cat(outputs, dim=-1)
    states = [torch.stack(state) for state in zip(*finals, strict=True)]
    return [rows, *states, *gradients(total(rows, states), numbers.wanted())]


def _direction(
    trial: Trial, numbers: Numbers, run: int, rows: Tensor, backwards: bool, rounded: Change
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
        loop = naive_torch.Run(trial.flow, edges, mask, rounded)
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
    with _masks(trial, masks), instruction_set(trial.isa), torch_threads(trial.threads), poisoned():
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


def judge(trial: Trial) -> str:
    """Checks all that can be, and says what could: JUDGED, CHAOTIC or NOT_FINITE."""
    torch.manual_seed(trial.seed)
    wide = trial.layer(torch.float64)
    numbers = random_numbers(trial, wide)
    expected = reference(trial, numbers)
    again = reference(trial, moved(numbers, LAST_PLACE), Moves(LAST_PLACE))
    if not finite(expected):
        judge_pattern(trial, wide, numbers)
        return NOT_FINITE
    if not difference(again, expected) <= CHAOS:
        return CHAOTIC
    found = difference(everything(trial, wide, numbers), expected)
    assert found <= WIDE, f"wrong by {found:.2g}"
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
    found = difference(everything(trial, narrow, singles), expected)
    if not found <= max(NARROW, 4 * difference(eager, expected)):
        error = errors_of_eager(trial, singles, expected)
        assert found <= 4 * error, f"wrong by {found:.2g}, eager single precision by {error:.2g}"


def errors_of_eager(trial: Trial, singles: Numbers, expected: list[Tensor]) -> float:
    """What eager single precision may be wrong by: the greatest over a few roundings of a call."""
    unit = torch.finfo(torch.float32).eps
    calls = (reference(trial, singles, Moves(unit, seed)) for seed in range(ROUNDINGS))
    return max(difference(call, expected) for call in (reference(trial, singles), *calls))


def judge_pattern(trial: Trial, layer: CompiledLayer, numbers: Numbers) -> None:
    """Compares which values are finite with the same layer as torch operations.

    Nothing can be said where that changes when the numbers move by what may be wrong, nor of the
    cells with functions that torch treats as one operation, with a limit of its own at infinity.
    """
    if used_functions(trial) & LIMITS:
        return
    expected = in_torch(trial, layer, numbers)
    if not all(sure(trial, numbers, expected, seed) for seed in range(3)):
        return
    values = 1 + len(trial.flow.states)
    count = len(expected) if multiplies_as_torch_does(trial) else values
    pairs = zip(everything(trial, layer, numbers)[:count], expected, strict=False)
    same = [torch.equal(f.isfinite(), e.isfinite()) for f, e in pairs]
    assert all(same), f"finite elsewhere: {same}"


def sure(trial: Trial, numbers: Numbers, expected: list[Tensor], seed: int) -> bool:
    """Whether numbers nearby give about the same, and nothing near the end of the range."""
    dtype = numbers.x.dtype
    close_by = moved(numbers, WIDE if dtype == torch.float64 else NARROW, seed)
    layer = trial.layer(dtype)
    layer.load_edges(close_by.edges)
    again = in_torch(trial, layer, replace(close_by, edges=layer.edges()))
    most = torch.finfo(dtype).max / 1e6
    for one, other in zip(expected, again, strict=True):
        there = one.isfinite()
        a, b = one[there].detach(), other[there].detach()
        near = ((a - b).abs() <= 0.1 * (1 + a.abs())) & (a.abs() < most)
        if not (torch.equal(there, other.isfinite()) and near.all()):
            return False
    return True


def in_torch(trial: Trial, layer: CompiledLayer, numbers: Numbers) -> list[Tensor]:
    with patch.dict(os.environ, FENAS_BACKEND="torch"):
        return everything(trial, layer, numbers)


class Moves:
    """Moves every number of a tensor up or down by a part of itself."""

    def __init__(self, by: float, seed: int = 0):
        self.by = by
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, value: Tensor) -> Tensor:
        signs = torch.randint(0, 2, value.shape, generator=self.generator) * 2 - 1
        return value * (1 + signs.to(value.dtype) * self.by)


def moved(numbers: Numbers, by: float, seed: int = 0) -> Numbers:
    """Every input, state and parameter up or down by a part of itself."""
    move = Moves(by, seed)

    def leaf(value: Tensor) -> Tensor:
        return move(value).detach().requires_grad_()

    edges = {name: leaf(edge) for name, edge in numbers.edges.items()}
    return Numbers(leaf(numbers.x), [leaf(s) for s in numbers.states], edges, numbers.masks)


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
