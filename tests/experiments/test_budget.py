"""What `--dry-run` counts, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from fenas_lang import experiments
from fenas_lang.engine.layer import compile as compile_layer
from fenas_lang.experiments.budget import Budget, budget
from fenas_lang.experiments.models import forward, hidden_for, parameters, settings_of
from fenas_lang.experiments.plan import plan
from fenas_lang.experiments.units import SEARCH, TRAIN
from fenas_lang.language_model.model import WordLanguageModel

TOKENS, WORDS = 929_589, 10_000


@pytest.fixture(scope="module")
def paper() -> Budget:
    made = plan("table1", experiments.find("table1"), "paper")
    return budget(made, Path("/nowhere"), 2, 1e9, {"lm": "ptb"})


def test_trainings_of_table_1_at_the_paper_scale(paper: Budget) -> None:
    """FENAS: 100 + 5,000 trials; ENAS and random search: shared weights trained as long as 8
    cells, and one training at the end; 9 rows and 5 random cells from 3 seeds each."""
    searches = {
        part.unit.name.removeprefix("search-").removesuffix("-lm-0"): part.trainings
        for part in paper.parts
        if part.unit.kind == SEARCH
    }
    assert searches == {"fenas": 5100, "enas": 9, "random-ws": 9}
    assert sum(part.unit.kind == TRAIN for part in paper.parts) == 3 * (9 + 5)
    assert paper.trainings == 5100 + 9 + 9 + 42


def test_operations_of_the_search_by_hand(paper: Budget) -> None:
    """A word: an LSTM of 300 (8 matrices of 300², two operations a weight; sums of 8 products and 4
    biases, 3 sigmoids, 2 tanh, 3 products, 1 sum: 4·2 + 3 + 2 + 3 + 1 = 17 vectors), and a softmax
    over 10,000 words; three times that over all words, 20 epochs, 5,100 trainings."""
    word = 16 * 300**2 + 17 * 300 + 2 * 300 * WORDS
    search = next(part for part in paper.parts if part.unit.name == "search-fenas-lm-0")
    assert search.operations == 3 * word * TOKENS * 20 * 5100


def test_hours_are_operations_over_rate_and_workers(paper: Budget) -> None:
    assert paper.hours == pytest.approx(paper.operations / 1e9 / 2 / 3600)


@pytest.mark.parametrize("preset", ["stage1", "stage2", "awd", "mos", "darts", "enas", "small"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_parameters_are_those_of_the_model(preset: str, cell: str) -> None:
    """All but the biases outside the cell."""
    told = settings_of("lm", preset, {"hidden": 12, "embedding": 8, "weight_drop": 0})
    shape = told.shape(WORDS)
    with torch.device("meta"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.init, "uniform_", lambda tensor, *_: tensor)
        model = WordLanguageModel(cell, compile_layer, shape)
    outside = [
        p.numel()
        for name, p in model.named_parameters()
        if name.endswith("bias") and not name.startswith("layer")
    ]
    real = sum(p.numel() for p in model.parameters()) - sum(outside)
    assert parameters("lm", told, cell, 12) == real


def test_matching_takes_the_largest_size_that_fits() -> None:
    told = settings_of("lm", "stage2", {})
    hidden = hidden_for("lm", told, "LSTM", "24M")
    assert parameters("lm", told, "LSTM", hidden) <= 24e6
    assert parameters("lm", told, "LSTM", hidden + 1) > 24e6
    assert hidden_for("lm", told, "LSTM", "LSTM:128") == 128


def test_fewer_tokens_cost_less() -> None:
    every, some = (settings_of("lm", "stage1", {"tokens": tokens}) for tokens in (0, 1000))
    whole, part = (forward("lm", told, "LSTM", 300) for told in (every, some))
    assert whole / part == pytest.approx(TOKENS / 1000)


def test_what_is_done_costs_nothing(tmp_path: Path) -> None:
    made = plan("random-baseline", experiments.find("random-baseline"), "tiny")
    all_of_it = budget(made, tmp_path, 1, 1e9, {"lm": "ptb"})
    first = next(unit for unit in made.units if unit.kind == TRAIN)
    (tmp_path / first.product).parent.mkdir(parents=True)
    (tmp_path / first.product).write_text("{}")
    left = budget(made, tmp_path, 1, 1e9, {"lm": "ptb"})
    assert left.done == 1 and left.trainings == all_of_it.trainings - 1
