"""What `analyze` says of a cell and the shipped ones: only what the prover proves as well."""

from __future__ import annotations

import random

import pytest

import fenas_lang as fen
from fenas_lang.analysis import analyze
from fenas_lang.check.loader import load, loads
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample


def related(text: str) -> set[tuple[str, str]]:
    found = analyze(loads(text)).relations
    assert found is not None
    return {(str(relation.kind), relation.name) for relation in found}


@pytest.mark.parametrize("name", ["GRU_Chung", "LSTM_peephole"])
def test_relations_are_the_verdicts_of_the_prover(name: str) -> None:
    found = analyze(load(name)).relations
    assert found is not None
    for relation in found:
        verdict = fen.prove(name, relation.name)
        assert verdict.kind == relation.kind
        assert verdict.finding.square == relation.square
        assert relation.name != name


def test_what_shipped_cells_contain() -> None:
    assert related(str(load("LSTM")).replace("LSTM", "Other")) >= {
        ("Identical", "LSTM"),
        ("Contains", "LSTM_coupled"),
        ("ContainedIn", "LSTM_peephole"),
    }
    assert ("Contains", "UGRNN") in related(str(load("GRU")).replace("GRU", "Other"))


def test_an_rnn_in_other_words() -> None:
    assert related("cell C in open (x, h) -> y { y = 2*sigmoid(@x, @h) - 1 }") >= {
        ("Reparametrised", "RNN")
    }
    text = analyze(loads("cell C in open (x, h) -> y { y = 2*sigmoid(@x, @h) - 1 }")).as_text()
    assert "It equals RNN after a change of parameters that can be undone." in text


def test_relations_of_sampled_cells_are_proved() -> None:
    rng, space = random.Random(2), load_space("fenas")
    for _ in range(4):
        cell = sample(space, rng=rng, nodes=rng.randint(1, 3))
        for relation in analyze(cell).relations or ():
            assert fen.prove(cell, relation.name).kind == relation.kind


def test_a_large_cell_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenas_lang.proof.kin.TOO_MANY_ATOMS", 10)
    found = analyze(load("GRU"))
    assert found.relations is None and found.as_json()["relations"] is None
    assert analyze(load("RNN")).relations == ()
