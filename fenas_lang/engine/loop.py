"""A loop over a sequence in the native kernel, and how its arrays lie in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from fenas_lang.engine.kernel import Place, Routine, room
from fenas_lang.engine.products import transposed_product
from fenas_lang.engine.steps import Steps
from fenas_lang.plan.program import GRADIENT, SCRATCH, Array, value_array
from fenas_lang.plan.reverse import EDGE, HANDED, OUTPUT, PARAMETER, STATE, VALUE, Role

if TYPE_CHECKING:
    from fenas_lang.engine.native import NativeCell

Places = dict[Array, Place]

POISONED = False
"""Whether new memory is filled with NaN: a test that nothing is read before it is written."""


def new(like: Tensor, *shape: int) -> Tensor:
    """Memory for values of that type."""
    made = room(like, shape)
    return made.fill_(torch.nan) if POISONED else made


class Bound:
    """The tensors that a loop reads, by role; of what is handed, the groups that are at hand."""

    def __init__(self, cell: NativeCell, tensors: Sequence[Tensor]):
        count = len(cell.storage.handed)
        groups = zip(cell.storage.handed, tensors[:count], strict=True)
        self.groups = {g: t.contiguous() for g, t in groups if t is not None}
        rest = iter([t if t.is_contiguous() else t.contiguous() for t in tensors[count:]])
        self.states = [next(rest) for _ in cell.plan.graph.states]
        self.matrices = {name: next(rest) for name in cell.matrices}
        self.vectors = {name: next(rest) for name in cell.vectors}


@dataclass(frozen=True)
class Loop:
    """A loop's steps and the masks (B, H) of dropout in it; `size` is H."""

    cell: NativeCell
    steps: Steps
    size: int
    masks: Mapping[str, Tensor] = field(default_factory=dict)

    def infer(self, bound: Bound, packed: Tensor) -> list[Tensor]:
        """The output (N, H) and the final states (B, H)."""
        cell, steps = self.cell, self.steps
        output = new(bound.states[0], steps.rows, self.size)
        rings = new(bound.states[0], len(bound.states) - 1, 2, steps.batch, self.size).unbind()
        places = self._inputs(bound)
        self._place_state(places, 0, Place.rows(output, first=bound.states[0]))
        for k, ring in enumerate(rings, 1):
            self._place_state(places, k, Place.ring_of(ring, bound.states[k]))
        self._run(cell.inference, bound, places, packed)
        return [output, steps.last(output).clone(), *map(steps.at_end, rings)]

    def forward(self, bound: Bound) -> list[Tensor]:
        """The output, final states, all states but the first (K - 1, N, H), and what is saved."""
        cell, steps = self.cell, self.steps
        output = new(bound.states[0], steps.rows, self.size)
        others = new(bound.states[0], len(bound.states) - 1, steps.rows, self.size)
        saved = new(bound.states[0], len(cell.saved), steps.rows, self.size)
        places = self._inputs(bound) | self._kept(bound, output, others, saved)
        routine = cell.training
        self._run(routine, bound, places, routine.pack(bound.matrices, self.size, output))
        finals = [steps.last(values).clone() for values in (output, *others)]
        return [output, *finals, others, saved]

    def backward(
        self,
        bound: Bound,
        kept: Sequence[Tensor],
        gradients: Sequence[Tensor],
        wanted: frozenset[str],
    ) -> Iterator[Tensor | None]:
        """Gradients in the order of what `NativeCell.run` hands to the loop.

        `kept` are the output and the last two results of `forward`; of parameters, only those
        `wanted` have one.
        """
        cell, roles, steps = self.cell, self.cell.storage, self.steps
        output, others, saved = kept
        given = gradients[0].contiguous()
        places = self._inputs(bound) | self._kept(bound, output, others, saved)
        places[Array(GRADIENT + OUTPUT)] = Place.rows(given)
        rings = new(bound.states[0], len(bound.states), 2, steps.batch, self.size)
        for k, (ring, gradient) in enumerate(zip(rings, gradients[1:], strict=True)):
            steps.set_end(ring, gradient)
            self._place_state(places, k, Place.ring_of(ring), GRADIENT + STATE)
        edges = [self._group(bound, places, EDGE, group) for group in roles.edges]
        handed = [
            None
            if Role(HANDED, group[0]) in roles.same
            else self._group(bound, places, HANDED, group)
            for group in roles.handed
        ]
        vectors = {
            role: self._group(bound, places, PARAMETER, (role.of,))
            for role in cell.reverse.results
            if role.kind == PARAMETER and role not in roles.same
        }
        routine = cell.backwards
        self._run(routine, bound, places, routine.pack(bound.matrices, self.size, output))
        for group, own in zip(roles.handed, handed, strict=True):
            yield own if own is not None else self._twin(group, edges)
        yield from map(steps.at_begin, rings)
        sources = self._sources(bound, output, others, saved)
        yield from self._matrix_gradients(edges, sources, wanted)
        yield from self._vector_gradients(edges, vectors, wanted)

    def _check(self, bound: Bound) -> None:
        """That the kernel stays within the tensors, whatever was done to a parameter."""
        size = self.size
        for expected, values in (((size, size), bound.matrices), ((size,), bound.vectors)):
            for name, value in values.items():
                if value.shape != expected:
                    given = f"has the shape {tuple(value.shape)}"
                    raise RuntimeError(f"parameter {name} {given}; it must be {expected}")
        for group, value in bound.groups.items():
            if value.shape != (self.steps.rows, len(group) * size):
                raise RuntimeError("a parameter of the input has another shape than it must have")

    def _inputs(self, bound: Bound) -> Places:
        self._check(bound)
        places: Places = {}
        for group, rows in bound.groups.items():
            places.update(zip(_arrays(HANDED, group), Place.columns(rows, self.size), strict=True))
        for name, vector in bound.vectors.items():
            places[Array(PARAMETER, name)] = Place.vector(vector)
        for name, mask in self.masks.items():
            places[Array(PARAMETER, name)] = Place.ring_of(mask.unsqueeze(0))
        return places

    def _place_state(self, places: Places, k: int, place: Place, kind: str = STATE) -> None:
        places[Array(kind, k, 0)] = places[Array(kind, k, 1)] = place

    def _kept(self, bound: Bound, output: Tensor, others: Tensor, saved: Tensor) -> Places:
        places: Places = {}
        for k, (start, values) in enumerate(zip(bound.states, (output, *others), strict=True)):
            self._place_state(places, k, Place.rows(values, first=start))
        for values, index in zip(saved, self.cell.saved, strict=True):
            places[Array(VALUE, index)] = Place.rows(values)
        return places

    def _group(
        self, bound: Bound, places: Places, kind: str, group: tuple[int | str, ...]
    ) -> Tensor:
        """Room for the gradients of values that lie side by side."""
        rows = new(bound.states[0], self.steps.rows, len(group) * self.size)
        arrays = _arrays(GRADIENT + kind, group)
        places.update(zip(arrays, Place.columns(rows, self.size), strict=True))
        return rows

    def _twin(self, group: tuple[int, ...], edges: list[Tensor]) -> Tensor:
        twin = self.cell.storage.same[Role(HANDED, group[0])].of
        return next(t for g, t in zip(self.cell.storage.edges, edges, strict=True) if g[0] == twin)

    def _sources(
        self, bound: Bound, output: Tensor, others: Tensor, saved: Tensor
    ) -> dict[Array, Tensor]:
        """The values that matrices were multiplied with, (N, H); states as steps lead to them."""
        found = {Array(STATE, k, 1): values for k, values in enumerate((output, *others))}
        for values, index in zip(saved, self.cell.saved, strict=True):
            found[Array(VALUE, index)] = values
        for group, rows in bound.groups.items():
            for index, part in zip(group, torch.split(rows, self.size, dim=1), strict=True):
                found[Array(HANDED, index)] = part
        for k, start in enumerate(bound.states):
            found[Array(STATE, k)] = start
        return found

    def _matrix_gradients(
        self, edges: list[Tensor], sources: dict[Array, Tensor], wanted: frozenset[str]
    ) -> Iterator[Tensor | None]:
        plan = self.cell.plan
        found: dict[str, Tensor] = {}
        for group, rows in zip(self.cell.storage.edges, edges, strict=True):
            names = [str(plan.graph.nodes[index].attribute) for index in group]
            if not wanted.isdisjoint(names):
                source = value_array(plan, plan.graph.nodes[group[0]].operands[0], self.cell.over)
                parts = torch.split(self._product(rows, source, sources), self.size)
                found.update(zip(names, parts, strict=True))
        yield from (found.get(name) for name in self.cell.matrices)

    def _product(self, rows: Tensor, source: Array, sources: dict[Array, Tensor]) -> Tensor:
        """Transposed rows times the source's values at all times.

        Those of a state are one step behind what the steps lead to.
        """
        if source.kind != STATE or source.shift == 1:
            return transposed_product(rows, sources[source])
        first, values = sources[source], sources[Array(STATE, source.of, 1)]
        if not self.steps.equal:
            return transposed_product(rows, self.steps.before(first, values))
        batch = self.steps.batch
        if self.steps.reverse:
            head, tail, before = rows[-batch:], rows[:-batch], values[batch:]
        else:
            head, tail, before = rows[:batch], rows[batch:], values[:-batch]
        return transposed_product(tail, before).addmm_(head.t(), first)

    def _vector_gradients(
        self, edges: list[Tensor], vectors: dict[Role, Tensor], wanted: frozenset[str]
    ) -> Iterator[Tensor | None]:
        same = self.cell.storage.same
        roles = {name: Role(PARAMETER, name) for name in self.cell.vectors}
        sums = {role: rows.sum(0) for role, rows in vectors.items() if role.of in wanted}
        twins = {same[role] for name, role in roles.items() if name in wanted and role in same}
        for group, rows in zip(self.cell.storage.edges, edges, strict=True):
            members = [Role(EDGE, index) for index in group]
            if not twins.isdisjoint(members):
                sums.update(zip(members, torch.split(rows.sum(0), self.size), strict=True))
        yield from (sums.get(same.get(role, role)) for role in roles.values())

    def _run(self, routine: Routine, bound: Bound, places: Places, packed: Tensor) -> None:
        scratch = [array for array in routine.arrays if array.kind == SCRATCH]
        if scratch:
            room = new(bound.states[0], len(scratch), 1, self.steps.batch, self.size)
            places.update(zip(scratch, map(Place.ring_of, room), strict=True))
        routine.run(places, packed, self.steps, self.size, poison=POISONED)


def _arrays(kind: str, group: Iterable[int | str]) -> Iterator[Array]:
    return (Array(kind, of) for of in group)
