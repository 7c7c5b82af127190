"""A recurrent network that writes sentences token by token, and learns which ones pay.

Its weights follow from a seed and from what it was taught, in order; it draws nothing itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from fenas_lang.engine.threads import torch_threads
from fenas_lang.search.decisions import Sentence

HIDDEN = 64
INITIAL = 0.08
"""Weights begin uniformly within plus and minus this (Zoph & Le 2017, appendix)."""
LEARNING_RATE = 0.005
ENTROPY = 0.02
"""Weight of the mean entropy of a decision, in nats, beside the mean advantage of a decision."""
LARGEST_NORM = 5.0
THREADS = 1
"""So results do not hang on how many threads there are, and none waits for others."""


class Controller(nn.Module):
    """An LSTM over `tokens` tokens, the one before the first being number `tokens`."""

    def __init__(self, tokens: int, seed: int):
        super().__init__()
        self.begin = tokens
        self.embedding = nn.Embedding(tokens + 1, HIDDEN)
        self.recurrent = nn.LSTM(HIDDEN, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, tokens)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -INITIAL, INITIAL, generator=generator)
        self.optimizer = torch.optim.Adam(self.parameters(), lr=LEARNING_RATE)

    def writer(self, rng: Random) -> Callable[[range | Sequence[int]], int]:
        """Picks the tokens of one sentence in turn, with the network's probabilities."""
        last, state = self.begin, None

        def pick(allowed: range | Sequence[int]) -> int:
            nonlocal last, state
            with torch_threads(THREADS), torch.no_grad():
                embedded = self.embedding(torch.tensor([[last]]))
                output, state = self.recurrent(embedded, state)
                logits = self.head(output[0, 0])[torch.tensor(list(allowed))].tolist()
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
        gain = taken * torch.tensor(advantages).unsqueeze(1) + ENTROPY * entropy
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
        logits = self.head(output)
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
