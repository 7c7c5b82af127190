"""Recipes are valid data: what they name is there, and the paper's figures are the paper's."""

from __future__ import annotations

from typing import Any

import pytest

from fenas_lang import experiments, tasks
from fenas_lang.check.loader import load
from fenas_lang.cli.evolve import OPTIONS
from fenas_lang.experiments.models import settings_of
from fenas_lang.experiments.plan import Plan, plan
from fenas_lang.experiments.recipe import GLUE, PAPER, SCALES, Random, Search
from fenas_lang.experiments.units import PREDICT, SEARCH, TRAIN
from fenas_lang.search.strategy import named

NAMES = experiments.names()
THERE = set(tasks.names())
EVERY = [(name, scale) for name in NAMES for scale in SCALES]


def planned(name: str, scale: str, **options: Any) -> Plan:
    found = experiments.find(name)
    if not set(found.scales[scale].tasks or found.tasks) <= THERE:
        pytest.skip("its tasks are not here")
    return plan(name, found, scale, **options)


def test_all_are_there() -> None:
    assert {"table1", "table2", "table3", "random-baseline"} <= set(NAMES)
    assert {"lstm-init", "found-cell", "search-cost"} <= set(NAMES)


@pytest.mark.parametrize(("name", "scale"), EVERY)
def test_every_preset_cell_and_setting_is_there(name: str, scale: str) -> None:
    for unit in planned(name, scale).units:
        if unit.work is not None:
            settings_of(unit.work.task, unit.work.preset, unit.work.settings)
    for row in experiments.find(name).rows:
        for cell in row.cells:
            if isinstance(cell, Search):
                _check_search(cell)
            elif not isinstance(cell, Random):
                load(cell.removeprefix("torch.nn."))


def _check_search(search: Search) -> None:
    load(search.like)
    assert set(search.options) <= {*OPTIONS, "space"}
    named(str(search.options.get("strategy", "aging")))
    for cell in search.cells:
        load(cell)


@pytest.mark.parametrize(("name", "scale"), EVERY)
def test_no_two_units_share_a_name_or_a_product(name: str, scale: str) -> None:
    units = planned(name, scale).units
    assert len({unit.name for unit in units}) == len(units)
    assert len({unit.product for unit in units}) == len(units)


@pytest.mark.parametrize(("name", "scale"), EVERY)
def test_units_need_only_earlier_ones(name: str, scale: str) -> None:
    seen: set[str] = set()
    for unit in planned(name, scale).units:
        assert set(unit.after) <= seen
        seen.add(unit.name)


@pytest.mark.parametrize("name", NAMES)
def test_more_seeds_only_add_units(name: str) -> None:
    few = {unit.name: unit.begin for unit in planned(name, "tiny", seeds=1).units}
    many = {unit.name: unit.begin for unit in planned(name, "tiny", seeds=2).units}
    assert few.items() <= many.items()


def test_table_1_of_the_paper() -> None:
    """Parameters in millions, validation and test perplexity."""
    table = {
        "LSTM + DropConnect": (24, 60.7, 58.8),
        "LSTM + MoS": (22, 58.1, 56.0),
        "NAS": (25, None, 64.0),
        "ENAS": (24, None, 55.8),
        "ENAS*": (24, 68.3, 63.1),
        "ENAS†": (24, 60.8, 58.6),
        "DARTS": (23, 58.1, 55.7),
        "Random search WS": (23, 57.8, 55.5),
        "FENAS": (24, 58.9, 56.8),
    }
    columns = [column.name for column in experiments.find("table1").columns]
    rows = experiments.find("table1").rows
    found = {row.label: tuple(map(row.paper.get, columns)) for row in rows if row.paper}
    assert found == table


def test_table_2_of_the_paper() -> None:
    """CoLA, SST-2, MRPC, QQP, STS-B, MNLI, QNLI, RTE, WNLI, AVG."""
    table = {
        "LSTM": "13.9 86.5 77.7 86.7 72.9 66.7 77.0 56.8 56.3 66.1",
        "ENAS-RL": "13.8 86.4 76.2 87.1 76.8 67.1 78.7 58.5 56.3 66.8",
        "ENAS-RS": "15.0 87.1 76.0 85.7 76.2 67.5 78.3 58.5 56.3 66.7",
        "FENAS": "17.5 87.2 78.4 87.1 77.8 67.4 79.2 59.9 57.7 68.0",
    }
    recipe = experiments.find("table2")
    columns = [column.name for column in recipe.columns]
    for row in recipe.rows:
        if row.paper:
            assert [row.paper[c] for c in columns] == list(map(float, table.pop(row.label).split()))
    assert not table
    assert [column.task for column in recipe.columns][:9] == list(GLUE)


def test_table_3_of_the_paper() -> None:
    from fenas_lang.experiments.recipes.table3 import PUBLISHED

    assert {label: " ".join(row) for label, row in PUBLISHED.items()} == {
        "LSTM": "17.1 86.9 71.0/78.9 83.2/62.7 67.8/65.6 64.9/65.8 77.4 52.1 65.1 64.3",
        "ENAS-RL": "14.7 84.1 74.5/82.6 83.8/63.0 72.6/70.7 66.0/66.6 78.5 51.0 65.1 64.8",
        "ENAS-RS": "16.7 85.6 73.7/81.6 81.9/61.5 72.5/70.4 66.9/67.5 78.8 53.1 65.1 65.3",
        "FENAS": "16.4 86.6 71.0/78.9 84.9/63.7 73.2/71.0 66.6/66.0 79.1 52.7 65.1 65.6",
    }


def test_the_paper_scale_is_the_papers() -> None:
    """P = 100, S = 25, 5,000 cycles, nine nodes; stage 1 at 300, stage 2 at 900 or 24 M."""
    made = planned("table1", PAPER)
    search = next(unit for unit in made.units if unit.name == "search-fenas-lm-0")
    text = " ".join(search.begin)
    assert "evolve LSTM --task lm" in text and "--profile paper" in text
    for option in ("--population 100", "--sample 25", "--cycles 5000", "--nodes 9"):
        assert option in text
    stage1 = settings_of("lm", "stage1", {})
    assert (stage1.hidden, stage1.epochs, stage1.learning_rate) == (300, 20, 0.001)
    assert (stage1.clip, stage1.l2) == (0.25, 8e-6)
    assert settings_of("lm", "stage2", {}).hidden == 900
    trained = next(
        unit for unit in made.units if unit.kind == TRAIN and unit.after == (search.name,)
    )
    assert trained.begin[1] == search.product and "24M" in trained.begin


def test_glue_at_the_paper_scale() -> None:
    made = planned("table2", PAPER)
    for task in GLUE:
        hidden = 1000 if task in ("qqp", "mnli", "qnli") else 300
        search = next(
            u for u in made.units if u.name == f"search-fenas-{task}-0" and u.kind == SEARCH
        )
        assert f"hidden={hidden}" in search.begin
        assert settings_of(task, "stage2", {}).hidden == 1500
    searches = [unit for unit in made.units if unit.kind == SEARCH]
    assert len(searches) == 3 * 9


def test_submissions_have_all_the_files_of_the_server() -> None:
    made = planned("table3", PAPER, seeds=1)
    files = [unit.product for unit in made.units if unit.kind == PREDICT]
    names = ["CoLA", "SST-2", "MRPC", "QQP", "STS-B", "MNLI-m", "MNLI-mm", "QNLI", "RTE", "WNLI"]
    assert sorted(files) == sorted(
        f"submissions/{row}-0/{name}.tsv"
        for row in ("lstm", "enas-rl", "enas-rs", "fenas")
        for name in names
    )
