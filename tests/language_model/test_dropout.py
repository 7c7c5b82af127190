"""Masks: one a sequence, or one a word of the vocabulary."""

from __future__ import annotations

import pytest
import torch

from fenas_lang.language_model.dropout import locked, whole_words


def test_a_locked_mask_is_the_same_at_every_step() -> None:
    torch.manual_seed(0)
    dropped = locked(torch.ones(5, 3, 400), 0.25)
    assert torch.equal(dropped, dropped[:1].expand_as(dropped))
    assert dropped.unique().tolist() == [0.0, pytest.approx(1 / 0.75)]
    assert dropped.mean().item() == pytest.approx(1, abs=0.1)
    assert not torch.equal(dropped[0, 0], dropped[0, 1])


def test_a_dropped_word_is_zero_wherever_it_stands_and_others_are_scaled() -> None:
    torch.manual_seed(0)
    words = torch.randint(50, (20, 30))
    dropped = whole_words(torch.ones(20, 30, 4), words, 50, 0.2)
    of_word = [dropped[words == word].unique() for word in words.unique().tolist()]
    assert all(len(found) == 1 for found in of_word)
    values = torch.cat(of_word)
    assert values.unique().tolist() == [0.0, pytest.approx(1.25)]
    assert 2 < (values == 0).sum() < 20


def test_at_rate_zero_nothing_is_drawn() -> None:
    torch.manual_seed(0)
    before, x = torch.random.get_rng_state(), torch.ones(2, 3, 4)
    assert locked(x, 0) is x and whole_words(x, torch.zeros(2, 3).long(), 5, 0) is x
    assert torch.equal(torch.random.get_rng_state(), before)
