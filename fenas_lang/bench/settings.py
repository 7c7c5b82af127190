"""How a benchmark is run."""

from __future__ import annotations

from dataclasses import dataclass

import torch

TRAIN, INFERENCE = "train", "inference"
STEPS = (TRAIN, INFERENCE)
DTYPES = {"float32": torch.float32, "float64": torch.float64}
CLOCKS = ("wall", "processor")


@dataclass(frozen=True)
class Settings:
    """`steps` of `STEPS`, `runs` rounds that are counted, `seed` of weights, inputs and order."""

    steps: tuple[str, ...] = STEPS
    runs: int = 15
    threads: int = 1
    dtype: str = "float32"
    clock: str = "wall"
    seed: int = 0

    @property
    def torch_dtype(self) -> torch.dtype:
        return DTYPES[self.dtype]
