"""The copy-memory problem (Hochreiter & Schmidhuber 1997), as Arjovsky et al. 2016 pose it.

An input of T + 2K symbols: K drawn from an alphabet of eight, T - 1 blanks, a marker, K blanks.
Wanted: a blank at each of the first T + K steps, then the K symbols in order.  Who knows when the
symbols come, but not which, has a cross-entropy of K ln 8 / (T + 2K) nats a step.  Arjovsky et al.
have K = 10 and T of 100 and more; the defaults are what small cells learn in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from fenas_lang.tasks.settings import setting
from fenas_lang.tasks.supervised import Examples, GeneratedSettings, GeneratedTask

ALPHABET = 8
BLANK, MARKER = ALPHABET, ALPHABET + 1
SYMBOLS = ALPHABET + 2


@dataclass(frozen=True)
class CopySettings(GeneratedSettings):
    delay: int = setting(5, "steps from the last symbol to the marker, T", low=1)
    items: int = setting(5, "symbols to remember, K", low=1)
    learning_rate: float = setting(0.01, "Adam's step size", low=1e-9, high=100)


class Copy(GeneratedTask[CopySettings]):
    """Repeat symbols after a delay; scored by the validation cross-entropy, in nats a step."""

    name = "copy"
    metric = "valid_cross_entropy"
    higher_is_better = False
    settings_type = CopySettings
    input_size = SYMBOLS
    output_size = SYMBOLS - 1
    every_step = True

    def examples(self, count: int, generator: torch.Generator) -> Examples:
        items, delay = self.settings.items, self.settings.delay
        symbols = torch.randint(0, ALPHABET, (items, count), generator=generator)
        blanks = torch.full((delay + items, count), BLANK)
        shown = torch.cat([symbols, blanks])
        shown[items + delay - 1] = MARKER
        return Examples(one_hot(shown, SYMBOLS).float(), torch.cat([blanks, symbols]))

    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(output.flatten(0, 1), y.flatten())

    def metrics(self, output: Tensor, y: Tensor) -> dict[str, float]:
        items = self.settings.items
        recalled = (output[-items:].argmax(2) == y[-items:]).double().mean().item()
        return {"cross_entropy": self.loss(output, y).item(), "recall": recalled}

    def reference_scores(self) -> dict[str, float]:
        """`no memory`: blanks where blanks are due, then an even guess."""
        items, delay = self.settings.items, self.settings.delay
        return {"no memory": items * math.log(ALPHABET) / (delay + 2 * items)}
