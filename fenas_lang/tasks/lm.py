"""Word language model on a directory of text, as the search trains it (stage 1).

Defaults: Pasunuru & Bansal 2020, section 4.3: embedding and hidden size 300, 20 epochs, Adam with
1e-3, gradient norm at most 0.25, l2 of 8e-6, tied embedding and softmax weights, variational
dropout.  What the paper leaves open (batch, window, dropout rate) is a setting all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from fenas_lang.rules import tasks as rules
from fenas_lang.tasks.base import TEST, VALID, Task
from fenas_lang.tasks.language_model import Words, load_corpus
from fenas_lang.tasks.models import State, WordLanguageModel, each
from fenas_lang.tasks.settings import Settings, setting
from fenas_lang.tasks.training import LayerFactory

LARGEST = 700.0
"""Nats a word above which a perplexity is past what a float holds."""


@dataclass(frozen=True)
class LanguageModelSettings(Settings):
    hidden: int = setting(300, "size of the embedding and of the hidden state, H", low=1)
    epochs: int = setting(20, "passes over the training text", low=1)
    batch: int = setting(64, "parallel streams of training text", low=1)
    window: int = setting(35, "words that gradients flow back through", low=1)
    clip: float = setting(
        0.25, "largest norm of the gradient (longer ones are scaled); 0: no limit"
    )
    l2: float = setting(8e-6, "weight decay, added to the gradient as l2 times the parameter")
    dropout: float = setting(
        0.2, "variational dropout: of the cell's weighted input and state, and output", high=0.99
    )
    tokens: int = setting(0, "training words to use, from the beginning; 0: all")
    valid_tokens: int = setting(0, "validation words to use, from the beginning; 0: all")
    test_tokens: int = setting(0, "test words to measure, from the beginning; 0: all")
    valid_batch: int = setting(10, "parallel streams of validation text; each starts anew", low=1)


class LanguageModel(Task[LanguageModelSettings]):
    """Predict each word from those before it; scored by the validation perplexity.

    The first word of a text is predicted from `<eos>`, so that every word counts; the state is
    carried over windows.
    """

    name = "lm"
    metric = "valid_perplexity"
    higher_is_better = False
    settings_type = LanguageModelSettings

    def load(self, data: Path | None) -> None:
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
        length = len(self.train) // self.settings.batch
        return self.settings.epochs * -(-length // self.settings.window)

    def held_out(self) -> Self:
        """As many streams of the validation text as of the training text, if it is long enough."""
        text = self.splits[VALID]
        other = self._with(batch=max(1, min(self.settings.batch, len(text) // 2)))
        other.train = text
        return other

    def model(self, cell: Any, build: LayerFactory) -> WordLanguageModel:
        return WordLanguageModel(
            cell,
            build,
            words=len(self.corpus.vocabulary),
            hidden_size=self.settings.hidden,
            dropout=self.settings.dropout,
        )

    def losses(self, model: WordLanguageModel, generator: torch.Generator) -> Iterator[Tensor]:
        words, targets = _streams(self.train, self.settings.batch)
        for nats, count, _ in self._carried(model, words, targets, None):
            yield nats / count

    def _carried(
        self, model: WordLanguageModel, words: Tensor, targets: Tensor, state: State
    ) -> Iterator[tuple[Tensor, int, State]]:
        """Of each window in turn: its summed loss, its words, and the state after it."""
        window = self.settings.window
        for inputs, wanted in zip(
            torch.split(words, window), torch.split(targets, window), strict=True
        ):
            nats, state = model.loss(inputs, wanted, state)
            state = each(state, Tensor.detach)
            yield nats, wanted.numel(), state

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
        total = 0.0
        for nats, _, after in self._carried(model, words, targets, state):
            total, state = total + nats.item(), after
        return total, state

    def reference_scores(self) -> dict[str, float]:
        """`unigram`: word frequencies of the training words used, each word's count raised by one
        (Laplace), on the validation words used."""
        counts = np.bincount(self.train, minlength=len(self.corpus.vocabulary)) + 1.0
        nats = -np.log(counts / counts.sum())
        return {"unigram": perplexity(float(nats[self.splits[VALID]].mean()))}


def _first(text: Words, limit: int) -> Words:
    return text[:limit] if limit else text


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
