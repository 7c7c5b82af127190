"""Tasks with compiled cells: the shipped ones, and cells that read their input plainly."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fenas_lang import tasks
from fenas_lang.check.loader import load, loads
from fenas_lang.spaces.reader import load_space
from fenas_lang.spaces.sample import sample
from fenas_lang.tasks.outcome import EXCEPTION, NOT_FINITE

PLAIN = "cell Plain(x, h_prev) -> h { a = x * h_prev\n h = x + a }"
GROWS = "cell Grows(x, h_prev) -> h { a = identity(x, h_prev)\n b = a * a\n h = a + b }"


def test_the_lstm_reads_digits() -> None:
    outcome = tasks.task("digits").evaluate(load("LSTM"), seed=0)
    assert outcome.failure is None and outcome.metric is not None
    assert outcome.metric > 0.9
    assert outcome.parts == {
        "input_projection": 8 * 32 + 32,
        "readout": 32 * 10 + 10,
        "layer": 4 * (32 * 32 + 32 * 32 + 32),
    }


def test_a_name_is_resolved_as_on_the_command_line() -> None:
    task = tasks.task("digits", epochs=1)
    assert task.evaluate("gru.fen", seed=0).metric == task.evaluate(load("GRU"), seed=0).metric


@pytest.mark.parametrize("name", ["digits", "adding", "copy"])
def test_a_cell_that_reads_its_input_plainly_works(name: str) -> None:
    outcome = tasks.task(name).evaluate(loads(PLAIN), seed=0, deadline_steps=3)
    assert outcome.failure is None, outcome.log
    assert outcome.parts["layer"] == 0


def test_a_cell_that_grows_past_all_floats_fails() -> None:
    outcome = tasks.task("copy", delay=300).evaluate(loads(GROWS), seed=0, deadline_steps=3)
    assert outcome.failure == NOT_FINITE


def test_a_cell_that_there_is_not_fails_with_the_compilers_words() -> None:
    outcome = tasks.task("digits").evaluate("no-such-cell", seed=0)
    assert outcome.failure == EXCEPTION and "no-such-cell" in outcome.log


def test_a_language_model_with_dropout_runs_on_one_and_two_states(corpus: Path) -> None:
    small = {"hidden": 6, "epochs": 1, "batch": 4, "window": 9}
    task = tasks.task("lm", corpus, dropout=0.3, **small)
    for cell in ("GRU", "LSTM"):
        first, second = (task.evaluate(cell, seed=1) for _ in range(2))
        assert first.failure is None, first.log
        assert first.metrics == second.metrics
    without = tasks.task("lm", corpus, dropout=0, **small).evaluate("LSTM", seed=1)
    assert without.metrics != first.metrics


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000), states=st.integers(1, 2))
def test_any_sampled_cell_has_a_score_or_a_reason(seed: int, states: int) -> None:
    cell = sample(load_space("fenas"), seed=seed, nodes=9, states=states)
    outcome = tasks.task("digits", epochs=1).evaluate(cell, seed=0, deadline_steps=2)
    assert (outcome.score is None) == (outcome.failure is not None)
    assert outcome.failure in (None, NOT_FINITE), outcome.log
