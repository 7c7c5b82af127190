"""Weights that a training begins with, and where its own are kept for its children."""

from __future__ import annotations

import os
import pickle
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

LAYER = "layer."
EDGE = re.compile(r"edge__(?:l\d+__)?(?:reverse__)?(\w+?)__")


@dataclass(frozen=True)
class Weights:
    """`parent` is a file of weights to begin with, `kept` where the trained ones are written.

    Of the cell's layer only parameters of the nodes in `unchanged` are taken over; of the rest of
    the model all are.  Where `parent` is None or not there, the model is new altogether.
    """

    parent: Path | None = None
    unchanged: Collection[str] = ()
    kept: Path | None = None

    def give(self, model: nn.Module) -> int:
        """Put the parent's values into a model; how many parameters got one."""
        values = _read(self.parent)
        given = 0
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                value = values.get(name) if self._stays(name) else None
                if value is not None and value.shape == parameter.shape:
                    parameter.copy_(value)
                    given += parameter.numel()
        return given

    def _stays(self, name: str) -> bool:
        return not name.startswith(LAYER) or node_of(name) in self.unchanged

    def take(self, model: nn.Module) -> None:
        """Write a model's parameters, whole or not at all."""
        if self.kept is None:
            return
        part = self.kept.with_name(self.kept.name + ".part")
        torch.save({name: p.detach() for name, p in model.named_parameters()}, part)
        os.replace(part, self.kept)


NO_WEIGHTS = Weights()


def node_of(parameter: str) -> str | None:
    """The node of a cell that a layer's parameter belongs to: `layer.edge__i__x` is one of `i`."""
    found = EDGE.search(parameter)
    return found[1] if found else None


def _read(path: Path | None) -> Mapping[str, Tensor]:
    """Nothing where there is no such file, or not a whole one."""
    try:
        return {} if path is None else torch.load(path, weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
        return {}
