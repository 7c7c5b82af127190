"""Sentences as words, and words as numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.glue_benchmark.words import numbered, tokenised, vocabulary


@pytest.mark.parametrize(
    "sentence, words",
    [
        ("Don't stop!", "do n't stop !"),
        ("The cat's here; it’s late.", "the cat 's here ; it 's late ."),
        ("does n't , it 's", "does n't , it 's"),  # as SST-2 has it
        ("doesn 't", "doesn 't"),  # as MRPC has it
        ("They've paid $1,200.50 (10%)", "they 've paid $ 1,200.50 ( 10 % )"),
        ("in the U.S. at 10:30.", "in the u.s. at 10:30 ."),
        ("long-term 'quoted' \"words\"", "long - term ' quoted ' \" words \""),
        ("naïve Straße 北京", "naïve straße 北京"),
        ("a_b 3d", "a _ b 3d"),
        ("", ""),
        ("  \t ", ""),
    ],
)
def test_words_and_signs(sentence: str, words: str) -> None:
    assert tokenised(sentence) == words.split()


@given(st.text())
def test_words_lose_nothing_but_white_space(text: str) -> None:
    lower = text.lower().replace("’", "'")
    assert "".join("".join(tokenised(text)).split()) == "".join(lower.split())
    assert all(word and not word.isspace() for word in tokenised(text))


@given(st.text(alphabet="abc n't'. "))
def test_words_stay_words(text: str) -> None:
    words = tokenised(text)
    assert all(" " not in word for word in words)


def test_a_vocabulary_goes_by_frequency_then_alphabet() -> None:
    found = vocabulary([["b", "a", "c"], ["c", "d"]], 3)
    assert found == {"<pad>": 0, "<unk>": 1, "c": 2, "a": 3, "b": 4}
    assert len(vocabulary([["a", "b"]], 5)) == 4


def test_numbers_are_filled_up_and_cut_off() -> None:
    words = {"<pad>": 0, "<unk>": 1, "a": 2, "b": 3}
    rows, lengths = numbered([["a", "x", "b", "a"], [], ["b"]], words, 3)
    assert rows.tolist() == [[2, 1, 3], [1, 0, 0], [3, 0, 0]]
    assert lengths.tolist() == [3, 1, 1]
