"""Charts: every curve is drawn where its figures are."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from fenas_lang.report.chart import HEIGHT, WIDTH, Chart, Curve, ticks

RISING = Curve("a < b & c", ((1.0, 2.0, 1.5, 2.5), (3.0, 4.0, 3.0, 5.0)))
CHART = Chart("A <title>", "trials", "best", (RISING, Curve("dashed", RISING.points, True)))


def test_it_is_well_formed_and_says_what_is_what() -> None:
    words = "".join(ElementTree.fromstring(CHART.svg()).itertext())
    for text in ("A <title>", "a < b & c", "dashed", "trials", "best"):
        assert text in words


def test_all_points_lie_in_the_picture_and_rise() -> None:
    found = re.findall(r'<polyline points="([^"]+)" fill="none" stroke="(#\w+)"', CHART.svg())
    (points, colour), (_, other), *_ = found
    (x1, y1), (x2, y2) = (map(float, pair.split(",")) for pair in points.split())
    assert 0 < x1 < x2 < WIDTH and HEIGHT > y1 > y2 > 0
    assert colour == other


def heights(chart: Chart) -> list[float]:
    """Of the points of the first curve, from the top."""
    points = re.findall(r'<polyline points="([^"]+)" fill="none"', chart.svg())[0]
    return [float(pair.split(",")[1]) for pair in points.split()]


def test_a_bad_start_does_not_flatten_all_that_follows() -> None:
    falling = [(float(x), 1000.0 / x**3 if x < 3 else 5.0 - x / 10) for x in range(1, 31)]
    curve = Curve("falling", tuple((x, y, y, y) for x, y in falling))
    found = heights(Chart("a chart", "trials", "best", (curve,)))
    assert found[0] < 0 and found[-1] - found[3] > HEIGHT / 2
    usual = Curve("usual", tuple((float(x), 30.0 - x, 30.0 - x, 30.0 - x) for x in range(1, 31)))
    assert min(heights(Chart("a chart", "trials", "best", (usual,)))) > 0


def test_no_curve_is_no_mistake() -> None:
    ElementTree.fromstring(Chart("empty", "x", "y", ()).svg())
    ElementTree.fromstring(Chart("one", "x", "y", (Curve("p", ((1.0, 1.0, 1.0, 1.0),)),)).svg())


@pytest.mark.parametrize("low, high", [(0, 1), (4.55, 4.71), (-3, 1e6), (1e-9, 2e-9), (5, 5)])
def test_ticks_are_few_and_within(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 1 <= len(found) <= 8
    assert all(low - 1e-9 <= value <= high + 1e-9 for value in found)
