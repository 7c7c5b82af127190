"""A bidirectional RNN over sentences, and a classifier of one or two of them.

The model of Wang et al. 2019 ("GLUE", section 5) with any cell in the LSTM's place: what the layers
give at each word is max-pooled, two sentences are `[u; v; |u - v|; u * v]`, and an MLP answers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, pad
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from fenas_lang.tasks.training import LayerFactory

CLASSIFIER = 256
"""Hidden units of the classifier (Pasunuru & Bansal 2020, section 4.3)."""


@dataclass(frozen=True)
class Words:
    """Word numbers (N, T), filled up with 0, and how many of each row are words (N)."""

    numbers: Tensor
    lengths: Tensor

    def rows(self, chosen: Tensor) -> Words:
        """These rows, as long as the longest of them."""
        lengths = self.lengths[chosen]
        return Words(self.numbers[chosen, : int(lengths.max())], lengths)


def joined(columns: tuple[Words, ...]) -> Words:
    """The rows of one column below those of another."""
    width = max(words.numbers.shape[1] for words in columns)
    padded = [pad(w.numbers, (0, width - w.numbers.shape[1])) for w in columns]
    return Words(torch.cat(padded), torch.cat([words.lengths for words in columns]))


@dataclass(frozen=True)
class Shape:
    """Sizes of a model: its vocabulary, word vectors, H, layers, sentences a row, and outputs."""

    words: int
    embedding: int
    hidden: int
    layers: int
    sentences: int
    outputs: int


class SentenceModel(nn.Module):
    """Embedding, layers of the cell in both directions, max-pooling, and an MLP.

    Every layer of the cell receives H values: `input_projection` makes them of the word vectors,
    `between_projections` of the 2H values of the layer below.  Sentences run packed, so that what
    fills up a shorter one is neither computed nor seen.
    """

    def __init__(self, cell: Any, build: LayerFactory, shape: Shape, rate: float):
        super().__init__()
        size, features = shape.hidden, 2 * shape.hidden
        self.embedding = nn.Embedding(shape.words, shape.embedding, padding_idx=0)
        self.input_projection: nn.Module = (
            nn.Identity() if shape.embedding == size else nn.Linear(shape.embedding, size)
        )
        self.between_projections = nn.ModuleList(
            nn.Linear(features, size) for _ in range(shape.layers - 1)
        )
        self.classifier = _classifier(shape, rate)
        self.rate = rate
        self.layer = nn.ModuleList(
            build(cell, input_size=size, hidden_size=size, bidirectional=True)
            for _ in range(shape.layers)
        )

    def forward(self, sentences: tuple[Words, ...]) -> Tensor:
        """(N, outputs), of one sentence a row or two."""
        features = self.encode(joined(sentences))
        if len(sentences) == 2:
            u, v = features.chunk(2)
            features = torch.cat([u, v, (u - v).abs(), u * v], dim=1)
        result: Tensor = self.classifier(features)
        return result

    def encode(self, words: Words) -> Tensor:
        """(N, 2H): of each sentence the largest values over its words."""
        packed = pack_padded_sequence(
            words.numbers.t(), words.lengths, batch_first=False, enforce_sorted=False
        )
        rows = self.embedding(packed.data)
        projections = (self.input_projection, *self.between_projections)
        for projection, layer in zip(projections, self.layer, strict=True):
            rows = projection(dropout(rows, self.rate, self.training))
            rows = layer(_with(packed, rows))[0].data
        padded, _ = pad_packed_sequence(_with(packed, rows), padding_value=-math.inf)
        return padded.max(dim=0).values


def _classifier(shape: Shape, rate: float) -> nn.Module:
    vectors = 2 * shape.hidden * (4 if shape.sentences == 2 else 1)
    return nn.Sequential(
        nn.Dropout(rate),
        nn.Linear(vectors, CLASSIFIER),
        nn.Tanh(),
        nn.Dropout(rate),
        nn.Linear(CLASSIFIER, shape.outputs),
    )


def _with(packed: PackedSequence, rows: Tensor) -> PackedSequence:
    """The same sentences with other values."""
    return PackedSequence(rows, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
