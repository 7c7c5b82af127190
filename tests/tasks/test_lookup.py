"""Tasks that train nothing: what they find, and what they say where there is nothing."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import made_up_pool
import pytest

from fenas_lang import pools, tasks
from fenas_lang.diagnostics import FenError
from fenas_lang.tasks.atlas_file import AtlasCell, AtlasFile, Plan, Trained

CELLS = (
    "tanh(@x, @h_prev)",
    "tanh(@x, @x)",
    "tanh(@h_prev, @h_prev)",
    "sigmoid(@x, @x)",
    "sigmoid(@x, @h_prev)",
)


def text(body: str, name: str = "Cell") -> str:
    return f"cell {name} in atlas (x, h_prev) -> n1 {{\n    n1 = {body}\n}}\n"


@pytest.fixture
def nlp(tmp_path: Path) -> Any:
    return tasks.task("nas_bench_nlp", made_up_pool.write(tmp_path / "pool"))


@pytest.fixture
def atlas(tmp_path: Path) -> Path:
    """Cells that are trained, diverged on one task, not trained yet, useless and not trained, and
    the same as the first."""
    import fenas_lang as fen

    keys = [fen.canonical_key(fen.loads(text(body))) for body in CELLS]
    why = ("", "", "", "ignores the state", "")
    cells = [AtlasCell(n, keys[n], text(CELLS[n]), 1, why[n], n % 4) for n in range(len(CELLS))]
    path = tmp_path / "atlas.db"
    with AtlasFile.create(path, Plan("", 1, 2, {"adding": {}, "copy": {}}), cells) as made:
        made.note("references", {"adding": 0.2, "copy": 0.5})
        made.add(0, Trained({"adding": (0.1, 0.3), "copy": (0.25, None)}, 1.0, 1.0))
        made.add(1, Trained({"adding": (0.1, 0.3), "copy": (None, None)}, 1.0, 1.0))
    return path


def test_a_published_cell_has_the_mean_of_its_runs(nlp: Any) -> None:
    cell = nlp.pool.by_key[next(iter(nlp.pool.by_key))].cell
    outcome = nlp.evaluate(cell, seed=3)
    mean = (4.0 + made_up_pool.loss(18)) / 2
    assert outcome.metric == pytest.approx(mean) == -outcome.score
    assert outcome.metrics["final_test_perplexity"] == pytest.approx(math.exp(mean))
    assert (outcome.metrics["runs"], outcome.metrics["diverged_runs"]) == (4, 0)


def test_a_cell_whose_runs_all_diverged_fails(nlp: Any) -> None:
    (cell,) = (m.cell for m in nlp.pool.members if m.runs.mean is None)
    outcome = nlp.evaluate(cell, seed=0)
    assert (outcome.score, outcome.failure) == (None, "not finite")


def test_a_cell_that_is_not_in_the_list_fails_and_says_so(nlp: Any) -> None:
    assert nlp.evaluate("LSTM", seed=0).failure == "not in the published list"


def test_the_score_of_an_atlas_is_relative_to_simple_predictors(atlas: Path) -> None:
    task = tasks.task("atlas", atlas)
    outcome = task.evaluate(_cell("tanh(@h_prev, @x)"), seed=0)
    assert outcome.metrics["adding_relative_loss"] == pytest.approx(1.0)
    assert outcome.metrics["copy_relative_loss"] == pytest.approx(0.5)
    assert outcome.metric == pytest.approx(0.75) == -outcome.score
    only = tasks.task("atlas", atlas, copy="0").evaluate(_cell("tanh(@h_prev, @x)"), seed=0)
    assert only.metric == pytest.approx(1.0)


def test_an_atlas_knows_what_diverged_and_what_is_missing(atlas: Path) -> None:
    task = tasks.task("atlas", atlas)
    assert task.evaluate(_cell("tanh(@x, @x)"), seed=0).failure == "not finite"
    missing = "not in the atlas, or not trained yet"
    assert task.evaluate(_cell("tanh(@h_prev, @h_prev)"), seed=0).failure == missing
    assert task.evaluate("LSTM", seed=0).failure == missing
    useless = "ignores the state, and is not trained yet"
    assert task.evaluate(_cell("sigmoid(@x, @x)"), seed=0).failure == useless


def test_a_cell_has_the_figures_of_the_one_that_is_trained_in_its_place(atlas: Path) -> None:
    task = tasks.task("atlas", atlas)
    bodies = ("tanh(@x, @h_prev)", "sigmoid(@x, @h_prev)")
    one, other = (task.evaluate(_cell(body), seed=0).metrics for body in bodies)
    assert one == other and one["relative_loss"] == pytest.approx(0.75)


def test_the_checksum_is_of_what_is_trained(atlas: Path) -> None:
    before = tasks.task("atlas", atlas).checksum
    assert tasks.task("atlas", atlas, copy=3).checksum == before and len(before) == 64
    with AtlasFile.open(atlas, write=True) as opened:
        opened.add(2, Trained({}, 1.0, failure="out of memory"))
    task = tasks.task("atlas", atlas)
    assert task.checksum != before
    assert task.evaluate(_cell("tanh(@h_prev, @h_prev)"), seed=0).failure == "out of memory"


@pytest.mark.parametrize("name", ["atlas", "nas_bench_nlp"])
def test_without_data_it_is_asked_for(name: str) -> None:
    with pytest.raises(FenError, match=r"FEN432.*--data"):
        tasks.task(name)


def test_what_is_no_atlas_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database")
    AtlasFile._connect(tmp_path / "empty.db", "rwc").close()
    for path in (tmp_path / "none.db", tmp_path / "text.db", tmp_path / "empty.db"):
        with pytest.raises(FenError, match="FEN433"):
            tasks.task("atlas", path)


def test_settings_of_training_are_none_of_theirs(atlas: Path) -> None:
    with pytest.raises(FenError, match=r"FEN401.*adding, copy"):
        tasks.task("atlas", atlas, hidden=8)


def test_it_can_be_sent_to_a_worker(nlp: Any) -> None:
    cell = nlp.pool.members[0].cell
    again = pickle.loads(pickle.dumps(nlp))
    assert again.evaluate(cell, seed=0) == nlp.evaluate(cell, seed=0)


def test_there_is_no_model(nlp: Any) -> None:
    with pytest.raises(FenError, match="FEN436"):
        nlp.model("LSTM", None)


def test_every_pool_has_its_task() -> None:
    assert set(pools.names()) <= set(tasks.names())


def _cell(body: str) -> Any:
    import fenas_lang as fen

    return fen.loads(text(body, "Other"))
