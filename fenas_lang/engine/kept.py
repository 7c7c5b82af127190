"""What inference keeps of a layer's weights from one call to the next: they are packed once.

Nothing here keeps a weight alive, and nothing is pickled or copied.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from fenas_lang.engine import kernel

Stacks = dict[int, tuple[Tensor, Tensor | None]]
"""By the source of a fused product: its weights and biases, one below the other."""


@dataclass(frozen=True)
class Ready:
    """Weights in the form in which a call wants them."""

    packed: Tensor
    stacks: Stacks = field(default_factory=dict)


@dataclass(frozen=True)
class _Entry:
    key: tuple[object, ...]
    signature: bytes
    ready: Ready


class Kept:
    """What is ready, by program, layer and direction; threads may share it.

    Entries never change.  One is used again while the weights are at the same places in the same
    versions.  A write that torch does not count (`weight.data.mul_(2)`, NumPy, another process)
    shows in the signature of their bytes, which costs as much as to read them once.
    """

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}

    def ready(
        self,
        name: Hashable,
        weights: Sequence[Tensor],
        dtype: torch.dtype,
        make: Callable[[], Ready],
    ) -> Ready:
        """What `make` gives for the weights, made anew where they differ from the last time."""
        if not all(weight.is_contiguous() for weight in weights):
            return make()
        places = [weight.data_ptr() for weight in weights]
        key = (kernel.BEST_TESTED, dtype, places, _versions(weights))
        signature = kernel.signature(weights)
        entry = self._entries.get(name)
        if entry is None or entry.key != key or entry.signature != signature:
            entry = _Entry(key, signature, make())
            self._entries[name] = entry
        return entry.ready

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()


def _versions(weights: Sequence[Tensor]) -> list[int]:
    """How often each was changed; torch does not count it for tensors of inference mode."""
    try:
        return [weight._version for weight in weights]
    except RuntimeError:
        return []
