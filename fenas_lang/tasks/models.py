"""The networks around a cell.  Tensors are time-major: (T, B, size).

Where a layer would receive another size than H, a `Linear` called `input_projection` stands before
it, for all cells alike, since many cells read their input without weights (D = H).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from fenas_lang.tasks.training import LayerFactory


class SequenceModel(nn.Module):
    """Projection where needed, the cell's layer, and a linear readout of its last or every step."""

    def __init__(
        self,
        cell: Any,
        build: LayerFactory,
        *,
        input_size: int,
        hidden_size: int,
        output_size: int,
        every_step: bool = False,
    ):
        super().__init__()
        self.input_projection: nn.Module = (
            nn.Identity() if input_size == hidden_size else nn.Linear(input_size, hidden_size)
        )
        self.readout = nn.Linear(hidden_size, output_size)
        self.layer = build(cell, input_size=hidden_size, hidden_size=hidden_size)
        self.every_step = every_step

    def forward(self, x: Tensor) -> Tensor:
        """(T, B, input_size) to (B, output_size), or (T, B, output_size) for every step."""
        y, _ = self.layer(self.input_projection(x))
        result: Tensor = self.readout(y if self.every_step else y[-1])
        return result
