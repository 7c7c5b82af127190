"""Points of several objectives, all the greater the better: who dominates whom, and how crowded it
is (Deb, Pratap, Agarwal and Meyarivan 2002, "A fast and elitist multiobjective genetic algorithm:
NSGA-II", section III)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

Point = tuple[float, ...]


def dominates(one: Point, other: Point) -> bool:
    """Whether a point is nowhere worse than another, and somewhere better."""
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))


def front(points: Sequence[Point]) -> list[int]:
    """Places of the points that none dominates, the greatest in the first objective first.

    Of equal points the first stands for all.
    """
    found: list[int] = []
    for place in sorted(range(len(points)), key=lambda place: _negated(points[place])):
        point = points[place]
        if not any(points[k] == point or dominates(points[k], point) for k in found):
            found.append(place)
    return found


def fronts(points: Sequence[Point]) -> list[list[int]]:
    """Non-dominated sorting: the places of all points, front by front, equal points together."""
    left, found = list(range(len(points))), list[list[int]]()
    while left:
        best = {points[left[k]] for k in front([points[place] for place in left])}
        found.append([place for place in left if points[place] in best])
        left = [place for place in left if points[place] not in best]
    return found


def crowding(points: Sequence[Point]) -> list[float]:
    """Crowding distances within a front: the sides of the box between a point's neighbours, in
    units of the front's extent; infinite at the ends."""
    distances = [0.0] * len(points)
    for objective in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda place: points[place][objective])
        values = [points[place][objective] for place in order]
        distances[order[0]] = distances[order[-1]] = inf
        extent = values[-1] - values[0]
        for place, (before, after) in zip(order[1:-1], _around(values), strict=True):
            distances[place] += (after - before) / extent if extent else 0.0
    return distances


def _around(values: Sequence[float]) -> list[tuple[float, float]]:
    """Of each value but the ends, the one before and the one after it."""
    return [(pair[0], after[1]) for pair, after in pairwise(pairwise(values))]


def _negated(point: Point) -> Point:
    return tuple(-value for value in point)
