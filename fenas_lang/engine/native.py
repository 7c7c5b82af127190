"""A cell's loop over a sequence in the native kernel, as one operation of torch's autograd.

Around the kernel stand what the plan hoists and the gradients of the loop's matrices: both are
large products, and torch's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from fenas_lang.engine.before import handed_rows
from fenas_lang.engine.kept import Ready, Stacks
from fenas_lang.engine.kernel import Routine
from fenas_lang.engine.loop import Bound, Loop
from fenas_lang.engine.products import final
from fenas_lang.engine.steps import Steps
from fenas_lang.ir.graph import Graph, Node
from fenas_lang.passes.mask_edges import masked_source
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.program import backward_program, forward_program
from fenas_lang.plan.reverse import HANDED, Reverse, reverse
from fenas_lang.plan.schedule import make_plan
from fenas_lang.plan.storage import Storage, storage

States = tuple[Tensor, ...]
Keep = Callable[[Callable[[], Ready]], Ready]


class NativeCell:
    """A cell's plan and its programs for the kernel, made when they are first wanted.

    With `in_place`, training stores values over those that it is handed.
    """

    def __init__(self, graph: Graph, in_place: bool = True):
        self.graph = graph
        self.in_place = in_place

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
        owned = (str(n.attribute) for n in self._loop if n.op == "elementwise_weight")
        return _names((*(name for name in self._read if masked_source(name) is None), *owned))

    @cached_property
    def masks(self) -> dict[str, str]:
        """The masks that the loop reads: the sources that they mask, by their names."""
        found = ((name, masked_source(name)) for name in self._read)
        return {name: source for name, source in found if source is not None}

    @property
    def _read(self) -> list[str]:
        nodes = self.plan.graph.nodes
        operands = (nodes[k] for node in self._loop for k in node.operands)
        return [str(node.attribute) for node in operands if node.op == "param"]

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
    def over(self) -> dict[int, int]:
        """The handed values that saved ones are stored over."""
        return self.storage.over if self.in_place else {}

    @cached_property
    def saved(self) -> tuple[int, ...]:
        """The values that are saved in memory of their own."""
        return tuple(k for k in self.reverse.saved if k not in self.over)

    @cached_property
    def inference(self) -> Routine:
        return Routine(forward_program(self.plan), backward=False)

    @cached_property
    def training(self) -> Routine:
        return Routine(forward_program(self.plan, self.reverse.saved, self.over), backward=False)

    @cached_property
    def backwards(self) -> Routine:
        program = backward_program(self.plan, self.reverse, self.storage.same, self.over)
        return Routine(program, backward=True)

    def run(
        self,
        x: Tensor,
        steps: Steps,
        states: States,
        edges: Mapping[str, Tensor],
        keep: Keep,
        masks: Mapping[str, Tensor],
    ) -> tuple[Tensor, States]:
        """Outputs (N, H) and the states at the end (B, H), of x (N, D) and states (B, H).

        `keep` gives for a function that makes ready what is ready from the last time, if the
        weights are still the same.  `masks` are by the sources that they mask, (B, D) or (B, H).
        """
        call = _Call(self, x, steps, states, edges, masks)
        if torch.is_grad_enabled() and any(
            tensor.requires_grad for tensor in (x, *states, *edges.values())
        ):
            return call.train()
        return call.infer(keep)

    @cached_property
    def read_again(self) -> tuple[bool, ...]:
        """For each group of handed values, whether the way back reads them."""
        nodes = self.plan.graph.nodes
        sources = {nodes[group[0]].operands[0] for group in self.storage.edges}
        sources = {self.over.get(source, source) for source in sources}
        read = {array.of for array in self.backwards.arrays if array.kind == HANDED}
        return tuple(not (read | sources).isdisjoint(group) for group in self.storage.handed)


@dataclass(frozen=True)
class _Call:
    """The arguments of `NativeCell.run`."""

    cell: NativeCell
    x: Tensor
    steps: Steps
    states: States
    edges: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]

    def train(self) -> tuple[Tensor, States]:
        tensors = (*self._handed({}), *self.states, *self._weights)
        output, *finals = _Operation.apply(self._loop, *tensors)  # type: ignore[no-untyped-call]
        return output, tuple(finals)

    def infer(self, keep: Keep) -> tuple[Tensor, States]:
        matrices = {name: self.edges[name] for name in self.cell.matrices}
        ready = keep(lambda: Ready(self.cell.inference.pack(matrices, self._size, self.x)))
        groups = self._handed(ready.stacks)
        bound = Bound(self.cell, (*groups, *self.states, *self._weights))
        output, *finals = self._loop.infer(bound, ready.packed)
        return output, tuple(finals)

    @property
    def _size(self) -> int:
        return self.states[0].shape[-1]

    @property
    def _weights(self) -> list[Tensor]:
        return [self.edges[name] for name in (*self.cell.matrices, *self.cell.vectors)]

    @property
    def _loop(self) -> Loop:
        masks = {name: self.masks[source] for name, source in self.cell.masks.items()}
        return Loop(self.cell, self.steps, self._size, masks)

    def _handed(self, stacks: Stacks) -> list[Tensor]:
        groups, plan = self.cell.storage.handed, self.cell.plan
        return handed_rows(plan, groups, self.x, self._size, self._parameter, stacks)

    def _parameter(self, name: str) -> Tensor:
        source = masked_source(name)
        return self.edges[name] if source is None else self.steps.spread(self.masks[source])


class _Operation(torch.autograd.Function):
    """The loop; its gradient has no gradient of its own."""

    @staticmethod
    def forward(ctx: Any, loop: Loop, *tensors: Tensor) -> tuple[Tensor, ...]:
        count = 1 + len(loop.cell.plan.graph.states)
        bound = Bound(loop.cell, tensors)
        results = loop.forward(bound)
        ctx.loop = loop
        ctx.given = len(tensors)
        groups = zip(bound.groups.values(), loop.cell.read_again, strict=True)
        kept = [group if again else None for group, again in groups]
        ctx.save_for_backward(*kept, *tensors[len(kept) :], results[0], *results[count:])
        return tuple(results[:count])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        saved = ctx.saved_tensors  # once only: a checkpoint recomputes them at each reading
        tensors, kept = saved[: ctx.given], saved[ctx.given :]
        loop = ctx.loop
        names = (*loop.cell.matrices, *loop.cell.vectors)
        flags = ctx.needs_input_grad[len(ctx.needs_input_grad) - len(names) :]
        wanted = frozenset(name for name, flag in zip(names, flags, strict=True) if flag)
        with torch.no_grad():
            found = tuple(loop.backward(Bound(loop.cell, tensors), kept, gradients, wanted))
        return (None, *final(found))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
