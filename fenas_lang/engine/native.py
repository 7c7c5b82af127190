"""A cell's loop over a sequence in the native kernel, as one operation of torch's autograd.

Around the kernel stand what the plan hoists and the gradients of the loop's matrices: both are
large products, and torch's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from fenas_lang.engine.before import handed_rows
from fenas_lang.engine.kernel import Place, Routine
from fenas_lang.ir.graph import Graph, Node
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.program import (
    GRADIENT,
    SCRATCH,
    Array,
    backward_program,
    forward_program,
    value_array,
)
from fenas_lang.plan.reverse import (
    EDGE,
    HANDED,
    OUTPUT,
    PARAMETER,
    STATE,
    VALUE,
    Reverse,
    Role,
    reverse,
)
from fenas_lang.plan.schedule import make_plan
from fenas_lang.plan.storage import Storage, storage

States = tuple[Tensor, ...]
Places = dict[Array, Place]

POISONED = False
"""Whether new memory is filled with NaN: a test that nothing is read before it is written."""


class NativeCell:
    """A cell's plan and its programs for the kernel, made when they are first wanted."""

    def __init__(self, graph: Graph):
        self.graph = graph

    @cached_property
    def plan(self) -> Plan:
        return make_plan(self.graph)

    @cached_property
    def matrices(self) -> tuple[str, ...]:
        """The weights that the loop multiplies with."""
        return _names(str(n.attribute) for n in self._loop if n.op == "linear")

    @cached_property
    def vectors(self) -> tuple[str, ...]:
        """The biases and elementwise weights that the loop reads."""
        nodes = self.plan.graph.nodes
        read = [nodes[k] for n in self._loop for k in n.operands if nodes[k].op == "param"]
        owned = [n for n in self._loop if n.op == "elementwise_weight"]
        return _names(str(n.attribute) for n in (*read, *owned))

    @property
    def _loop(self) -> list[Node]:
        return [self.plan.graph.nodes[k] for level in self.plan.loop for k in level.computed]

    @cached_property
    def reverse(self) -> Reverse:
        return reverse(self.plan)

    @cached_property
    def storage(self) -> Storage:
        return storage(self.plan, self.reverse)

    @cached_property
    def inference(self) -> Routine:
        return Routine(forward_program(self.plan), backward=False)

    @cached_property
    def training(self) -> Routine:
        return Routine(forward_program(self.plan, self.reverse.saved), backward=False)

    @cached_property
    def backwards(self) -> Routine:
        program = backward_program(self.plan, self.reverse, self.storage.same)
        return Routine(program, backward=True)

    def run(
        self,
        x: Tensor,
        time: int,
        states: States,
        parameter: Callable[[str], Tensor],
        reverse: bool,
    ) -> tuple[Tensor, States]:
        """Outputs (T·B, H) and the states at the end (B, H), of x (T·B, D) and states (B, H)."""
        size = states[0].shape[-1]
        groups = handed_rows(self.plan, self.storage.handed, x, size, parameter)
        names = (*self.matrices, *self.vectors)
        tensors = (*groups, *states, *map(parameter, names))
        training = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        loop = Loop(self, time, len(states[0]), size, reverse)
        if training:
            output, *finals = _Operation.apply(loop, *tensors)  # type: ignore[no-untyped-call]
        else:
            output, *finals = loop.forward(Bound(self, tensors), keep=False)
        return output, tuple(finals)


class Bound:
    """The tensors that a loop reads, by role."""

    def __init__(self, cell: NativeCell, tensors: Sequence[Tensor]):
        rest = iter([t if t.stride(-1) == 1 else t.contiguous() for t in tensors])
        self.groups = [next(rest) for _ in cell.storage.handed]
        self.states = [next(rest).contiguous() for _ in cell.plan.graph.states]
        self.matrices = {name: next(rest).contiguous() for name in cell.matrices}
        self.vectors = {name: next(rest).contiguous() for name in cell.vectors}


