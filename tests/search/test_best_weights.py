"""`best -o`: the weights are those of the training that was measured, and the card loads them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from fenas_lang.search.card import fenced, model_card, plain
from fenas_lang.search.publish import weights_and_card
from fenas_lang.search.result import Result
from fenas_lang.search.study import evolve, result_of
from fenas_lang.search.weights import NoWeights, best_training, trained

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN: dict[str, Any] = {
    "settings": {"hidden": 6, "epochs": 1},
    "population": 2,
    "sample": 1,
    "cycles": 0,
    "nodes": 4,
    "repeats": 1,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, and what `fenasc best` writes of it."""
    pytest.importorskip("sklearn")
    found = tmp_path_factory.mktemp("digits")
    evolve(["LSTM", "GRU"], "digits", store=found / "run.db", **RUN)
    command = [sys.executable, "-m", "fenas_lang", "best", "run.db", "-o", "best"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=found, env=environment, capture_output=True, check=True)
    return found


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return result_of(folder / "run.db")


def test_all_files_are_there(folder: Path) -> None:
    names = {path.name for path in (folder / "best").iterdir()}
    assert {"best.fen", "best.py", "best.safetensors", "best.md"} <= names


def test_the_training_is_repeated_to_the_last_bit(folder: Path, result: Result) -> None:
    before = torch.get_num_threads()
    found = trained(result)
    assert found.is_exact and found.trial == best_training(result)
    assert torch.get_num_threads() == before
    stored = load(folder)
    assert all(torch.equal(stored[k], v) for k, v in found.layer.state_dict().items())


def load(folder: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "best" / "best.safetensors")


def test_the_header_says_where_the_weights_are_from(folder: Path, result: Result) -> None:
    from safetensors import safe_open

    with safe_open(folder / "best" / "best.safetensors", "pt") as file:  # type: ignore[no-untyped-call]
        header = file.metadata()
    assert header["cell"] == result.cell.name and header["task"] == "digits"
    assert header["data_checksum"] == result.task["checksum"]
    assert float(header["valid_accuracy"]) == best_training(result).metric


def test_the_code_of_the_card_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "best")
    monkeypatch.syspath_prepend(str(folder / "best"))
    blocks = CODE.findall((folder / "best" / "best.md").read_text("utf-8"))
    assert len(blocks) == 2
    x, answers = torch.randn(5, 2, 6), []
    for block in blocks:
        names: dict[str, Any] = {}
        exec(compile(block, "best.md", "exec"), names)
        answers.append(names["layer"](x)[0])
    sys.modules.pop("best", None)
    torch.testing.assert_close(answers[0], answers[1])


def test_the_card_says_what_it_is_made_of(folder: Path, result: Result) -> None:
    card = (folder / "best" / "best.md").read_text("utf-8")
    assert card.startswith(f"# {result.cell.name}\n")
    for fact in ("digits", "valid_accuracy, higher is better", str(result.task["checksum"])):
        assert fact in card
    assert "torch 2" in card and "to the last bit" in card
    assert all(f"| {trial.number} | {trial.name} |" in card for trial in result.lineage)


def test_other_data_give_no_weights(result: Result) -> None:
    changed = replace(result, task={**result.task, "checksum": "another"})
    with pytest.raises(NoWeights, match="checksum another"):
        trained(changed)


def test_a_task_of_ones_own_may_have_no_layer(result: Result, tmp_path: Path) -> None:
    told = replace(result.settings, task="stub_tasks:Instant", task_settings={})
    task = {**result.task, "checksum": _checksum()}
    with pytest.raises(NoWeights, match="does not give its layers away"):
        trained(replace(result, settings=told, task=task))


def _checksum() -> str:
    from stub_tasks import Instant, Options

    return Instant(Options(), None).checksum


def test_without_weights_the_card_says_so(result: Result) -> None:
    files, missing = weights_and_card(result, weights=False)
    assert list(files) == ["best.md"] and missing == []
    assert "None were written" in str(files["best.md"])


def test_without_the_package_the_rest_is_written(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    files, missing = weights_and_card(result)
    assert list(files) == ["best.md"]
    assert "pip install" in missing[0]


def test_names_cannot_break_the_card(result: Result) -> None:
    hostile = "<script>|`x`\n# [a](b)"
    card = model_card(replace(result, task={**result.task, "task": hostile}), None, "1")
    assert "<script>" not in re.sub(r"\\[<>|`\[\]*]", "", card) and "\n# [" not in card
    assert plain("a|b") == r"a\|b"
    assert fenced("a ```` b", "fen")[0] == "`````fen"
