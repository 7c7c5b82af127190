"""Intervals of real numbers with exact ends, each end closed or open.

Ends are fractions, or infinite floats.  Results of transcendental functions are rounded outwards to
doubles, and long fractions too, so that an interval always holds every value that it stands for.
An open end says that a bound is never reached by real numbers (`tanh(u) < 1`); floating point may
round up to it, so tests against computed values take ends as closed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

Bound = Fraction | float
INFINITY = math.inf
LARGEST = Fraction(sys.float_info.max)
"""The largest double."""
_LONG = 64
"""Ends with a numerator and denominator of more bits are rounded outwards."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The real numbers between `low` and `high`; infinite ends count as open."""

    low: Bound
    high: Bound
    low_open: bool = False
    high_open: bool = False

    @property
    def bounded(self) -> bool:
        return self.low > -INFINITY and self.high < INFINITY

    @property
    def magnitude(self) -> Bound:
        """The greatest absolute value."""
        return max(-self.low, self.high)

    @property
    def strict(self) -> bool:
        """Whether no element has an absolute value as great as `magnitude`."""
        top = self.magnitude
        return (self.high < top or self.high_open) and (-self.low < top or self.low_open)

    def __contains__(self, value: Bound) -> bool:
        return self.low <= value <= self.high

    def __le__(self, other: Interval) -> bool:
        """Whether every element is one of the other's."""
        return self | other == other

    def __or__(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        low, low_open = min((self.low, self.low_open), (other.low, other.low_open))
        high, shut = max((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not shut)

    def __and__(self, other: Interval) -> Interval:
        """What two intervals around the same value have in common (never empty)."""
        low, low_open = max((self.low, self.low_open), (other.low, other.low_open))
        high, shut = min((self.high, not self.high_open), (other.high, not other.high_open))
        return Interval(low, high, low_open, not shut)

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.high_open, self.low_open)

    def __add__(self, other: Interval) -> Interval:
        return _outward(
            self.low + other.low,
            self.high + other.high,
            self.low_open or other.low_open,
            self.high_open or other.high_open,
        )

    def __mul__(self, other: Interval) -> Interval:
        ends = [_product(a, b) for a in _ends(self) for b in _ends(other)]
        low, low_open = min(ends)
        high, shut = max((value, not is_open) for value, is_open in ends)
        return _outward(low, high, low_open, not shut)

    def scaled(self, factor: Fraction | int) -> Interval:
        return point(factor) * self

    def power(self, exponent: int) -> Interval:
        """Its elements to a power of at least one; tighter than the product for even ones."""
        result = self
        for _ in range(exponent - 1):
            result = result * self
        return result if exponent % 2 else result & NONNEGATIVE

    def __str__(self) -> str:
        low = "(" if self.low_open or self.low == -INFINITY else "["
        high = ")" if self.high_open or self.high == INFINITY else "]"
        return f"{low}{show(self.low)}, {show(self.high)}{high}"


NONNEGATIVE = Interval(Fraction(0), INFINITY)
REALS = Interval(-INFINITY, INFINITY)
_MINUS_ONE_TO_ONE = Interval(Fraction(-1), Fraction(1))


def point(value: Fraction | int) -> Interval:
    """The interval of one number."""
    return _outward(Fraction(value), Fraction(value), False, False)


def hull(intervals: Iterable[Interval]) -> Interval:
    """The smallest interval that holds all of at least one."""
    first, *rest = intervals
    for interval in rest:
        first = first | interval
    return first


def blend(at_low: Interval, at_high: Interval, open_ends: bool) -> Interval:
    """Values of `(1 - t) * a + t * b` with a and b from two intervals and 0 <= t <= 1.

    With `open_ends`, 0 < t < 1: then an end that only one of the two reaches is never reached.
    """
    both = at_low | at_high
    if not open_ends:
        return both
    return Interval(
        both.low,
        both.high,
        at_low.low != at_high.low or at_low.low_open or at_high.low_open,
        at_low.high != at_high.high or at_low.high_open or at_high.high_open,
    )


def exact(end: Bound) -> Fraction | int:
    """A finite end as a coefficient, an integer if it is one."""
    value = Fraction(end)
    return value.numerator if value.denominator == 1 else value


def show(bound: Bound) -> str:
    """A bound for people: at most six digits, `inf` for infinite."""
    return f"{float(bound):.6g}"


def _ends(interval: Interval) -> tuple[tuple[Bound, bool], tuple[Bound, bool]]:
    return (interval.low, interval.low_open), (interval.high, interval.high_open)


def _product(a: tuple[Bound, bool], b: tuple[Bound, bool]) -> tuple[Bound, bool]:
    """Of two ends; zero times an infinite end is zero, since every element is finite."""
    if a[0] == 0 or b[0] == 0:
        reached = (a[0] == 0 and not a[1]) or (b[0] == 0 and not b[1])
        return Fraction(0), not reached
    return a[0] * b[0], a[1] or b[1]


def _outward(low: Bound, high: Bound, low_open: bool, high_open: bool) -> Interval:
    return Interval(_round(low, -INFINITY), _round(high, INFINITY), low_open, high_open)


def _round(bound: Bound, towards: float) -> Bound:
    if isinstance(bound, float) or bound.numerator.bit_length() <= _LONG >= (
        bound.denominator.bit_length()
    ):
        return bound
    try:
        return _exact(math.nextafter(float(bound), towards))
    except OverflowError:
        return towards if (bound > 0) == (towards > 0) else LARGEST * (1 if bound > 0 else -1)


def _exact(value: float) -> Bound:
    return Fraction(value) if math.isfinite(value) else value


def _increasing(
    function: Callable[[float], float], limits: Interval, exact: tuple[int, Fraction]
) -> Callable[[Interval], Interval]:
    """The image under an increasing function with values inside open `limits`.

    `exact` is an argument with a rational value, and that value.
    """

    def end(at: Bound, towards: float, limit: Bound) -> Bound:
        return exact[1] if at == exact[0] else _evaluate(function, at, towards, limit)

    def image(operand: Interval) -> Interval:
        low = end(operand.low, -INFINITY, limits.low)
        high = end(operand.high, INFINITY, limits.high)
        return Interval(low, high, operand.low_open, operand.high_open) & limits

    return image


def _evaluate(function: Callable[[float], float], at: Bound, towards: float, limit: Bound) -> Bound:
    """`function(at)` rounded towards an infinity: argument by one double, result by two."""
    if at == towards:
        return limit
    try:
        value = function(math.nextafter(float(at), towards))
    except (OverflowError, ValueError):
        return limit
    return _exact(math.nextafter(math.nextafter(value, towards), towards))


def _sigmoid(a: float) -> float:
    e = math.exp(-abs(a))
    return (1 if a >= 0 else e) / (1 + e)


def _relu(operand: Interval) -> Interval:
    zero = Fraction(0)
    low, low_open = max((operand.low, operand.low_open), (zero, False))
    high = max(operand.high, zero)
    return Interval(low, high, low_open and operand.low >= 0, operand.high_open and high > 0)


def _step(operand: Interval) -> Interval:
    return Interval(Fraction(operand.low > 0), Fraction(operand.high > 0))


def _reciprocal(operand: Interval) -> Interval:
    if operand.low <= 0 <= operand.high:
        return NONNEGATIVE if operand.low >= 0 else REALS
    low, low_open = _inverse(operand.high, operand.high_open)
    high, high_open = _inverse(operand.low, operand.low_open)
    return _outward(low, high, low_open, high_open)


def _inverse(end: Bound, is_open: bool) -> tuple[Bound, bool]:
    return (Fraction(0), True) if isinstance(end, float) else (1 / end, is_open)


def _wave(cosine: bool) -> Callable[[Interval], Interval]:
    """Sine and cosine: their values at the ends, or the crest where one may lie between."""
    function = math.cos if cosine else math.sin

    def image(operand: Interval) -> Interval:
        if not operand.bounded or operand.magnitude > 1000:
            return _MINUS_ONE_TO_ONE
        ends = [_around(function(float(end))) for end in (operand.low, operand.high)]
        first = 0.0 if cosine else math.pi / 2
        crests = [point(1)] if _meets(operand, first) else []
        troughs = [point(-1)] if _meets(operand, first + math.pi) else []
        return hull([*ends, *crests, *troughs]) & _MINUS_ONE_TO_ONE

    return image


def _around(value: float) -> Interval:
    return Interval(Fraction(value - 1e-12), Fraction(value + 1e-12))


def _meets(operand: Interval, offset: float) -> bool:
    """Whether `offset + 2 pi k` may lie in it for an integer k."""
    turn = 2 * math.pi
    first = math.ceil((float(operand.low) - offset) / turn - 1e-9)
    return offset + turn * first <= float(operand.high) + 1e-9


_UNIT = Interval(Fraction(0), Fraction(1), True, True)
_SYMMETRIC = Interval(Fraction(-1), Fraction(1), True, True)
_HALF, _NOTHING, _ONE = Fraction(1, 2), Fraction(0), Fraction(1)

IMAGES: dict[str, Callable[[Interval], Interval]] = {
    "neg": lambda operand: -operand,
    "tanh": _increasing(math.tanh, _SYMMETRIC, (0, _NOTHING)),
    "sigmoid": _increasing(_sigmoid, _UNIT, (0, _HALF)),
    "relu": _relu,
    "step": _step,
    "exp": _increasing(math.exp, Interval(_NOTHING, INFINITY, True, True), (0, _ONE)),
    "log": _increasing(math.log, REALS, (1, _NOTHING)),
    "reciprocal": _reciprocal,
    "sin": _wave(cosine=False),
    "cos": _wave(cosine=True),
    "erf": _increasing(math.erf, _SYMMETRIC, (0, _NOTHING)),
}
"""The image of an interval under each primitive of one operand."""
