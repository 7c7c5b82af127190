"""Proofs confirmed by other means: SymPy with explicit 2 by 2 matrices, and fifty digits."""

from __future__ import annotations

import random

import pytest
from confirmation import confirmed, refuted
from corpus import originals, twin

from fenas_lang.check.loader import load
from fenas_lang.ir.lower import expand, lower
from fenas_lang.proof.relate import relate

PAIRS = (
    ("GRU_Chung", "GRU_reset_before"),
    ("GRU", "UGRNN"),
    ("GRU_reset_before", "MGU"),
    ("LSTM", "LSTM_coupled"),
    ("LSTM_peephole", "LSTM_coupled"),
)


@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_sympy_confirms(one: str, two: str) -> None:
    general, special = (expand(lower(load(name))) for name in (one, two))
    values = relate(general, special).values
    assert values is not None
    assert confirmed(general, special, values)
    name, first = next((n, v) for n, v in values.items() if n.endswith(".x") and v.terms)
    doubled = type(first)(tuple((2 * c, names) for c, names in first.terms))
    assert not confirmed(general, special, {**values, name: doubled})


def test_fifty_digits_refute_no_proof() -> None:
    rng = random.Random(3)
    for original in originals(21, 15, most_nodes=6):
        made = twin(original, rng, flips=True)
        values = relate(original.graph, made).values
        assert values is not None
        assert not refuted(original.graph, made, values)
