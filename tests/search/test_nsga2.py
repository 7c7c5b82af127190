"""Several objectives: domination and crowding as Deb et al. define them, and the front of a run."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated import Simulated
from test_evolve_command import SHORT, fenasc
from test_strategy_conformance import made, settings
from test_study import run, trials

from fenas_lang.analysis import analyze
from fenas_lang.check.loader import load, loads
from fenas_lang.diagnostics import FenError
from fenas_lang.search.objectives import costs, point
from fenas_lang.search.pareto import Point, crowding, dominates, front, fronts
from fenas_lang.search.strategies.nsga2 import Placed, Strategy, survivors
from fenas_lang.search.strategy import Individual
from fenas_lang.spaces.reader import load_space

FENAS = load_space("fenas")
POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2)), max_size=30)


@given(points=POINTS)
def test_the_front_is_what_nobody_dominates(points: list[Point]) -> None:
    found = front(points)
    expected = {p for p in points if not any(dominates(q, p) for q in points)}
    assert {points[place] for place in found} == expected and len(found) == len(expected)


@given(points=POINTS)
def test_each_point_is_dominated_from_the_front_before_its_own(points: list[Point]) -> None:
    sorted_ = fronts(points)
    assert sorted(place for places in sorted_ for place in places) == list(range(len(points)))
    for before, places in zip([[], *sorted_], sorted_, strict=False):
        for place in places:
            assert not before or any(dominates(points[k], points[place]) for k in before)
            assert not any(dominates(points[k], points[place]) for k in places)


def test_crowding_is_the_box_between_the_neighbours() -> None:
    points = [(0.0, 10.0), (1.0, 6.0), (3.0, 5.0), (10.0, 0.0)]
    assert crowding(points) == [inf, 3 / 10 + 5 / 10, 9 / 10 + 6 / 10, inf]
    assert crowding([(1.0, 1.0)]) == [inf] and crowding([]) == []
    assert crowding([(1.0, 1.0)] * 3)[1] == 0


def test_the_last_front_survives_where_it_is_least_crowded() -> None:
    points = [(0.0, 10.0), (4.9, 5.1), (5.0, 5.0), (9.0, 1.0), (10.0, 0.0), (0.0, 0.0)]
    cell = Individual(0, "", 0.0)
    found = survivors([Placed(cell, p) for p in points], 4)
    assert {p.point for p in found} == {points[0], points[1], points[3], points[4]}
    assert {p.front for p in survivors([Placed(cell, p) for p in points], 6)} == {0, 1}


def test_costs_are_those_of_the_analysis() -> None:
    told = settings("nsga2", objectives=("flops", "score", "parameters"), hidden=20)
    lstm = Individual(0, str(load("LSTM")), 0.5)
    known = analyze(load("LSTM"), 20, 20)
    flops, parameters = known.flops.value, known.parameters.value
    assert costs(lstm, told, FENAS) == {"flops": flops, "parameters": parameters}
    assert point(lstm, told, FENAS) == (-flops, 0.5, -parameters)


def test_a_generation_is_counted_in_trials_told_whatever_became_of_them() -> None:
    strategy = made(settings("nsga2"))
    assert isinstance(strategy, Strategy)
    found = Simulated(settings("nsga2")).run(12)
    for trial in found[:6]:
        score = None if trial.number < 2 else trial.score
        strategy.tell(Individual(trial.number, trial.source, score))
    assert {p.individual.number for p in strategy.alive} == {2, 3, 4, 5}
    for trial in found[6:]:
        strategy.tell(Individual(trial.number, trial.source, trial.score))
    assert len(strategy.alive) == 6 and not strategy.children


@pytest.mark.parametrize(
    ("strategy", "objectives", "message"),
    [
        ("nsga2", ("score", "parametres"), r"FEN520.*did you mean `parameters`"),
        ("nsga2", ("score",), r"FEN522.*at least one other"),
        ("nsga2", ("flops", "parameters"), r"FEN522.*score and"),
        ("nsga2", ("score", "flops", "flops"), r"FEN522.*each once"),
        ("aging", ("score", "flops"), r"FEN522.*`aging` knows only the score"),
    ],
)
def test_objectives_are_checked(
    strategy: str, objectives: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(FenError, match=message):
        run(tmp_path / "run.db", strategy=strategy, objectives=objectives)


def test_the_front_of_a_run_is_in_result_and_status(tmp_path: Path) -> None:
    options = "--strategy nsga2 --objectives score,flops"
    call = f"evolve LSTM GRU --task stub_tasks:Instant --store run.db {options}"
    output, _ = fenasc(f"{call} {SHORT}", tmp_path)
    assert "Pareto front, costs at D = H = 300:" in output
    assert "Pareto front" in fenasc("best run.db", tmp_path)[0]
    assert "Pareto front" in fenasc("status run.db", tmp_path)[0]
    value = json.loads(fenasc("status run.db --format json", tmp_path)[0])
    assert value["objectives"] == ["score", "flops"]
    points = [(one["score"], -one["flops"]) for one in value["front"]]
    assert points == sorted(points, reverse=True) and len(front(points)) == len(points)
    told = settings("nsga2", objectives=("score", "flops"))
    everything = [
        point(Individual(t.number, t.source, t.score), told, FENAS)
        for t in trials(tmp_path / "run.db", "search")
    ]
    assert {everything[place] for place in front(everything)} == set(points)
    assert all(loads(one["source"]).name == one["name"] for one in value["front"])


def test_a_search_for_the_score_alone_has_no_front(tmp_path: Path) -> None:
    assert run(tmp_path / "run.db", cycles=2).front == ()
