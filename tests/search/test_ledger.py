"""What a run remembers of very many trials."""

from __future__ import annotations

import random

import pytest

from fenas_lang.search.ledger import Lines, Scores
from fenas_lang.search.trial import FAILED, HIT, SCORED, Measured, Trial


def trial(number: int, key: str, outcome: str = SCORED, parents: tuple[int, ...] = ()) -> Trial:
    value = float(number) if outcome != FAILED else None
    measured = Measured(None if value is None else -value, value)
    return Trial(number, "search", parents, "", "", 0, outcome, measured, key)


def test_the_first_scored_trial_of_a_key_lends_its_score() -> None:
    scores = Scores()
    for one in (trial(3, "a", FAILED), trial(5, "a"), trial(6, "a", HIT), trial(7, "b", FAILED)):
        scores.tell(one)
    assert scores.first("a") == 5
    assert (scores.lent(5).score, scores.lent(5).metric) == (-5.0, 5.0)
    assert "b" in scores and scores.first("b") is None
    assert "c" not in scores and scores.first("c") is None


def test_rungs_are_lent_with_the_score() -> None:
    scores, rungs = Scores(), [{"epochs": 1, "score": 0.5}]
    measured = Measured(1.0, 1.0, facts={"rungs": rungs, "steps": 7})
    scores.tell(Trial(2, "search", (), "", "", 0, SCORED, measured, "a"))
    assert scores.lent(2).facts == {"rungs": rungs}


def test_many_keys_are_a_dictionary() -> None:
    rng, scores, known = random.Random(0), Scores(), dict[str, int | None]()
    for number in range(10_000):
        one = trial(number, f"ring1:{rng.randrange(5000)}", rng.choice((SCORED, FAILED)))
        scores.tell(one)
        if known.get(one.key) is None:
            known[one.key] = None if one.outcome == FAILED else number
    for number in range(6000):
        key = f"ring1:{number}"
        assert (key in scores) == (key in known)
        assert scores.first(key) == known.get(key)


@pytest.mark.parametrize("order", [(2, 3, 4, 9), (4, 9, 3, 2)])
def test_a_line_goes_by_its_root_in_whatever_order_it_is_told(order: tuple[int, ...]) -> None:
    parents = {2: (), 3: (1,), 4: (0,), 9: (4, 3)}
    lines = Lines(["LSTM", "GRU"])
    for number in order:
        lines.tell(trial(number, "", parents=parents[number]))
    found = [lines.root(20, (parent,)) for parent in (0, 1, 2, 3, 4, 9)]
    assert found == ["LSTM", "GRU", "Random", "GRU", "LSTM", "LSTM"]
    assert (lines.root(1, ()), lines.root(50, ())) == ("GRU", "Random")
