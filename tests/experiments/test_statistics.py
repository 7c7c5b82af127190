"""Means, deviations and intervals, by hand and against the printed tables."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fenas_lang.experiments.ablation import Ablation, trials_until
from fenas_lang.experiments.statistics import estimate, t_quantile

TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 9: 2.262, 30: 2.042}
"""Two-sided 95 % points of Student's t, as printed tables have them."""


@pytest.mark.parametrize(("freedom", "point"), TABLE.items())
def test_quantiles_are_those_of_printed_tables(freedom: int, point: float) -> None:
    assert t_quantile(freedom) == pytest.approx(point, abs=5e-4)


def test_three_seeds_by_hand() -> None:
    """60, 61, 65: mean 62, deviations -2, -1, 3, variance 14/2, half width 4.303·√7/√3."""
    found = estimate([60.0, 61.0, 65.0])
    assert found.mean == 62
    assert found.deviation == pytest.approx(math.sqrt(7))
    assert found.low is not None and found.high is not None
    assert found.high - found.mean == pytest.approx(4.3027 * math.sqrt(7 / 3), abs=1e-3)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_one_seed_has_no_interval() -> None:
    found = estimate([60.0])
    assert (found.mean, found.deviation, found.low, found.high) == (60.0, None, None, None)


def test_trials_until_a_level() -> None:
    curves = np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 1.0], [5.0, 5.0, 5.0]])
    assert trials_until(curves, 2.0).tolist() == [2, 3, 1]


def test_the_level_is_the_worse_of_the_final_means() -> None:
    """With: 2 and 4 at the end, mean 3; without: 3 and 5, mean 4; so the level is 3."""
    found = Ablation(
        {"with": np.array([[2.0, 2.0], [4.0, 4.0]]), "without": np.array([[0.0, 3.0], [0.0, 5.0]])}
    )
    assert found.level == 3
    assert found.counts("with").tolist() == [2, 1] and found.missed("with") == 1
    assert found.counts("without").tolist() == [2, 2] and found.missed("without") == 0
    assert found.ratio("without").value == pytest.approx(2 / 1.5)
