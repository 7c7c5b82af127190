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

from fenas_lang.atlas.cells import all_cells
from fenas_lang.atlas.make import plan
from fenas_lang.search import novelty
from fenas_lang.spaces.reader import load_space
from fenas_lang.tasks.atlas_file import AtlasFile, Trained

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
    assert list(script["tables"](Namespace(data=None, atlas=None))) == []


def test_of_an_atlas_the_title_says_how_much_is_trained(
    script: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "atlas.db"
    useful: dict[int, float] = {}
    with AtlasFile.create(path, plan(seeds=1), all_cells(load_space("atlas"), 2)) as atlas:
        atlas.note("references", {"adding": 0.2, "copy": 0.7})
        for cell, _ in atlas.left()[:30]:
            useful[cell.number] = cell.number / 100
            atlas.add(cell.number, Trained({"adding": (cell.number / 500,), "copy": (0.7,)}))
        known = sum(cell.trained_as in useful for cell in atlas.cells())
    whole, small = (script["atlas_table"](path, nodes) for nodes in (2, 1))
    assert f"atlas to 2 nodes: {known} of 158 useful, 0 of 184 useless cells" in whole.title
    assert "atlas to 1 nodes: all 6 useful, 0 of 12 useless cells" in small.title
    for profile in ("default", "paper"):
        found = script["best_so_far"](small, "random", profile, 60, 0)
        best = min(cell for cell in useful if cell < 18)
        assert found[-1] == pytest.approx((best / 500 / 0.2 + 1) / 2)
