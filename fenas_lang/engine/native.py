"""A cell's loop over a sequence in the native kernel, as one operation of torch's autograd.

Around the kernel stand what the plan hoists and the gradients of the loop's matrices: both are
large products, and torch's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from fenas_lang.engine.before import handed_rows
from fenas_lang.engine.kept import Ready
from fenas_lang.engine.kernel import Routine
from fenas_lang.engine.loop import Bound, Loop
from fenas_lang.engine.products import final
from fenas_lang.engine.steps import Steps
from fenas_lang.ir.graph import Graph, Node
from fenas_lang.passes.mask_edges import masked_source
from fenas_lang.plan.plan import Plan
from fenas_lang.plan.program import backward_program, forward_program
from fenas_lang.plan.reverse import Reverse, reverse
from fenas_lang.plan.schedule import make_plan
from fenas_lang.plan.storage import Storage, storage

States = tuple[Tensor, ...]
Keep = Callable[[Callable[[], Ready]], Ready]


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
        owned = (str(n.attribute) for n in self._loop if n.op == "elementwise_weight")
        return _names((*(name for name in self._read if masked_source(name) is None), *owned))

    @cached_property
    def _masks(self) -> dict[str, str]:
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
        size = states[0].shape[-1]
        loop = Loop(self, steps, size, {n: masks[s] for n, s in self._masks.items()})
        matrices = {name: edges[name] for name in self.matrices}
        rest = (*states, *matrices.values(), *(edges[name] for name in self.vectors))
        training = torch.is_grad_enabled() and any(
            t.requires_grad for t in (x, *states, *edges.values())
        )
        ready = None if training else keep(lambda: Ready(self.inference.pack(matrices, size, x)))

        def parameter(name: str) -> Tensor:
            source = masked_source(name)
            return edges[name] if source is None else steps.spread(masks[source])

        stacks = {} if ready is None else ready.stacks
        groups = handed_rows(self.plan, self.storage.handed, x, size, parameter, stacks)
        if ready is None:
            output, *finals = _Operation.apply(loop, *groups, *rest)  # type: ignore[no-untyped-call]
        else:
            output, *finals = loop.infer(Bound(self, (*groups, *rest)), ready.packed)
        return output, tuple(finals)


class _Operation(torch.autograd.Function):
    """The loop; its gradient has no gradient of its own."""

    @staticmethod
    def forward(ctx: Any, loop: Loop, *tensors: Tensor) -> tuple[Tensor, ...]:
        count = 1 + len(loop.cell.plan.graph.states)
        results = loop.forward(Bound(loop.cell, tensors))
        ctx.loop = loop
        ctx.given = len(tensors)
        ctx.save_for_backward(*tensors, results[0], *results[count:])
        return tuple(results[:count])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        tensors, kept = ctx.saved_tensors[: ctx.given], ctx.saved_tensors[ctx.given :]
        loop = ctx.loop
        names = (*loop.cell.matrices, *loop.cell.vectors)
        flags = ctx.needs_input_grad[len(ctx.needs_input_grad) - len(names) :]
        wanted = frozenset(name for name, flag in zip(names, flags, strict=True) if flag)
        with torch.no_grad():
            found = tuple(loop.backward(Bound(loop.cell, tensors), kept, gradients, wanted))
        return (None, *final(found))


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
