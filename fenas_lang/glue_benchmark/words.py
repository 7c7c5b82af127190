"""Sentences as words, and words as numbers.

A deterministic tokeniser in place of Moses', which Wang et al. 2019 use: lower case; numbers with
their points and commas, abbreviations with their points (`u.s.`), and words of letters and digits
stay whole; `n't`, `'s`, `'re`, `'ve`, `'ll`, `'d` and `'m` are words of their own, as in GloVe's
vocabulary; every other sign is a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from sys import intern

import numpy as np
from numpy.typing import NDArray

PAD, UNKNOWN = "<pad>", "<unk>"
SPECIAL = (PAD, UNKNOWN)

_NOT = re.compile(r"(?<=\w)n['’]t\b")
_WORD = re.compile(
    r"n't\b|'(?:s|re|ve|ll|d|m|t)\b|\d+(?:[.,:]\d+)+|(?:[^\W\d_]\.){2,}|[^\W_]+|[^\w\s]|_"
)

Numbers = NDArray[np.int32]


def tokenised(sentence: str) -> list[str]:
    """The words of a sentence: `"Don't!"` is `do`, `n't`, `!`."""
    lower = sentence.lower().replace("’", "'")
    # Interned, since MNLI has a dozen million words, and few of them are different ones.
    return list(map(intern, _WORD.findall(_NOT.sub(" n't", lower))))


def vocabulary(sentences: Iterable[Sequence[str]], size: int) -> dict[str, int]:
    """The `size` most frequent words, numbered after `<pad>` (0) and `<unk>` (1).

    Among equally frequent ones the first by the alphabet.
    """
    counts = Counter(word for sentence in sentences for word in sentence)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate((*SPECIAL, *ranked[:size]))}


def numbered(
    sentences: Sequence[Sequence[str]], vocabulary: Mapping[str, int], length: int
) -> tuple[Numbers, Numbers]:
    """Word numbers (N, at most `length`), filled up with `<pad>`, and each row's length.

    Words past `length` are cut off; a sentence without a word is one `<unk>`.
    """
    cut = [list(sentence[:length]) or [UNKNOWN] for sentence in sentences]
    lengths = np.array([len(words) for words in cut], dtype=np.int32)
    rows = np.zeros((len(cut), lengths.max(initial=1)), dtype=np.int32)
    unknown = vocabulary[UNKNOWN]
    for row, words in zip(rows, cut, strict=True):
        row[: len(words)] = [vocabulary.get(word, unknown) for word in words]
    return rows, lengths
