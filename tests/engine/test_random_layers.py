"""Random cells of every space at random shapes and options, values and all gradients.

A failure names space and seed; `random_trial(space, seed)` of judging.py gives it again.
"""

from __future__ import annotations

from collections import Counter

import pytest
from judging import JUDGED, judge
from strategies import SHIPPED
from trials import Trial, random_trial

from fenas_lang.check.loader import loads
from fenas_lang.engine.kernel import shared_object

pytestmark = pytest.mark.skipif(shared_object() is None, reason="the kernel was not built")

SHORT, ALL, CHUNK = 30, 2000, 197
MOST_LEFT_OUT = 0.1


def check(space: str, start: int, count: int) -> None:
    found: Counter[str] = Counter()
    for seed in range(start, start + count):
        try:
            found[judge(random_trial(space, seed))] += 1
        except Exception as error:
            error.add_note(f"random_trial({space!r}, {seed}) = {random_trial(space, seed)}")
            raise
    assert found[JUDGED] >= (1 - MOST_LEFT_OUT) * count, found


@pytest.mark.parametrize("space", SHIPPED)
def test_random_layers(space: str) -> None:
    check(space, 0, SHORT)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(SHORT, ALL, CHUNK))
@pytest.mark.parametrize("space", SHIPPED)
def test_many_random_layers(space: str, start: int) -> None:
    check(space, start, min(CHUNK, ALL - start))


def test_a_product_before_the_loop_that_is_read_there_too() -> None:
    text = "(n, m) { n = identity(@x); a = sigmoid(x); m = a * n }"
    cell = loads(f"cell C in open (x, h, c) -> {text}")
    assert judge(Trial(cell, hidden_size=5, input_size=5)) == JUDGED
