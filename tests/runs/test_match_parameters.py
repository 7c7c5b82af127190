"""The hidden size that keeps a model within a number of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_up_tasks import SMALL

from fenas_lang import runs, tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.runs.sizes import match, parameters
from fenas_lang.runs.subject import subject_of


@pytest.mark.parametrize("cell", ["LSTM", "GRU_Chung", "torch.nn.GRU", "torch.nn.RNN"])
@pytest.mark.parametrize("name", SMALL)
def test_the_largest_that_fits(cell: str, name: str, corpus: Path) -> None:
    pytest.importorskip("sklearn")
    task, subject = tasks.task(name, corpus if name == "lm" else None), subject_of(cell)
    found = match(task, subject, "9k")
    sizes = [parameters(task.sized(found.hidden + k), subject.counted) for k in (0, 1)]
    assert sizes[0] == found.parameters <= found.limit == 9000 < sizes[1]


@pytest.mark.parametrize(
    ("asked", "limit"), [("24M", 24_000_000), ("2.5k", 2500), ("1000000", 1_000_000)]
)
def test_words_for_numbers(asked: str, limit: int) -> None:
    assert match(tasks.task("adding"), subject_of("RNN"), asked).limit == limit


@pytest.mark.parametrize("reference", ["LSTM", "torch.nn.LSTM"])
def test_as_large_as_another_cell(reference: str, tmp_path: Path) -> None:
    settings = {"steps": 2, "examples": 20}
    other = runs.train(reference, "adding", tmp_path / "other", settings=settings | {"hidden": 9})
    result = runs.train(
        *("RNN", "adding", tmp_path / "run"), settings=settings, match_parameters=f"{reference}:9"
    )
    assert result.parameters <= other.parameters and int(result.settings["hidden"]) > 9
    assert runs.evaluate(tmp_path / "run").parameters == result.parameters


def test_a_model_of_the_papers_size_is_counted_without_being_made(corpus: Path) -> None:
    found = match(tasks.task("lm", corpus), subject_of("LSTM"), "24M")
    assert 1000 < found.hidden < 2000


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        *[(asked, "FEN472") for asked in ("many", "LSTM", "LSTM:0", ":3", "-3", "LSTM:x", "3 M")],
        *[("15", "FEN473"), ("0", "FEN473"), ("LTSM:3", "FEN260")],
    ],
)
def test_what_cannot_be_had(asked: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(FenError, match=code):
        runs.train("LSTM", "adding", tmp_path / "run", match_parameters=asked)
    assert not list(tmp_path.iterdir())
