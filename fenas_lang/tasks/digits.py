"""Handwritten digits read row by row: scikit-learn's 1,797 images of 8 by 8.

Eight steps of eight grey values in [0, 1], then one of ten classes.  Source: the test set of the
UCI collection "Optical Recognition of Handwritten Digits" (Alpaydin & Kaynak 1998), which comes
with scikit-learn.  997 images train, 400 validate, 400 test, always the same ones.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from fenas_lang.rules import tasks as rules
from fenas_lang.tasks.base import TEST, VALID, checksum_of
from fenas_lang.tasks.settings import Settings, setting
from fenas_lang.tasks.supervised import Examples, SupervisedTask

HELD_OUT = 400
CLASSES = 10
GREY = 16.0
"""The largest pixel value."""


@dataclass(frozen=True)
class DigitsSettings(Settings):
    epochs: int = setting(8, "passes over the training images", low=1)
    learning_rate: float = setting(0.01, "Adam's step size", low=1e-9, high=100)


class Digits(SupervisedTask[DigitsSettings]):
    """Classify digits by the state after their last row; scored by validation accuracy."""

    name = "digits"
    metric = "valid_accuracy"
    higher_is_better = True
    settings_type = DigitsSettings
    input_size = 8
    output_size = CLASSES

    def load(self, data: Path | None) -> None:
        super().load(data)
        x, y = _images()
        # RandomState's streams are frozen by NumPy's policy, so that the split never changes.
        order = torch.from_numpy(np.random.RandomState(0).permutation(len(y)))
        self.train, self.splits = _split(x, y, order)
        self.checksum = checksum_of(x, y, order)

    @property
    def steps(self) -> int:
        return self.settings.epochs * -(-len(self.train.y) // self.settings.batch)

    def held_out(self) -> Self:
        other = copy.copy(self)
        other.train = self.splits[VALID]
        return other

    def batches(self, generator: torch.Generator) -> Iterator[Examples]:
        order = torch.randperm(len(self.train.y), generator=generator)
        for rows in torch.split(order, self.settings.batch):
            yield _pick(self.train, rows)

    def loss(self, output: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(output, y)

    def metrics(self, output: Tensor, y: Tensor) -> dict[str, float]:
        correct = int((output.argmax(1) == y).sum())
        return {"accuracy": correct / len(y), "loss": cross_entropy(output, y).item()}

    def reference_scores(self) -> dict[str, float]:
        """`majority class`: the accuracy of the commonest training label."""
        commonest = self.train.y.bincount(minlength=CLASSES).argmax()
        return {"majority class": (self.splits[VALID].y == commonest).double().mean().item()}


def _images() -> tuple[Tensor, Tensor]:
    """All images, (8, 1797, 8) in [0, 1], row after row, and their labels."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise rules.MISSING_PACKAGE.error(task="digits", package="scikit-learn") from error
    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(pixels / GREY).float().view(-1, 8, 8)
    return images.transpose(0, 1).contiguous(), torch.from_numpy(labels).long()


def _split(x: Tensor, y: Tensor, order: Tensor) -> tuple[Examples, dict[str, Examples]]:
    everything = Examples(x, y)
    valid, test, train = torch.split(order, [HELD_OUT, HELD_OUT, len(order) - 2 * HELD_OUT])
    held_out = {VALID: _pick(everything, valid), TEST: _pick(everything, test)}
    return _pick(everything, train), held_out


def _pick(examples: Examples, rows: Tensor) -> Examples:
    return Examples(examples.x[:, rows], examples.y[rows])
