"""Known cells are drawn again, useless ones refused, and a strategy without ideas ends the run."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from strategies import SHIPPED

from fenas_lang import canonical_key, ring_key
from fenas_lang.check.loader import loads
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.ring_key import ring_key as ring_key_of
from fenas_lang.search.novelty import (
    ASK,
    Candidate,
    Exhausted,
    Novelty,
    Waiting,
    dataflow_of,
    examine,
    judged,
)
from fenas_lang.search.settings import PATIENCE, Settings
from fenas_lang.search.strategy import Individual, Proposal
from fenas_lang.search.study import variation_of
from fenas_lang.search.trial import FAILED, HIT, SCORED, Measured, Trial
from fenas_lang.search.useless import useless
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.request import WORDS
from fenas_lang.spaces.sample import sample
from fenas_lang.syntax.ast import Cell

FENAS = load_space("fenas")
KNOWN = loads("cell A(x, h) -> a { a = tanh(@x, @h) }")
OTHER = loads("cell A(x, h) -> a { a = relu(@x, @h) }")
EQUAL = loads("cell B(x, h) -> b { b = tanh(@h, @x) }")
BLIND = loads("cell A(x, h) -> a { a = tanh(@h) }")
FORGETFUL = loads("cell A(x, h) -> a { a = tanh(@x) }")


class Scripted:
    """Proposes cells in turn, then the last one for ever."""

    def __init__(self, *cells: Cell):
        self.cells = list(cells)

    def ask(self, number: int, rng: Random) -> Proposal:
        cell = self.cells.pop(0) if len(self.cells) > 1 else self.cells[0]
        return Proposal(cell, (0,), "as the script says")

    def tell(self, individual: Individual) -> None:
        """Nothing."""


def novelty(*cells: Cell, profile: str = "default") -> Novelty:
    assert FENAS.source is not None
    told = Settings(
        "instant", (), FENAS.source.text, nodes=9, output="last", profile=profile, population=1
    )
    found = Novelty(told, variation_of(told), Scripted(*cells))
    found.tell(trial(0, KNOWN, SCORED))
    return found


def key(cell: Cell) -> str:
    return examine(cell, FENAS, "last")[0]


def trial(number: int, cell: Cell, outcome: str, draws: int = 1) -> Trial:
    measured = Measured() if outcome == FAILED else Measured(1.0, 1.0)
    return Trial(
        number, "search", (), str(cell), "", 0, outcome, measured, key=key(cell), draws=draws
    )


def test_a_new_cell_is_taken_at_once() -> None:
    candidate = novelty(OTHER).ask(1)
    assert (candidate.draws, candidate.copy_of, candidate.proposal.cell) == (1, None, OTHER)


def test_a_known_cell_is_drawn_again_whatever_its_names() -> None:
    assert novelty(EQUAL, KNOWN, OTHER).ask(1).draws == 3


def test_after_twenty_redraws_an_equal_cell_lends_its_score() -> None:
    one = novelty(EQUAL)
    candidate = one.ask(1)
    assert one.is_hit(candidate)
    assert candidate.draws == ASK == 21
    assert candidate.copy_of == 0
    assert candidate.proposal.cell == EQUAL


def test_useless_cells_are_refused_recorded_and_count_as_redraws() -> None:
    candidate = novelty(BLIND, FORGETFUL, EQUAL).ask(1)
    assert candidate.draws == ASK
    found = [(r.number, r.draw, r.reason) for r in candidate.rejections]
    assert found == [(1, 0, "ignores the input"), (1, 1, "ignores the state")]


def test_nothing_but_useless_cells_ends_the_run() -> None:
    with pytest.raises(Exhausted, match="200 asks") as end:
        novelty(BLIND).ask(1)
    assert len(end.value.rejections) == ASK * PATIENCE


def test_nothing_but_hits_ends_the_run_after_as_many_asks() -> None:
    one = novelty(EQUAL)
    for number in range(1, PATIENCE):
        candidate = one.ask(number)
        assert one.is_hit(candidate)
        one.tell(trial(number, EQUAL, HIT, candidate.draws))
    with pytest.raises(Exhausted):
        one.ask(PATIENCE)


def test_a_new_cell_begins_the_count_anew() -> None:
    one = novelty(EQUAL)
    for number in range(1, PATIENCE):
        one.tell(trial(number, EQUAL, HIT, ASK))
    one.tell(trial(PATIENCE, OTHER, SCORED))
    assert one.is_hit(one.ask(PATIENCE + 1))


def test_a_failed_cell_is_not_tried_again_and_lends_nothing() -> None:
    one = novelty(OTHER, EQUAL)
    one.tell(trial(1, OTHER, FAILED))
    candidate = one.ask(2)
    assert candidate.copy_of == 0


def test_what_is_being_trained_is_waited_for() -> None:
    one = novelty(OTHER)
    one.ask(1)
    with pytest.raises(Waiting):
        one.ask(2)
    one.tell(trial(1, OTHER, SCORED))
    assert one.is_hit(one.ask(2))


def test_the_paper_profile_only_takes_note() -> None:
    one = novelty(EQUAL, BLIND, profile="paper")
    known, blind = one.ask(1), one.ask(2)
    assert not one.is_hit(known) and known.draws == 1
    assert known.copy_of == 0
    assert blind.useless == "ignores the input" and not blind.rejections


def test_a_seed_is_trained_however_useless_it_is() -> None:
    one = novelty(BLIND)
    one.settings = replace(one.settings, seeds=("a", "b"))
    assert isinstance(one.ask(1), Candidate)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(x, h) -> a { a = tanh(@x, @h) }", ""),
        ("(x, h) -> b { a = x - x; b = a + h }", "ignores the input"),
        ("(x, h) -> b { a = h - h; b = a + x }", "ignores the state"),
        ("(x, h, c) -> (a, b) { a = tanh(@h, @c); b = relu(@x, @c) }", ""),
        ("(x, h, c) -> (a, b) { a = tanh(@x, @c); b = relu(@c) }", "ignores the state"),
        ("(x, h, c) -> (a, b) { a = tanh(@c); b = relu(@c, @x) }", ""),
        ("(x, h, c) -> (a, b) { a = tanh(@h, @x); b = relu(@c) }", ""),
    ],
)
def test_what_is_useless(text: str, reason: str) -> None:
    assert useless(lower(loads(f"cell A in open {text}"))) == reason


def test_lowering_without_a_check_gives_the_key_of_a_checked_cell() -> None:
    for cell in (KNOWN, OTHER, EQUAL, BLIND):
        assert key(cell) == ring_key(cell)
    loose = loads("cell A(x, h) -> m { a = tanh(@x); b = relu(@h); m = mean(a, b) }")
    assert examine(loose, FENAS, "loose")[0] == ring_key(loose)


def test_cells_that_are_one_function_by_algebra_have_one_key() -> None:
    apart = loads("cell A(x, h) -> a { b = identity(@x); c = identity(@h); a = tanh(b, c) }")
    swapped = loads("cell B(x, h) -> a { c = identity(@x); b = identity(@h); a = tanh(c, b) }")
    negated = loads("cell C in open (x, h) -> d { a = tanh(@x, @h); d = -a }")
    plain = loads("cell D in open (x, h) -> a { a = tanh(@x, @h) }")
    assert key(apart) == key(swapped)
    assert judged(lower(negated))[0] == ring_key(negated)
    assert judged(lower(plain))[0] == ring_key(plain)


def test_a_cell_past_the_budget_of_algebra_has_its_graph_as_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("fenas_lang.search.novelty.form_for_key", lambda graph: None)
    assert examine(KNOWN, FENAS, "last") == (canonical_key(KNOWN), "")


@pytest.mark.parametrize("space", SHIPPED)
def test_one_normal_form_gives_the_same_as_each_by_itself(space: str) -> None:
    read = load_space(space)
    for number in range(10):
        cell = sample(read, rng=Random(number), by="uniform")
        dataflow = dataflow_of(cell, read, WORDS[read.output[0]])
        assert judged(dataflow) == (ring_key_of(expand(dataflow)), useless(dataflow))


def test_what_cancels_by_algebra_is_not_read() -> None:
    cell = loads("cell A in open (x, h) -> e { a = x + h; b = a - x; c = tanh(@h); e = b + c }")
    assert useless(lower(cell)) == "ignores the input"


def test_a_constant_cell_is_said_to_be_constant() -> None:
    cell = loads("cell A in open (x, h) -> c { a = x - x; b = h - h; c = a + b }")
    assert useless(lower(cell)) == "is constant"