@dataclass(frozen=True)
class Loop:
    """A loop's shape and direction, and how its arrays lie in memory."""

    cell: NativeCell
    time: int
    batch: int
    size: int
    reverse: bool

    def forward(self, bound: Bound, keep: bool) -> list[Tensor]:
        """The output and final states; with `keep` also all states but the first, and `saved`."""
        cell = self.cell
        count = len(bound.states)
        shapes = [(self.time if keep or k == 0 else 2, self.batch, self.size) for k in range(count)]
        states = [self._new(bound, *shape) for shape in shapes]
        places = self._inputs(bound)
        for k, (start, values) in enumerate(zip(bound.states, states, strict=True)):
            place = self._state(start, values, keep or k == 0)
            places |= {Array(STATE, k, shift): place for shift in (0, 1)}
        saved = self._new(bound, len(cell.reverse.saved) if keep else 0, *self._rows)
        for values, index in zip(saved, cell.reverse.saved if keep else (), strict=True):
            places[Array(VALUE, index)] = Place(values, reverse=self.reverse)
        self._run(cell.training if keep else cell.inference, bound, places)
        finals = [self._final(k, values, keep or k == 0) for k, values in enumerate(states)]
        kept = [*states[1:], saved] if keep else []
        return [states[0].flatten(0, 1), *finals, *kept]

    def backward(
        self, bound: Bound, kept: Sequence[Tensor], gradients: Sequence[Tensor]
    ) -> Iterator[Tensor | None]:
        """Gradients in the order of what `NativeCell.run` hands to the loop."""
        cell, roles = self.cell, self.cell.storage
        places = self._inputs(bound) | self._kept(bound, kept)
        places[Array(GRADIENT + OUTPUT)] = self._in_time(gradients[0].contiguous(), 0)
        rings = [self._ring(bound, gradient) for gradient in gradients[1:]]
        for k, ring in enumerate(rings):
            place = Place(ring, ring=True)
            places |= {Array(GRADIENT + STATE, k, shift): place for shift in (0, 1)}
        results: dict[Role, Tensor] = {}
        edges = [self._group(bound, EDGE, group, results) for group in roles.edges]
        handed = [
            None
            if Role(HANDED, group[0]) in roles.same
            else self._group(bound, HANDED, group, results)
            for group in roles.handed
        ]
        for role in cell.reverse.results:
            if role.kind == PARAMETER and role not in roles.same:
                results[role] = self._new(bound, self.time * self.batch, self.size)
        for role, rows in results.items():
            places[Array(GRADIENT + role.kind, role.of)] = self._in_time(rows, 0)
        self._run(cell.backwards, bound, places)
        for group, own in zip(roles.handed, handed, strict=True):
            yield own if own is not None else self._twin(group, edges)
        yield from (ring[0] for ring in rings)
        yield from self._matrix_gradients(edges, places, bound)
        yield from self._vector_gradients(results)

    @property
    def _rows(self) -> tuple[int, int, int]:
        return self.time, self.batch, self.size

    def _new(self, bound: Bound, *shape: int) -> Tensor:
        made = bound.states[0].new_empty(shape)
        return made.fill_(torch.nan) if POISONED else made

    def _inputs(self, bound: Bound) -> Places:
        groups = zip(self.cell.storage.handed, bound.groups, strict=True)
        places = {
            Array(HANDED, index): self._in_time(rows, column)
            for group, rows in groups
            for column, index in enumerate(group)
        }
        vectors = bound.vectors.items()
        return places | {Array(PARAMETER, name): Place(vector) for name, vector in vectors}

    def _in_time(self, rows: Tensor, column: int) -> Place:
        part = rows[:, column * self.size : (column + 1) * self.size]
        steps, row = self.batch * part.stride(0), part.stride(0)
        return Place(part.as_strided(self._rows, (steps, row, 1)), reverse=self.reverse)

    def _state(self, start: Tensor, values: Tensor, all_times: bool) -> Place:
        if all_times:
            return Place(values, start, reverse=self.reverse)
        values[0] = start
        return Place(values, ring=True)

    def _final(self, k: int, values: Tensor, all_times: bool) -> Tensor:
        if not all_times:
            return values[self.time % 2]
        return values[0 if self.reverse else self.time - 1].clone()

    def _ring(self, bound: Bound, gradient: Tensor) -> Tensor:
        ring = self._new(bound, 2, self.batch, self.size)
        ring[self.time % 2] = gradient
        return ring

    def _kept(self, bound: Bound, kept: Sequence[Tensor]) -> Places:
        *states, saved = kept
        places: Places = {}
        for k, (start, values) in enumerate(zip(bound.states, states, strict=True)):
            place = Place(values.view(self._rows), start, reverse=self.reverse)
            places |= {Array(STATE, k, shift): place for shift in (0, 1)}
        for values, index in zip(saved, self.cell.reverse.saved, strict=True):
            places[Array(VALUE, index)] = Place(values, reverse=self.reverse)
        return places

    def _group(
        self, bound: Bound, kind: str, group: tuple[int, ...], results: dict[Role, Tensor]
    ) -> Tensor:
        rows = self._new(bound, self.time * self.batch, len(group) * self.size)
        for index, part in zip(group, torch.split(rows, self.size, dim=1), strict=True):
            results[Role(kind, index)] = part
        return rows

    def _twin(self, group: tuple[int, ...], edges: list[Tensor]) -> Tensor:
        twin = self.cell.storage.same[Role(HANDED, group[0])].of
        return next(t for g, t in zip(self.cell.storage.edges, edges, strict=True) if g[0] == twin)

    def _matrix_gradients(
        self, edges: list[Tensor], places: Places, bound: Bound
    ) -> Iterator[Tensor | None]:
        plan = self.cell.plan
        found: dict[str, Tensor] = {}
        for group, rows in zip(self.cell.storage.edges, edges, strict=True):
            source = value_array(plan, plan.graph.nodes[group[0]].operands[0])
            parts = torch.split(self._product(rows, source, places[source]), self.size)
            names = (str(plan.graph.nodes[index].attribute) for index in group)
            found.update(zip(names, parts, strict=True))
        yield from (found.get(name) for name in self.cell.matrices)

    def _product(self, rows: Tensor, array: Array, place: Place) -> Tensor:
        """Transposed rows times the values of all times; those of a state are one step behind."""
        values, batch = place.tensor.flatten(0, 1), self.batch
        if place.first is None or array.shift == 1:
            return rows.t() @ values
        head, tail = rows[:batch], rows[batch:]
        before = values[:-batch]
        if self.reverse:
            head, tail, before = rows[-batch:], rows[:-batch], values[batch:]
        return torch.addmm(head.t() @ place.first, tail.t(), before)

    def _vector_gradients(self, results: dict[Role, Tensor]) -> Iterator[Tensor | None]:
        for name in self.cell.vectors:
            role = Role(PARAMETER, name)
            rows = results.get(self.cell.storage.same.get(role, role))
            yield None if rows is None else rows.sum(0)

    def _run(self, routine: Routine, bound: Bound, places: Places) -> None:
        for array in routine.arrays:
            if array.kind == SCRATCH:
                one = self._new(bound, 1, self.batch, self.size)
                places[array] = Place(one, ring=True)
        routine.run(places, bound.matrices, self._rows, poison=POISONED)


