"""Numbers to begin, in order, whatever was told first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.search.pending import Pending


@given(st.integers(0, 12).flatmap(lambda n: st.tuples(st.just(n), st.permutations(range(n)))))
def test_the_first_is_the_least_that_is_not_taken(case: tuple[int, list[int]]) -> None:
    total, order = case
    pending, left = Pending(total), set(range(total))
    for number in [*order, *order]:
        assert pending.first == min(left, default=None)
        pending.take(number)
        left.discard(number)
    assert pending.first is None


def test_nothing_is_left_when_it_is_cleared() -> None:
    pending = Pending(3)
    pending.clear()
    assert pending.first is None
