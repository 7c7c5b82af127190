"""The loop over time as an operator of torch, for `torch.compile` and `torch.export`.

What a compiler traces names the cell by its graph as text, so that a stored artefact finds it in
any process.  What a plan computes before the loop stays torch operations, which compilers fuse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import torch
from torch import Tensor, library, nn

from fenas_lang.emit.torch_frame import RecurrentLayer, Stack
from fenas_lang.emit.torch_sweep import Result, States
from fenas_lang.engine import emitted
from fenas_lang.engine.before import handed_rows
from fenas_lang.engine.kernel import TYPES
from fenas_lang.engine.loop import Bound, Loop
from fenas_lang.engine.native import NativeCell
from fenas_lang.engine.products import TWICE
from fenas_lang.engine.serving import served
from fenas_lang.engine.steps import steps_of
from fenas_lang.ir.encoding import decoded, encoded
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.storage import Group

R = TypeVar("R")

CELLS = 1024
"""How many cells are kept; others are planned again when they are called."""


@lru_cache(CELLS)
def cell_of(text: str) -> NativeCell:
    """The cell of a graph as text."""
    return NativeCell(decoded(text), in_place=False)  # an operator must not write into operands


@dataclass(frozen=True, slots=True)
class Traced:
    """What tracing reads of a cell: its text, its plan, and the parameters of its loop."""

    text: str
    plan: Plan
    groups: tuple[Group, ...]
    names: tuple[str, ...]


def _constant(function: Callable[..., R]) -> Callable[..., R]:
    """The function, of which a compiler takes the result without a look inside."""
    mark: Callable[..., Callable[..., R]] = torch.compiler.assume_constant_result
    return mark(function)


@_constant
def traced(cell: NativeCell) -> Traced:
    """What a compiler reads of a cell."""
    names = (*cell.matrices, *cell.vectors)
    return Traced(encoded(cell.graph), cell.plan, cell.storage.handed, names)


@_constant
def traced_class(layer: type[RecurrentLayer], prepare: Any) -> Traced | None:
    """The same of the cell that an emitted class translates, if the engine recognises it."""
    cell = emitted.recognised(layer, prepare)
    return None if cell is None else traced(cell)


@_constant
def _wanted() -> bool:
    """Whether the kernel is here and wanted, and no transform of `torch.func` is at work."""
    return served(None) and not torch._C._functorch.peek_interpreter_stack()


def run(
    cell: Traced,
    layer: nn.Module,
    rows: Tensor,
    sizes: Sequence[int],
    states: States,
    stack: Stack,
    reverse: bool,
) -> Result | None:
    """As `dispatch.run`, in operations that a compiler can trace."""
    if not _serves(sizes, (rows, *states, *layer.parameters())):
        return None
    groups = handed_rows(cell.plan, cell.groups, rows, states[0].shape[-1], stack, {})
    tensors = [*groups, *states, *[stack(name) for name in cell.names]]
    training = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    output, *rest = loop(cell.text, tensors, len(sizes), reverse, training)
    return output, tuple(rest[: len(states)])


def _serves(sizes: Sequence[int], tensors: tuple[Tensor, ...]) -> bool:
    return (
        _wanted()
        and sizes[0] > 0
        and sizes[0] == sizes[-1]
        and all(_plain(t) and t.dtype == tensors[0].dtype for t in tensors)
        and not torch.is_autocast_enabled("cpu")
    )


def _plain(tensor: Tensor) -> bool:
    return tensor.device.type == "cpu" and tensor.dtype in TYPES


@library.custom_op("fenas::loop", mutates_args=())
def loop(
    cell: str, tensors: Sequence[Tensor], time: int, reverse: bool, training: bool
) -> list[Tensor]:
    """The output (T·B, H), the final states (B, H), and in training what the way back needs.

    `tensors` are what `NativeCell.run` hands to its loop.
    """
    made = cell_of(cell)
    run, bound = _loop(made, tensors, time, reverse), Bound(made, tensors)
    if training:
        return list(_apart(run.forward(bound)))
    packed = made.inference.pack(bound.matrices, run.size, bound.states[0])
    return list(_apart(run.infer(bound, packed)))


@loop.register_fake
def _(
    cell: str, tensors: Sequence[Tensor], time: int, reverse: bool, training: bool
) -> list[Tensor]:
    made = cell_of(cell)
    batch, size = tensors[len(made.storage.handed)].shape
    rows, count = time * batch, len(made.plan.graph.states)
    shapes: list[tuple[int, ...]] = [(rows, size), *[(batch, size)] * count]
    if training:
        shapes += [(count - 1, rows, size), (len(made.saved), rows, size)]
    return [tensors[0].new_empty(sizes) for sizes in shapes]


@library.custom_op("fenas::loop_backward", mutates_args=())
def loop_backward(
    cell: str,
    tensors: Sequence[Tensor],
    kept: Sequence[Tensor],
    gradients: Sequence[Tensor],
    time: int,
    reverse: bool,
) -> list[Tensor]:
    """The gradient of each of `tensors`, from those of the output and the final states."""
    made = cell_of(cell)
    backward = _loop(made, tensors, time, reverse).backward
    wanted = frozenset((*made.matrices, *made.vectors))
    found = backward(Bound(made, tensors), kept, gradients, wanted)
    filled = (torch.zeros_like(t) if g is None else g for g, t in zip(found, tensors, strict=True))
    return list(_apart(filled))


@loop_backward.register_fake
def _(
    cell: str,
    tensors: Sequence[Tensor],
    kept: Sequence[Tensor],
    gradients: Sequence[Tensor],
    time: int,
    reverse: bool,
) -> list[Tensor]:
    return [t.new_empty(t.shape) for t in tensors]


def _loop(cell: NativeCell, tensors: Sequence[Tensor], time: int, reverse: bool) -> Loop:
    batch, size = tensors[len(cell.storage.handed)].shape
    return Loop(cell, steps_of([batch] * time, reverse), size)


def _apart(tensors: Iterable[Tensor]) -> Iterator[Tensor]:
    """The same values, as copies where they are parts of others, which torch forbids."""
    seen = set()
    for tensor in tensors:
        memory = tensor.untyped_storage().data_ptr()
        if memory in seen or tensor.storage_offset() or not tensor.is_contiguous():
            tensor = tensor.clone(memory_format=torch.contiguous_format)
        seen.add(memory)
        yield tensor


@dataclass(frozen=True, slots=True)
class _Counts:
    given: int
    results: int


def _save(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    ctx.cell, tensors, ctx.time, ctx.reverse, ctx.training = inputs
    results = 1 + len(cell_of(ctx.cell).plan.graph.states)
    ctx.counts = _Counts(len(tensors), results)
    ctx.save_for_backward(*tensors, output[0], *output[results:])


def _differentiate(ctx: Any, gradients: list[Tensor]) -> tuple[Any, ...]:
    if not ctx.training:
        raise RuntimeError("a loop that is not in training has no gradient")
    counts, saved = ctx.counts, ctx.saved_tensors
    tensors, kept = list(saved[: counts.given]), list(saved[counts.given :])
    given = gradients[: counts.results]
    found = loop_backward(ctx.cell, tensors, kept, given, ctx.time, ctx.reverse)
    return None, found, None, None, None


def _refuse(ctx: Any, *gradients: Any) -> tuple[Any, ...]:
    raise RuntimeError(TWICE)


loop.register_autograd(_differentiate, setup_context=_save)
loop_backward.register_autograd(_refuse)
