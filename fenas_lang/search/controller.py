"""A recurrent network that writes sentences token by token, and learns which ones pay.

Its weights follow from a seed and from what it was taught, in order; it draws nothing itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from fenas_lang.engine.threads import torch_threads
from fenas_lang.search.decisions import Sentence

LARGEST_NORM = 5.0
"""Longer gradients are cut to it."""
THREADS = 1
"""So results do not hang on how many threads there are, and none waits for others."""


@dataclass(frozen=True)
class Recipe:
    """How a controller is made and taught.

    It has `hidden` units; weights begin uniformly within ±`initial`, and Adam's step size is
    `learning_rate`.  `entropy` weighs the mean entropy of a decision, in nats, beside the mean
    advantage of a decision.  With a `spread`, logits l become spread · tanh(l / temperature), so
    that the softmax does not collapse early.
    """

    hidden: int
    initial: float
    learning_rate: float
    entropy: float
    temperature: float = 1.0
    spread: float | None = None


class Controller(nn.Module):
    """An LSTM over `tokens` tokens, the one before the first being number `tokens`."""

    def __init__(self, tokens: int, seed: int, recipe: Recipe):
        super().__init__()
        self.begin, self.recipe = tokens, recipe
        with torch.random.fork_rng(devices=[]):
            self.embedding = nn.Embedding(tokens + 1, recipe.hidden)
            self.recurrent = nn.LSTM(recipe.hidden, recipe.hidden, batch_first=True)
            self.head = nn.Linear(recipe.hidden, tokens)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -recipe.initial, recipe.initial, generator=generator)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=recipe.learning_rate)

    def _logits(self, read: Tensor) -> Tensor:
        logits: Tensor = self.head(read)
        recipe = self.recipe
        if recipe.spread is None:
            return logits
        return recipe.spread * torch.tanh(logits / recipe.temperature)

    def writer(self, rng: Random) -> Callable[[range | Sequence[int]], int]:
        """Picks the tokens of one sentence in turn, with the network's probabilities."""
        last, state = self.begin, None

        def pick(allowed: range | Sequence[int]) -> int:
            nonlocal last, state
            with torch_threads(THREADS), torch.no_grad():
                embedded = self.embedding(torch.tensor([[last]]))
                output, state = self.recurrent(embedded, state)
                logits = self._logits(output[0, 0])[torch.tensor(list(allowed))].tolist()
            last = rng.choices(list(allowed), _exponentials(logits))[0]
            return last

        return pick

    def learn(self, sentences: Sequence[Sentence], advantages: Sequence[float]) -> None:
        """One step of REINFORCE (Williams 1992) with an entropy bonus, on a batch."""
        with torch_threads(THREADS):
            self._step(sentences, advantages)

    def _step(self, sentences: Sequence[Sentence], advantages: Sequence[float]) -> None:
        logarithms, present = self._log_probabilities(sentences)
        chosen = pad_sequence([torch.tensor(s.tokens) for s in sentences], batch_first=True)
        taken = logarithms.gather(2, chosen.unsqueeze(2)).squeeze(2)
        finite = logarithms.masked_fill(logarithms.isinf(), 0.0)
        entropy = -(logarithms.exp() * finite).sum(2)
        gain = taken * torch.tensor(advantages).unsqueeze(1) + self.recipe.entropy * entropy
        loss = -(gain * present).sum() / present.sum()
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters(), LARGEST_NORM)
        self.optimizer.step()

    def _log_probabilities(self, sentences: Sequence[Sentence]) -> tuple[Tensor, Tensor]:
        """Of every token in every place, shape (batch, places, tokens), -inf where not allowed.

        Also which places there are, shape (batch, places); beyond a sentence's end nothing counts.
        """
        before = [torch.tensor([self.begin, *s.tokens[:-1]]) for s in sentences]
        output, _ = self.recurrent(self.embedding(pad_sequence(before, batch_first=True)))
        logits = self._logits(output)
        allowed = torch.zeros_like(logits, dtype=torch.bool)
        present = torch.zeros(logits.shape[:2])
        for row, sentence in enumerate(sentences):
            present[row, : len(sentence.tokens)] = 1
            for place, tokens in enumerate(sentence.allowed):
                allowed[row, place, list(tokens)] = True
        allowed |= ~present.bool().unsqueeze(2)
        return logits.masked_fill(~allowed, -math.inf).log_softmax(2), present


def _exponentials(logits: Sequence[float]) -> list[float]:
    largest = max(logits)
    return [math.exp(logit - largest) for logit in logits]