class _Operation(torch.autograd.Function):
    """The loop; its gradient has no gradient of its own."""

    @staticmethod
    def forward(ctx: Any, loop: Loop, *tensors: Tensor) -> tuple[Tensor, ...]:
        count = 1 + len(loop.cell.plan.graph.states)
        results = loop.forward(Bound(loop.cell, tensors), keep=True)
        ctx.loop = loop
        ctx.given = len(tensors)
        ctx.save_for_backward(*tensors, results[0], *results[count:])
        return tuple(results[:count])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        saved = ctx.saved_tensors  # once only: a checkpoint recomputes them at each reading
        tensors, kept = saved[: ctx.given], saved[ctx.given :]
        with torch.no_grad():
            bound = Bound(ctx.loop.cell, tensors)
            found = list(ctx.loop.backward(bound, kept, gradients))
        if torch.is_grad_enabled():
            anchor = torch.zeros((), requires_grad=True)
            found = [None if g is None else _Final.apply(anchor, g) for g in found]  # type: ignore
        return (None, *found)


class _Final(torch.autograd.Function):
    """A gradient that must not be differentiated, where a graph of gradients is asked for."""

    @staticmethod
    def forward(ctx: Any, anchor: Tensor, gradient: Tensor) -> Tensor:
        return gradient.view_as(gradient)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        raise RuntimeError(
            "a layer in the native engine cannot be differentiated twice; "
            "as torch operations it can: set FENAS_BACKEND=torch in the environment"
        )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
