"""Word language model on a directory of text, or on one of the hub's data sets.

Defaults are the search's stage 1 of Pasunuru & Bansal 2020, section 4.3; `presets` are how it and
others trained what they published.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from fenas_lang.language_model import windows
from fenas_lang.language_model.activation import activation_penalty, temporal_penalty
from fenas_lang.language_model.model import Pass, State, WordLanguageModel, each
from fenas_lang.language_model.nt_asgd import NonMonotoneASGD
from fenas_lang.rules import tasks as rules
from fenas_lang.tasks.base import TEST, VALID, Task
from fenas_lang.tasks.language_model import Words, load_corpus
from fenas_lang.tasks.lm_settings import DRAWN, PRESETS, SGD, LanguageModelSettings
from fenas_lang.tasks.training import LayerFactory

LARGEST = 700.0
"""Nats a word above which a perplexity is past what a float holds."""


class LanguageModel(Task[LanguageModelSettings]):
    """Predict each word from those before it; scored by the validation perplexity.

    The first word of a text is predicted from `<eos>`, so that every word counts; the state is
    carried over windows.
    """

    name = "lm"
    metric = "valid_perplexity"
    higher_is_better = False
    settings_type = LanguageModelSettings
    presets = PRESETS

    def load(self, data: Path | None) -> None:
        self.settings.check()
        if data is None:
            raise rules.NO_DATA_GIVEN.error(task=self.name, what="train, valid and test text")
        self.corpus = load_corpus(data)
        self.checksum = self.corpus.checksum
        self.train = _first(self.corpus.train, self.settings.tokens)
        valid = _first(self.corpus.valid, self.settings.valid_tokens)
        test = _first(self.corpus.test, self.settings.test_tokens)
        self.splits = {VALID: valid, TEST: test}
        if len(self.train) < 2 * self.settings.batch:
            raise rules.TOO_LITTLE_DATA.error(have=len(self.train), batch=self.settings.batch)

    @property
    def steps(self) -> int:
        asked = self.settings
        return asked.epochs * windows.count(self._length, asked.window, asked.windows == DRAWN)

    @property
    def items(self) -> int:
        """Words that an epoch trains on."""
        return self._length * self.settings.batch

    @property
    def _length(self) -> int:
        """Words of each stream of training text."""
        return len(self.train) // self.settings.batch

    def held_out(self) -> Self:
        """As many streams of the validation text as of the training text, if it is long enough."""
        text = self.splits[VALID]
        other = self._with(batch=max(1, min(self.settings.batch, len(text) // 2)))
        other.train = text
        return other

    def model(self, cell: Any, build: LayerFactory) -> WordLanguageModel:
        """Raises FEN450 and FEN451 where the layer cannot do what dropout asks of it."""
        asked = self.settings
        shape = asked.shape(len(self.corpus.vocabulary))
        return WordLanguageModel(cell, build, shape, asked.rates, asked.initial_range)

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """Adam, or SGD with averaging on a non-monotone trigger; with drawn windows, its rate is
        that of the window at hand."""
        asked = self.settings
        found: torch.optim.Optimizer
        if asked.optimizer == SGD:
            rate, decay = asked.learning_rate, asked.l2
            found = NonMonotoneASGD(model.parameters(), rate, decay, asked.average_after)
        else:
            found = super().optimizer(model)
        if asked.windows == DRAWN and isinstance(model, WordLanguageModel):
            windows.scale_rate(found, lambda: model.rate_scale)
        return found

    def losses(self, model: WordLanguageModel, generator: torch.Generator) -> Iterator[Tensor]:
        """Of each window: nats a word, and the penalties of activations."""
        asked, state = self.settings, None
        words, targets = _streams(self.train, asked.batch)
        drawing = generator if asked.windows == DRAWN else None
        lengths = windows.lengths(len(words), asked.window, drawing)
        for inputs, wanted in _windows(words, targets, lengths):
            found = model(inputs, wanted, state)
            state = each(found.state, Tensor.detach)
            model.rate_scale = len(inputs) / asked.window
            yield found.nats / wanted.numel() + self._penalty(found)

    def _penalty(self, found: Pass) -> Tensor | float:
        ar, tar = self.settings.ar, self.settings.tar
        return activation_penalty(found.dropped, ar) + temporal_penalty(found.features, tar)

    def measure(self, model: WordLanguageModel, split: str) -> dict[str, float]:
        """Perplexity over every word of the split: the exponential of its mean loss."""
        text = self.splits[split]
        return {f"{split}_perplexity": perplexity(self._nats(model, text) / len(text))}

    def _nats(self, model: WordLanguageModel, text: Words) -> float:
        """Loss over a text in equal parallel streams; the last one goes on over what is left."""
        words, targets = _streams(text, min(self.settings.valid_batch, len(text)))
        total, state = self._sum(model, words, targets, None)
        if targets.numel() < len(text):
            rest = torch.from_numpy(text[targets.numel() - 1 :]).long().unsqueeze(1)
            last = each(state, lambda s: s[:, -1:])
            total += self._sum(model, rest[:-1], rest[1:], last)[0]
        return total

    def _sum(
        self, model: WordLanguageModel, words: Tensor, targets: Tensor, state: State
    ) -> tuple[float, State]:
        total, window = 0.0, self.settings.window
        for inputs, wanted in _windows(words, targets, window):
            nats, state = model.loss(inputs, wanted, state)
            total, state = total + nats.item(), each(state, Tensor.detach)
        return total, state

    def reference_scores(self) -> dict[str, float]:
        """`unigram`: word frequencies of the training words used, each word's count raised by one
        (Laplace), on the validation words used."""
        counts = np.bincount(self.train, minlength=len(self.corpus.vocabulary)) + 1.0
        nats = -np.log(counts / counts.sum())
        return {"unigram": perplexity(float(nats[self.splits[VALID]].mean()))}


def _first(text: Words, limit: int) -> Words:
    return text[:limit] if limit else text


def _windows(words: Tensor, targets: Tensor, lengths: Any) -> Iterator[tuple[Tensor, Tensor]]:
    """Both in pieces of these lengths, or of one length, along time."""
    return zip(torch.split(words, lengths), torch.split(targets, lengths), strict=True)


def _streams(text: Words, batch: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets, (T, batch): the text in equal pieces side by side, less what is left.

    The input at each step is the word before its target; before the first word stands `<eos>`.
    """
    length = len(text) // batch
    targets = torch.from_numpy(text[: length * batch]).long()
    words = torch.cat([targets.new_zeros(1), targets[:-1]])
    return words.view(batch, length).t().contiguous(), targets.view(batch, length).t().contiguous()


def perplexity(nats: float) -> float:
    """The exponential of a mean loss in nats a word; infinite where that is past a float."""
    return math.exp(nats) if nats < LARGEST else math.inf
