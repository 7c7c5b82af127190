"""What a curve shows: range, ticks, dots, and the best so far whichever way is better."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_stores import TASK, failed, trial, written

from fenas_lang.report.axes import Axis, spread
from fenas_lang.report.curve import Plot, draw_curve, plot, thinned
from fenas_lang.report.run import read_run
from fenas_lang.search.trial import Measured, Trial

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(NUMBERS, st.floats(1e-6, 1e6), st.integers(1, 10))
def test_ticks_are_few_and_inside(low: float, span: float, most: int) -> None:
    high = low + span
    if high > low:
        ticks = Axis(low, high, 0, 1).ticks(most)
        assert len(ticks) <= most + 1
        assert all(low - span / 1e3 <= tick <= high + span / 1e3 for tick in ticks)


def test_ticks_are_round() -> None:
    assert Axis(0, 72, 0, 1).ticks(5) == [0, 20, 40, 60]
    assert [round(t, 9) for t in Axis(0.71, 0.98, 0, 1).ticks(6)] == [0.75, 0.8, 0.85, 0.9, 0.95]


@given(st.lists(NUMBERS, min_size=1, max_size=50), st.booleans())
def test_the_best_is_always_shown(values: list[float], higher: bool) -> None:
    axis = spread(values, [], higher)
    assert axis.holds(max(values) if higher else min(values))
    assert axis.low < axis.high


def test_the_worst_and_what_is_far_off_are_not() -> None:
    axis = spread([*(0.9 + k / 1e3 for k in range(99)), -50.0], [0.85, -3.0], True)
    assert axis.holds(0.85) and not axis.holds(-50.0) and not axis.holds(-3.0)
    assert axis.at(-50.0) == axis.start


def perplexity(number: int, value: float) -> Trial:
    return trial(number, measured=Measured(-value, value))


def drawn(folder: Path, trials: list[Trial], **task: Any) -> tuple[Plot, Element]:
    shown = plot(read_run(written(folder / "run.db", trials, TASK | task)))
    assert shown is not None
    page = Element("body")
    draw_curve(page, shown)
    return shown, page


@pytest.fixture
def lower(tmp_path: Path) -> tuple[Plot, Element]:
    values = (300.0, 250.0, 400.0, 200.0)
    trials = [*(perplexity(k, value) for k, value in enumerate(values)), failed(4)]
    return drawn(tmp_path, trials, higher_is_better=False, references={"unigram": 280.0})


def test_the_best_so_far_goes_down_where_lower_is_better(lower: tuple[Plot, Element]) -> None:
    shown, page = lower
    assert [t.number for t in shown.steps] == [0, 1, 3]
    path = next(e for e in page.iter("path") if e.get("class") == "best").get("d", "")
    heights = [float(y) for y in re.findall(r"V([\d.]+)", path)]
    assert heights == sorted(heights) and len(heights) == 2


def test_all_that_is_marked_is_in_the_legend(lower: tuple[Plot, Element]) -> None:
    words = {span.text for li in lower[1].iter("li") for span in li.iter("span") if span.text}
    assert words == {"trained", "best so far", "seed", "reference", "failed"}


def test_seeds_and_steps_say_what_they_are(lower: tuple[Plot, Element]) -> None:
    titles = [title.text for title in lower[1].iter("title")]
    assert "seed Cell_0: 300" in titles and "unigram: 280" in titles
    assert "Cell_3: 200, operation of h: step 3" in titles


def test_without_a_score_there_is_no_curve(tmp_path: Path) -> None:
    run = read_run(written(tmp_path / "run.db", [failed(0)]))
    assert plot(run) is None
    assert plot(replace(run, trials=[])) is None


def test_dots_on_each_other_are_one() -> None:
    assert thinned(iter([(10.0, 10.0), (10.5, 11.0), (30.0, 10.0)])) == [(10, 10), (30, 10)]
