"""Shared weights in the language model, whose state goes on from child to child."""

from __future__ import annotations

from pathlib import Path

import pytest

from fenas_lang import tasks
from fenas_lang.check.loader import load, resolve
from fenas_lang.diagnostics import FenError
from fenas_lang.search import strategy as strategies
from fenas_lang.search.randomness import stream
from fenas_lang.search.settings import Settings
from fenas_lang.search.sharing.surroundings import Surroundings
from fenas_lang.search.sharing.training import Supernet
from fenas_lang.search.strategy import Appraising
from fenas_lang.search.study import variation_of
from fenas_lang.spaces.reader import load_space


@pytest.mark.parametrize("name", ["random_ws", "enas", "darts"])
def test_a_language_model_with_dropout_and_seeds_of_one_and_two_states(
    name: str, tmp_path: Path
) -> None:
    for split, repeats in {"train": 60, "valid": 12, "test": 4}.items():
        (tmp_path / f"{split}.txt").write_text("a b c d e\n" * repeats)
    source = load_space("fenas").source
    assert source is not None
    told = Settings(
        task="lm",
        task_settings={"hidden": 4, "epochs": 1, "batch": 4, "window": 20, "valid_batch": 2},
        data=str(tmp_path),
        seeds=tuple(str(load(cell)) for cell in ("LSTM", "RNN")),
        space=source.text,
        nodes=2,
        output="last",
        strategy=name,
        sharing=2,
    )
    made = strategies.named(name)(told, variation_of(told))
    assert isinstance(made, Appraising)
    made.begin(Surroundings())
    for number in range(4):
        measured = made.appraise(made.ask(number, stream(0, number, "draw 0")).cell)
        assert measured.reason or 1 < (measured.metric or 0) < 1000
        assert measured.outcome == "scored" or number > 1


def test_several_layers_do_not_share_weights(tmp_path: Path) -> None:
    for split in ("train", "valid", "test"):
        (tmp_path / f"{split}.txt").write_text("a b c d e\n" * 40)
    task = tasks.task("lm", tmp_path, hidden=4, batch=4, layers=2)
    with pytest.raises(FenError, match=r"FEN453.*asks for 2"):
        Supernet(task, load_space("fenas"), resolve("LSTM"), 0)
