"""Shapes, rounds, figures, targets and tables, from made-up times."""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fenas_lang.bench.flops import product_operations
from fenas_lang.bench.markdown import page
from fenas_lang.bench.problem import Problem
from fenas_lang.bench.report import report
from fenas_lang.bench.result import ENGINE, LeftOut, Peak, Result, Row, Timing, joined
from fenas_lang.bench.runner import measure
from fenas_lang.bench.settings import INFERENCE, TRAIN, Settings
from fenas_lang.bench.shapes import GRID, NAMED, shapes
from fenas_lang.bench.statistics import Spread, geometric_mean, spread
from fenas_lang.bench.subjects import random_subjects, subjects
from fenas_lang.bench.targets import Verdict, verdicts
from fenas_lang.check.loader import load
from fenas_lang.diagnostics import FenError
from fenas_lang.ir.lower import lower
from fenas_lang.search.useless import useless
from fenas_lang.spaces.reader import load_space

ROOT = Path(__file__).parents[2]


def timing(candidate: str, shape: str, ratio: float, group: str = "LSTM") -> Timing:
    """The engine takes 0.1 s, a candidate that divided by `ratio`."""
    seconds = (0.1 / ratio,) * 3
    return Timing(
        *(group, group, NAMED[shape], TRAIN, candidate, seconds, (0.1,) * 3, (2e9,) * 3), 10**8
    )


def result(*timings: Timing, **fields: object) -> Result:
    peaks = (Peak("LSTM", NAMED["A"], spread([2e9]), spread([1e9])),)
    return replace(Result(Settings(), {"processor": "P"}, timings, peaks), **fields)  # type: ignore[arg-type]


def verdict(text: str, found: Result) -> Verdict:
    return next(v for v in verdicts(found) if v.target.text == text)


def test_shapes_by_letter_and_number() -> None:
    assert [s.name for s in shapes("AB;E 7,3,8")] == ["A", "B", "E", "7,3,8"]
    (shape,) = shapes("7,3,8,9")
    assert (shape.time, shape.batch, shape.input_size, shape.hidden_size) == (7, 3, 8, 9)
    assert shapes("A,B") == shapes("AB") == shapes("ABA")
    assert NAMED["B"].numbers == "35,64,300" and shape.numbers == "7,3,8,9"


@pytest.mark.parametrize(
    "text", ["", "G", "7,3", "7,3,8,9,1", "0,3,8", "7,-3,8", "x", "７,3,8", "9,999999999,5"]
)
def test_what_is_no_shape(text: str) -> None:
    with pytest.raises(FenError) as caught:
        shapes(text)
    assert caught.value.diagnostics[0].code == "FEN291"


def test_rounds_run_all_tasks_equally_often() -> None:
    calls: list[str] = []

    def task(name: str) -> Callable[[], None]:
        def run() -> None:
            time.sleep(0.02)
            calls.append(name)

        return run

    tasks = {name: task(name) for name in "abc"}
    taken = measure(tasks, 4, "wall", seed=1)
    assert {name: calls.count(name) for name in "abc"} == {"a": 6, "b": 6, "c": 6}
    rounds = [tuple(calls[6 + 3 * k : 9 + 3 * k]) for k in range(4)]
    assert all(set(order) == {*"abc"} for order in rounds) and len(set(rounds)) > 1
    assert all(len(seconds) == 4 and min(seconds) > 0 for seconds in taken.values())


def test_operations_of_products(problem: Callable[..., Problem]) -> None:
    posed = problem("LSTM", "7,3,4,5")
    assert product_operations(posed, INFERENCE) == 7 * 3 * 2 * 4 * (5 * 4 + 5 * 5)
    assert product_operations(posed, TRAIN) == 3 * product_operations(posed, INFERENCE)


def test_ratios_are_of_the_same_round() -> None:
    made = replace(timing("lstm", "A", 1), seconds=(1.0, 2.0, 4.0), engine=(0.5, 1.0, 2.0))
    assert made.ratio == Spread(0.5, 0.5, 0.5)
    assert timing(ENGINE, "A", 1).share.median == pytest.approx(0.5)


def test_means_are_geometric_over_shapes() -> None:
    found = result(timing("lstm", "A", 0.5), timing("lstm", "B", 2.0), timing(ENGINE, "A", 1))
    (mean,) = found.means
    assert mean.shapes == ("A", "B") and mean.ratio == pytest.approx(1.0)
    assert geometric_mean([1, 4]) == pytest.approx(2)


