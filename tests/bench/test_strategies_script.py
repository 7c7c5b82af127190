"""The comparison of strategies, on a list that is made up."""

from __future__ import annotations

import runpy
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import made_up_pool
import numpy as np
import pytest

from fenas_lang.search import novelty

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> Iterator[dict[str, Any]]:
    examine = novelty.examine
    yield runpy.run_path(str(ROOT / "benchmarks" / "strategies.py"))
    novelty.examine = examine


@pytest.fixture(scope="module")
def table(script: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = made_up_pool.write(tmp_path_factory.mktemp("data") / "pool")
    (found,) = script["tables"](Namespace(data=folder, atlas=None, neighbours=3))
    return found


@pytest.mark.parametrize("profile", ["default", "paper"])
@pytest.mark.parametrize("strategy", ["random", "aging"])
def test_curves_fall_and_repeat(
    script: dict[str, Any], table: Any, strategy: str, profile: str
) -> None:
    found = script["best_so_far"](table, strategy, profile, 40, 1)
    assert found == script["best_so_far"](table, strategy, profile, 40, 1)
    assert len(found) == 40 and found == sorted(found, reverse=True)
    assert found[-1] >= 4.0


def test_the_table_has_a_line_for_each_and_names_what_is_missing(
    script: dict[str, Any], table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        chart = script["compare"](table, Namespace(seeds=3, trials=35), pool)
    out = capsys.readouterr().out
    for name in script["NAMES"]:
        assert f"{name}, no keys" in out or f"{name:18}skipped" in out
    assert "aging, keys" in {curve.name for curve in chart.curves}


def test_an_interval_holds_the_mean(script: dict[str, Any]) -> None:
    values = np.random.default_rng(1).normal(3.0, 1.0, 100)
    low, high = script["interval"](values)
    assert low < values.mean() < high and 0.2 < high - low < 0.6


def test_without_data_nothing_is_measured(script: dict[str, Any]) -> None:
    assert list(script["tables"](script["parsed"]([], {}))) == []
