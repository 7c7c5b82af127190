"""Tables, text, Markdown and JSON of an experiment whose units ended at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from toy_experiment import Instant, result

from fenas_lang import experiments
from fenas_lang.experiments.data import Data
from fenas_lang.experiments.findings import Findings
from fenas_lang.experiments.grids import grid
from fenas_lang.experiments.plan import Plan, plan
from fenas_lang.experiments.process import Ended
from fenas_lang.experiments.recipe import TASKS_MEAN, Column, Recipe, Row, Scale
from fenas_lang.experiments.report import Report
from fenas_lang.experiments.schedule import Schedule
from fenas_lang.experiments.statistics import estimate
from fenas_lang.experiments.summary import Line, Table, comparison, summarise
from fenas_lang.experiments.units import Unit

TWO = Recipe(
    title="Two tasks",
    about="two tasks",
    tasks=("digits", "adding"),
    rows=(
        Row("LSTM", ("LSTM",), paper={"digits": 90.0, "AVG": 80.0}),
        Row("both", ("GRU", "RNN"), note="over cells"),
        Row("majority", reference=("majority class",)),
    ),
    columns=(
        Column("digits", "valid_accuracy", "digits", 100),
        Column("adding", task="adding", factor=100),
        Column("AVG", TASKS_MEAN),
    ),
    scales={"tiny": Scale(seeds=2)},
)


def found(made: Plan, folder: Path, **values: Any) -> Findings:
    place = Instant(folder, **values)
    ended = Schedule(made.units, folder, place, lambda text: None).run()
    return Findings(made, folder, ended)


def by_seed(unit: Unit) -> float:
    """0.5 and 0.7 on digits, 0.1 and 0.3 on adding; the RNN has 0.2 more."""
    more = 0.2 if "RNN" in unit.begin else 0.0
    seed = int(unit.begin[unit.begin.index("--seed") + 1])
    return 0.5 + 0.2 * seed - 0.4 * ("adding" in unit.begin) + more


@pytest.fixture
def two(tmp_path: Path) -> Findings:
    return found(plan("two", TWO, "tiny"), tmp_path, accuracy=by_seed)


def test_means_over_seeds_and_over_cells(two: Findings) -> None:
    lstm, both, majority = comparison(two).lines
    assert lstm.own["digits"] == estimate([50.0, 70.0])
    assert lstm.trainings == lstm.planned == 4 and lstm.seconds == 8.0
    assert [round(v, 6) for v in both.own["digits"].values] == [60.0, 80.0]  # type: ignore[union-attr]
    assert majority.own["digits"].mean == 10.0  # type: ignore[union-attr]
    assert majority.planned == 0


def test_the_mean_of_the_tasks_is_by_seed(two: Findings) -> None:
    lstm = comparison(two).lines[0]
    average = lstm.own["AVG"]
    assert [round(v, 6) for v in average.values] == [30.0, 50.0]  # type: ignore[union-attr]


def test_no_mean_where_a_task_failed(tmp_path: Path) -> None:
    made = plan("two", TWO, "tiny", seeds=1)
    findings = found(made, tmp_path, fails={"lstm-adding-0": "too little memory"})
    lstm = comparison(findings).lines[0]
    assert lstm.failures == ("too little memory",) and lstm.trainings == 1
    assert set(lstm.own) == {"digits"}
    assert findings.failures() == {"lstm-adding-0": "too little memory"}


def test_a_training_that_diverged_is_a_result(tmp_path: Path) -> None:
    made = plan("two", TWO, "tiny", seeds=1)
    findings = found(made, tmp_path)
    told = result({}, failure="not finite: the training loss is nan")
    (tmp_path / made.units[0].product).write_text(json.dumps(told))
    ended = {**findings.ended, made.units[0].name: Ended(made.units[0].name, "FEN465")}
    fresh = Findings(made, tmp_path, ended)
    lstm = comparison(fresh).lines[0]
    assert lstm.own["digits"] == "diverges" and "AVG" not in lstm.own
    assert fresh.failures() == {}
    assert "LSTM: diverged: not finite: the training loss is nan." in report(fresh).text()


def test_of_seeds_that_did_not_all_diverge_the_others_count(tmp_path: Path) -> None:
    made = plan("two", TWO, "tiny", seeds=2)
    findings = found(made, tmp_path, accuracy=by_seed)
    told = result({}, failure="not finite: the training loss is nan")
    (tmp_path / made.units[0].product).write_text(json.dumps(told))
    lstm = comparison(Findings(made, tmp_path, findings.ended)).lines[0]
    assert lstm.own["digits"] == estimate([70.0]) and lstm.trainings == 3


def test_models_of_one_class_are_called_that(tmp_path: Path) -> None:
    made = plan("two", TWO, "tiny", seeds=1)
    found(made, tmp_path)
    told = result({"valid_accuracy": 0.5, "valid_classes_predicted": 1.0})
    (tmp_path / made.units[0].product).write_text(json.dumps(told))
    note = comparison(Findings(made, tmp_path, {})).lines[0].note
    assert note == "models that answer with one class only: digits (1 of 1)"


def report(findings: Findings, **values: Any) -> Report:
    told = Data({}, "0", **values)
    machine, command = {"processor": "a processor"}, "fenasc experiment two"
    return Report(findings, summarise(findings), told, command, machine, "2026-01-01")


def test_the_papers_figures_stand_beside(two: Findings) -> None:
    text = report(two).text()
    line = next(line for line in text.splitlines() if line.startswith("LSTM"))
    assert "60.0 ± 14.1 [-67.1, 187.1]   90.0" in line and "80.0" in line and "N/A" not in line
    assert "both: over cells." in text and "a processor" in text


def test_made_up_data_are_called_that(two: Findings) -> None:
    assert "made up" in report(two, made_up=True).text()
    assert report(two, made_up=True).as_json()["made_up"] is True


def test_markdown_is_a_table_with_pictures(two: Findings) -> None:
    page = report(two).markdown({"Two tasks": "two-1.svg"})
    assert page.startswith("## Two tasks\n")
    assert "`fenasc experiment two`" in page and "![Two tasks](two-1.svg)" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len({row.count("|") for row in rows}) == 1


def test_json_has_values_means_and_the_papers(two: Findings) -> None:
    told = json.loads(json.dumps(report(two).as_json()))
    assert told["version"] == 1 and told["experiment"] == "two" and told["seeds"] == 2
    first = told["tables"][0]["rows"][0]
    assert first["own"]["digits"]["values"] == [50.0, 70.0]
    assert first["paper"] == {"digits": 90.0, "AVG": 80.0}
    assert first["hardware"] == ["a machine"] and first["parameters"] == [1000, 1000]


def test_many_columns_have_the_paper_below() -> None:
    names = tuple("abcde")
    line = Line("LSTM", {"a": estimate([1.0, 2.0]), "b": estimate([3.0])}, {"a": 5.0})
    head, lines = grid(Table("wide", names, (line,)))
    assert head == ["", *names]
    assert lines[0] == ["LSTM", "1.5 ± 0.7", "3.0", "–", "–", "–"]
    assert lines[1][:3] == ["  95 % interval", "[-4.9, 7.9]", ""]
    assert lines[2] == ["  paper", "5.0", "N/A", "N/A", "N/A", "N/A"]


def test_pictures_are_whole(two: Findings) -> None:
    pictures = report(two).pictures()
    assert list(pictures) == ["Two tasks"]
    root = ElementTree.fromstring(pictures["Two tasks"])
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"LSTM", "both", "majority", "digits", "adding", "AVG"} <= set(texts)


def test_all_of_them_can_be_summed_up_before_anything_ran(tmp_path: Path) -> None:
    for name in experiments.names():
        made = plan(name, experiments.find(name), "tiny")
        text = report(Findings(made, tmp_path, {})).text()
        assert "not run yet" in text, name
