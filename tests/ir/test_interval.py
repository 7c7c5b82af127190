"""Interval arithmetic: what it gives holds every value that real numbers can give."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fenas_lang.ir.interval import IMAGES, INFINITY, REALS, Interval, blend, hull, point
from fenas_lang.primitives import ELEMENTWISE, PRIMITIVES

numbers = st.integers(-50 * 64, 50 * 64).map(lambda k: Fraction(k, 64))
"""Exact in floating point."""


@st.composite
def intervals_with_elements(draw: st.DrawFn) -> tuple[Interval, Fraction]:
    """An interval, perhaps with infinite or open ends, and one of its elements."""
    value = draw(numbers)
    below = draw(st.one_of(st.just(INFINITY), st.fractions(0, 9, max_denominator=9)))
    above = draw(st.one_of(st.just(INFINITY), st.fractions(0, 9, max_denominator=9)))
    return (
        Interval(
            value - below,
            value + above,
            below > 0 and draw(st.booleans()),
            above > 0 and draw(st.booleans()),
        ),
        value,
    )


def holds(interval: Interval, value: Fraction) -> bool:
    """Whether a real number is an element, open ends taken seriously."""
    above = interval.low < value or (interval.low == value and not interval.low_open)
    below = value < interval.high or (interval.high == value and not interval.high_open)
    return above and below


@given(intervals_with_elements(), intervals_with_elements(), st.integers(1, 4))
def test_arithmetic_holds_the_results_for_elements(
    one: tuple[Interval, Fraction], two: tuple[Interval, Fraction], power: int
) -> None:
    (a, x), (b, y) = one, two
    assert holds(a + b, x + y)
    assert holds(a * b, x * y)
    assert holds(-a, -x)
    assert holds(a | b, x) and holds(a | b, y)
    assert holds(a.power(power), x**power)
    assert abs(x) <= a.magnitude and not (a.strict and abs(x) == a.magnitude)


@given(intervals_with_elements(), intervals_with_elements(), st.fractions(0, 1))
def test_a_blend_holds_what_lies_between(
    one: tuple[Interval, Fraction], two: tuple[Interval, Fraction], share: Fraction
) -> None:
    (a, x), (b, y) = one, two
    value = (1 - share) * x + share * y
    assert holds(blend(a, b, open_ends=False), value)
    if 0 < share < 1:
        assert holds(blend(a, b, open_ends=True), value)


def test_zero_times_anything_real_is_zero() -> None:
    assert point(0) * REALS == point(0)
    assert Interval(Fraction(0), Fraction(1)) * REALS == REALS


def test_open_ends_are_kept() -> None:
    unit = Interval(Fraction(0), Fraction(1), True, True)
    assert str(unit * unit) == "(0, 1)"
    assert str(unit + point(-1)) == "(-1, 0)"
    assert str(hull([unit, point(1)])) == "(0, 1]"
    assert str(REALS) == "(-inf, inf)"


def test_long_ends_are_rounded_outwards() -> None:
    third = Interval(Fraction(1, 3), Fraction(2, 3))
    narrow = third
    for _ in range(100):
        narrow = narrow * third
    assert narrow.low <= Fraction(1, 3) ** 101 and narrow.high >= Fraction(2, 3) ** 101
    assert Fraction(narrow.high).denominator.bit_length() < 1100


def test_ends_beyond_all_doubles_become_infinite_or_the_largest() -> None:
    huge = point(10**300) * point(10**300)
    assert huge.high == INFINITY and 10**300 < huge.low < INFINITY


def test_every_unary_primitive_has_an_image() -> None:
    assert {name for name in ELEMENTWISE if PRIMITIVES[name].arity == 1} == set(IMAGES)


@pytest.mark.parametrize("name", sorted(IMAGES))
@given(pair=intervals_with_elements())
def test_images_hold_the_function_s_values(name: str, pair: tuple[Interval, Fraction]) -> None:
    interval, value = pair
    if (name == "reciprocal" and interval.low <= 0 <= interval.high) or (
        name == "log" and interval.low <= 0
    ):
        return
    meaning = PRIMITIVES[name].numpy
    assert meaning is not None
    image = IMAGES[name](interval)
    result = Fraction(float(meaning(np, float(value))))
    rounding = abs(result) * Fraction(1, 2**52)
    assert image.low - rounding <= result <= image.high + rounding
    assert image.low <= image.high


@pytest.mark.parametrize(
    ("name", "low", "high", "expected"),
    [
        ("tanh", -INFINITY, INFINITY, "(-1, 1)"),
        ("sigmoid", Fraction(0), INFINITY, "[0.5, 1)"),
        ("relu", Fraction(-2), Fraction(3), "[0, 3]"),
        ("exp", -INFINITY, Fraction(0), "(0, 1]"),
        ("erf", Fraction(0), Fraction(0), "[0, 0]"),
        ("log", Fraction(1), INFINITY, "[0, inf)"),
        ("reciprocal", Fraction(2), INFINITY, "(0, 0.5]"),
        ("sin", Fraction(-100), Fraction(100), "[-1, 1]"),
        ("step", Fraction(-1), Fraction(1), "[0, 1]"),
    ],
)
def test_images_are_tight(name: str, low: Fraction, high: Fraction, expected: str) -> None:
    assert str(IMAGES[name](Interval(low, high))) == expected


def test_waves_find_their_crests() -> None:
    between = IMAGES["sin"](Interval(Fraction(1), Fraction(2)))
    assert between.high == 1 and math.isclose(float(between.low), math.sin(1), rel_tol=1e-9)
    assert IMAGES["cos"](Interval(Fraction(3), Fraction(4))).low == -1