@pytest.mark.parametrize("ratio, reached", [(0.80, True), (0.85, False)])
def test_a_target_is_reached_or_missed(ratio: float, reached: bool) -> None:
    found = result(*(timing("lstm", shape, ratio) for shape in GRID))
    judged = verdict("LSTM, training ÷ nn.LSTM", found)
    assert judged.value == pytest.approx(ratio)
    assert (judged.reaches(0.84), judged.reaches(0.78)) == (reached, False)
    assert verdict("GRU, training ÷ nn.GRU", found).reaches(0.48) is None


def test_a_target_over_all_shapes_needs_them_all() -> None:
    found = result(*(timing("lstm", shape, 0.5) for shape in GRID[1:]))
    assert verdict("LSTM, training ÷ nn.LSTM", found).value is None


def test_another_cell_reaches_no_target() -> None:
    made = [replace(timing("lstm", shape, 0.5), same=False) for shape in GRID]
    assert verdict("LSTM, training ÷ nn.LSTM", result(*made)).value is None


def test_targets_that_are_lower_bounds() -> None:
    found = result(*(timing("eager", shape, 0.25, "random") for shape in GRID))
    judged = verdict("random cells, training, naive eager ÷ engine", found)
    assert judged.value == pytest.approx(4) and judged.reaches(3.5) and not judged.reaches(4.2)


def test_the_report_has_all_figures() -> None:
    found = result(
        *(timing(name, shape, 0.5) for name in (ENGINE, "lstm") for shape in "AB"),
        rows=(Row("plan", "planned in 1.50 ms", {"milliseconds": 1.5}),),
        left_out=(LeftOut("jax", "jax is not installed"),),
    )
    text = report(found)
    for part in ("÷ lstm", "0.50", "mean", "planned in 1.50 ms", "reached", "jax is not installed"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 200


def test_the_page_lists_every_target() -> None:
    found = result(timing(ENGINE, "A", 1), replace(timing("gru", "A", 0.5), same=False))
    text = page(found, "Results", "2026-01-01", "the command")
    assert all(v.target.text in text for v in verdicts(found))
    assert "the command" in text and "2026-01-01" in text and "processor P" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables) and "0.50\\*" in text


def test_joined_results_keep_everything() -> None:
    one, two = result(timing(ENGINE, "A", 1)), result(timing("lstm", "A", 0.5))
    assert [t.candidate for t in joined([one, two]).timings] == [ENGINE, "lstm"]


def test_cells_of_one_name_are_told_apart() -> None:
    found = subjects([load("GRU"), load("LSTM"), load("GRU")])
    assert [(s.name, s.group) for s in found] == [
        ("GRU", "GRU"),
        ("LSTM", "LSTM"),
        ("GRU (2)", "GRU (2)"),
    ]


def test_a_space_may_have_no_cell_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fenas_lang.bench.subjects.useless", lambda flow: "ignores the input")
    with pytest.raises(FenError, match="uses both the input and the state"):
        random_subjects(load_space("fenas"), 1, 2, seed=0)


def test_random_cells_use_input_and_state() -> None:
    space = load_space("fenas")
    drawn = random_subjects(space, 10, 3, seed=1)
    assert [s.cell.name for s in drawn] == [f"Random{k}" for k in range(1, 11)]
    assert not any(useless(lower(subject.cell)) for subject in drawn)
    assert drawn == random_subjects(space, 10, 3, seed=1)


def test_the_script_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = runpy.run_path(str(ROOT / "benchmarks" / "results.py"))
    lines = script["main"].__globals__
    wanted = {part.peers for part in script["parts"]()}
    assert all("eager" in peers for peers in wanted)
    lstm = subjects([load("LSTM")])
    tiny = replace(NAMED["A"], time=3, batch=2, input_size=4, hidden_size=4)
    monkeypatch.setitem(NAMED, "A", tiny)
    monkeypatch.setitem(lines, "parts", lambda: [script["Part"](lstm, "A", (TRAIN,), "lstm")])
    monkeypatch.setitem(lines, "discover", lambda package: {"plan": f"{package}.plan"})
    page_file = tmp_path / "RESULTS.md"
    words = ["results.py", "--runs", "1", "--threads", "1", "-o", str(page_file)]
    monkeypatch.setattr(sys, "argv", words)
    script["main"]()
    text = page_file.read_text("utf-8")
    assert "| LSTM | A | train |" in text and "plan and program a new cell" in text
