"""The supernet: shared weights, and a layer that runs whichever part of it is chosen.

A child is run by the layer that `fenas_lang.compile` makes of its cell, with the supernet's weights
in the place of its own: what it computes is what its cell means, by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from fenas_lang.emit.sizes import check_square
from fenas_lang.emit.torch_frame import _attribute
from fenas_lang.engine.arguments import active_masks
from fenas_lang.engine.compiled import CompiledLayer, class_of
from fenas_lang.rules.glue import ONE_DIRECTION
from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.sharing.places import keys, lowered
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell

BACKWARDS = "__reverse"
"""The ending of keys of weights of the direction that begins at a sequence's end."""

CHILD = "Child"
"""What all children are called, so that equal ones share one compiled class."""


class SharedWeights(nn.Module):
    """Weights by their keys, each made when it is first read, from the seed and its key alone.

    They are drawn uniformly within ±1/√H, as those of any layer.  `joined` is called with each new
    one, so that the optimiser learns of it.
    """

    def __init__(self, hidden_size: int, seed: int):
        super().__init__()
        self.hidden_size, self.seed = hidden_size, seed
        self.joined: Callable[[nn.Parameter], None] = lambda parameter: None

    def get(self, key: str, sizes: Sequence[int]) -> nn.Parameter:
        """The weight of a key, of these sizes."""
        found = self._parameters.get(key)
        if found is None:
            found = self._make(key, sizes)
        return found

    def _make(self, key: str, sizes: Sequence[int]) -> nn.Parameter:
        generator = torch.Generator().manual_seed(derived_seed(self.seed, 0, f"weight {key}"))
        bound = float(self.hidden_size**-0.5)
        values = torch.empty(tuple(sizes)).uniform_(-bound, bound, generator=generator)
        made = nn.Parameter(values)
        self.register_parameter(key, made)
        self.joined(made)
        return made

    def shapes(self) -> dict[str, list[int]]:
        """The sizes of the weights there are, in the order in which they were made."""
        return {key: list(value.shape) for key, value in self.named_parameters()}


class SharedLayer(nn.Module):
    """Has the interface of a compiled layer; runs what `use` or `run` put into it.

    In both directions each has weights of its own, and only whole cells run, not their relaxation.
    """

    def __init__(
        self,
        weights: SharedWeights,
        space: Space,
        input_size: int,
        hidden_size: int,
        bidirectional: bool = False,
        **masks: Any,
    ):
        super().__init__()
        self.bidirectional = bidirectional
        self.weights, self.space = weights, space
        self.input_size, self.hidden_size = input_size, hidden_size
        self.masks = active_masks(masks.get("variational"))
        # In a list, so that what runs is no part of the module: its weights are counted once.
        self._running: list[nn.Module] = []

    def use(self, cell: Cell) -> CompiledLayer:
        """Restrict the supernet to a cell."""
        layer = self.child(cell)
        self.run(layer)
        return layer

    def run(self, layer: nn.Module) -> None:
        """Run this: it is called with the input and a list of states or None."""
        self._running = [layer]

    def child(self, cell: Cell) -> CompiledLayer:
        """The cell's layer with shared weights.  Raises FenError for D ≠ H where it must not be."""
        cell = replace(cell, name=CHILD, source=None)
        dataflow = lowered(cell, self.space)
        check_square(dataflow, self.input_size, self.hidden_size)
        made = class_of(cell, dataflow, frozenset(self.masks))
        options: dict[str, Any] = {"variational": self.masks} if self.masks else {}
        options |= {"bidirectional": self.bidirectional, "device": "meta"}
        layer = made(self.input_size, self.hidden_size, **options)
        names = keys(cell, dataflow)
        for prefix, ending in zip(layer._prefixes(), ("", BACKWARDS), strict=False):
            for shape in dataflow.parameters:
                sizes = shape.sizes(self.input_size, self.hidden_size)
                weight = self.weights.get(names[shape.name] + ending, sizes)
                layer.register_parameter(_attribute(prefix + shape.name), weight)
        return layer

    def forward(self, x: Tensor | PackedSequence, state: Any = None) -> tuple[Any, Any]:
        """As a compiled layer; the state may be that of a cell with another number of states.

        States that it lacks are zero, those too many are left.  Raises FenError where what runs is
        no cell and the task wants both directions.
        """
        (layer,) = self._running
        if self.bidirectional and not isinstance(layer, CompiledLayer):
            raise ONE_DIRECTION.error()
        layer.train(self.training)
        count = len(layer.state_names)  # type: ignore[arg-type]
        if state is not None:
            given = list(state) if isinstance(state, tuple) else [state]
            given += [torch.zeros_like(given[0])] * (count - len(given))
            state = given[0] if count == 1 else tuple(given[:count])
        output, after = layer(x, state)
        return output, after
