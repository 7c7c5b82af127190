"""The task's model around the supernet, and one step of its shared weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from fenas_lang.rules import language_model as rules
from fenas_lang.search.randomness import derived_seed
from fenas_lang.search.sharing.supernet import SharedLayer, SharedWeights
from fenas_lang.spaces.model import Space
from fenas_lang.syntax.ast import Cell
from fenas_lang.tasks.base import VALID, Task


class Supernet:
    """A task's model with the supernet for a layer, and its optimiser."""

    def __init__(self, task: Task[Any], space: Space, cell: Cell, seed: int):
        self.task = task
        torch.manual_seed(derived_seed(seed, 0, "sharing initialisation"))
        made: list[SharedLayer] = []

        def build(cell: Any, *, input_size: int, hidden_size: int, **options: Any) -> nn.Module:
            weights = SharedWeights(hidden_size, seed)
            made.append(SharedLayer(weights, space, input_size, hidden_size, **options))
            return made[-1]

        self.model = task.model(cell, build)
        if len(made) != 1:
            raise rules.ONE_SHARED_LAYER.error(task=task.name, layers=len(made))
        (self.layer,) = made
        self.weights = self.layer.weights
        self.optimizer = task.optimizer(self.model)
        self.weights.joined = self.optimizer.param_groups[0]["params"].append

    def step(self, losses: Iterator[Tensor]) -> float:
        """Update the weights that what runs has; not where loss or gradient is not finite."""
        loss = next(losses)
        self.optimizer.zero_grad()
        value = loss.item()
        if math.isfinite(value):
            loss.backward()  # type: ignore[no-untyped-call]
            if math.isfinite(self._clipped()):
                self.optimizer.step()
        return value

    def _clipped(self) -> float:
        limit = self.task.settings.clip or math.inf
        return nn.utils.clip_grad_norm_(self.model.parameters(), limit).item()

    def measure(self, cell: Cell) -> dict[str, float]:
        """The task's metrics of a cell on the validation data, with the weights as they are."""
        self.layer.use(cell)
        with torch.no_grad():
            return self.task.measure(self.model.eval(), VALID)

    def parameters_of(self, cell: Cell) -> int:
        """How many parameters the model of a cell has."""
        own = sum(weight.numel() for weight in self.layer.child(cell).parameters())
        shared = sum(weight.numel() for weight in self.weights.parameters())
        return own + sum(weight.numel() for weight in self.model.parameters()) - shared

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "shapes": self.weights.shapes(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """From a checkpoint: the weights in the order in which they were made."""
        for key, sizes in state["shapes"].items():
            self.weights.get(key, sizes)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])


def over_and_over(
    task: Task[Any], model: nn.Module, seed_of: Callable[[int], int]
) -> Iterator[Tensor]:
    """The losses of a task's epochs, one after another."""
    repeat = 0
    while True:
        generator = torch.Generator().manual_seed(seed_of(repeat))
        yield from task.losses(model, generator)
        repeat += 1
