"""Dropout with one mask a sequence.  Tensors are time-major: (T, B, size)."""

from __future__ import annotations

import torch
from torch import Tensor


def locked(x: Tensor, rate: float) -> Tensor:
    """Drop features by one mask for all time steps (Gal & Ghahramani 2016; Merity et al. 2018).

    Each of a stream's features is zero in all of its steps with probability `rate`, the others are
    scaled so that the mean stays.
    """
    if not rate:
        return x
    kept = 1 - rate
    return x * torch.bernoulli(torch.full_like(x[0], kept)).div(kept)


def whole_words(x: Tensor, words: Tensor, vocabulary: int, rate: float) -> Tensor:
    """Drop words of the vocabulary from embeddings x (T, B, E) of words (T, B).

    A dropped word's vector is zero wherever it stands, the others are scaled so that the mean stays
    (Gal & Ghahramani 2016, section 4; Merity et al. 2018, section 4.3).
    """
    if not rate:
        return x
    kept = 1 - rate
    mask = torch.bernoulli(x.new_full((vocabulary, 1), kept)).div(kept)
    return x * mask[words]
